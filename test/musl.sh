#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# musl.sh SOURCE FILE...: the library's files are C that musl's headers have all for, with what Linux adds and without
# (base/system.h). The headers of other libraries are this system's.
set -euo pipefail
source=$1
shift
command -v musl-gcc >/dev/null || { echo "no musl-gcc"; exit 77; }
headers=$(mktemp -d)
trap 'rm -rf "$headers"' EXIT
for name in jpeglib.h jconfig.h jmorecfg.h jerror.h png.h pngconf.h pnglibconf.h zlib.h zconf.h libdeflate.h tiff.h \
    tiffconf.h tiffio.h tiffvers.h lcms2.h xxhash.h jansson.h jansson_config.h stb; do
    for folder in "/usr/include/$(gcc -print-multiarch)" /usr/include; do
        [ ! -e "$folder/$name" ] || ln -sf "$folder/$name" "$headers/"
    done
done
check() {
    musl-gcc -fsyntax-only -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Wall -Wextra -Wconversion -Wshadow -Werror \
        -isystem "$headers" "$@"
}
check "$@"
mapfile -t portable < <(grep -l TILE_PORTABLE "$source"/libtile/*/*.c)
check -DTILE_PORTABLE "${portable[@]}"
for kernels in "$source"/libtile/*/kernels; do
    check -I"$kernels" "$source/libtile/kernels/scalar.c"
done
