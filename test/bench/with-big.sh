#!/bin/sh
# SPDX-License-Identifier: MIT
# with-big.sh MAKE-BIG BIG.JPG COMMAND...
# Makes the large JPEG if it is not there or older than its program, then runs the command. (Meson 1.0 builds what a
# benchmark depends on together with all the rest; this takes too long for that.)
set -eu
make_big=$1 big=$2
shift 2
[ -n "$(find "$big" -newer "$make_big" 2>/dev/null)" ] || "$make_big" "$big"
exec "$@"
