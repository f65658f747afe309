#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# From a bare Debian 12 to tiles: installs what is missing, builds, and converts a picture.
#   examples/quickstart.sh [JPEG or PNG]
set -euo pipefail

case "${1-}" in -h | --help) sed -n '3,4s/^# *//p' "$0"; exit ;; esac
picture=$(realpath -- "${1:-$(dirname "$0")/../fixtures/photo.jpg}")
cd "$(dirname "$0")/.."
. .ci/packages.sh
need_packages "${build_packages[@]}"

[ -f build/build.ninja ] || meson setup build >/dev/null || meson setup build # again, to show what is wrong
ninja -C build --quiet examples/tile-convert

name=$(basename "$picture")
stem=${name%.*}
out=out/${stem:-$name}
rm -rf "$out"
convert() { build/examples/tile-convert -v "$picture" "$@"; }
convert -t lab -f tif -o "$out/lab-tiles"
convert -t display-p3 -o "$out/display-p3.png"

cat <<END

  $out/lab-tiles/       tiles of 256 x 256 pixels in CIE Lab (TIFF), and manifest.json
  $out/display-p3.png   one new image in Display P3

  build/examples/tile-convert --help   says what else it does
END
