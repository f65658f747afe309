#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# install.sh BUILD SOURCE: installs to a folder; there, hello.c is built by pkg-config's word alone, and runs.
set -euo pipefail
build=$1 source=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
DESTDIR=$root meson install -C "$build" --no-rebuild --quiet >/dev/null
pc=$(find "$root" -name libtile.pc)
sed -i "s|^prefix=|prefix=$root|" "$pc"
export PKG_CONFIG_PATH=${pc%/*}
# A sanitized library needs its runtime; everything else must come from the .pc file.
sanitize=
grep -q 'fsanitize=address' "$build/build.ninja" && sanitize=-fsanitize=address,undefined
[ -e "${pc%/pkgconfig/*}/libtile.so" ] && rm "${pc%/pkgconfig/*}"/libtile.so*
# shellcheck disable=SC2046,SC2086
cc -std=c11 $sanitize "$source/examples/hello.c" -o "$root/hello" $(pkg-config --static --cflags --libs libtile)
"$root/hello" "$source/fixtures/photo.jpg" "$root/tiles"
[ "$(find "$root/tiles" -name '*.tif' | wc -l)" -eq 6 ]
