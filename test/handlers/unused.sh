#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# unused.sh SOURCE TILE-CONVERT: a program that is linked as the layers' are reads TIFFs of every compression. What the
# functions of unused.awk stand for is refused soon, nothing of it is decoded wrongly.
set -euo pipefail
source=$1 convert=$(realpath "$2")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
cd "$root"
tiff=$(pkg-config --variable=libdir libtiff-4)/libtiff.a
[ -e "$tiff" ] && command -v tiffcp tiffdither >/dev/null || exit 77
cat >read.c <<'END'
#include <stdlib.h>
#include <tiffio.h>

int main(int argc, char **argv) {
    TIFF *tiff = TIFFOpen(argv[argc - 1], "r");
    void *strip = tiff ? malloc((size_t)TIFFStripSize(tiff)) : NULL;
    if (!strip)
        return 2;
    for (uint32_t i = 0; i < TIFFNumberOfStrips(tiff); i++)
        if (TIFFReadEncodedStrip(tiff, i, strip, -1) < 0)
            return 1;
    return 0;
}
END
nm --undefined-only "$tiff" 2>/dev/null | awk -f "$source/handlers/deploy/unused.awk" | sort -u >unused.c
cc read.c unused.c "$tiff" -ljpeg -ldeflate -lz -lm -o read
"$convert" "$source/fixtures/gray.jpg" -q -o deflate.tif
tiffdither -c none deflate.tif bilevel.tif
written=0
for compression in none deflate lzw lzma zstd webp lerc jbig; do
    from=deflate.tif known=refused
    [ $compression = jbig ] && from=bilevel.tif
    [ $compression = webp ] && "$convert" "$source/fixtures/photo.jpg" -q -o color.tif && from=color.tif
    if [ $compression = deflate ]; then
        known=read
    else
        case $compression in none | lzw) known=read ;; esac
        tiffcp -c $compression $from $compression.tif 2>log || { echo "$compression: is not written here"; continue; }
    fi
    status=0
    timeout 20 ./read $compression.tif 2>log || status=$?
    found=$([ $status -eq 0 ] && echo read || echo refused)
    echo "$compression: $found ($status) $(head -1 log)"
    [ $found = $known ] && [ $status -le 1 ] || exit 1
    written=$((written + 1))
done
[ $written -gt 3 ]
