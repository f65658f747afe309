#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# From a bare Debian 12 to tiles: installs what is missing, builds, and converts a picture.
#   examples/quickstart.sh [JPEG or PNG]
# From wherever it is called, the tool is the checkout's build/examples/tile-convert, and what it makes is in the
# checkout's out/, in a folder of the picture's name. Elsewhere than on Debian it names the libraries that are missing.
set -euo pipefail

# refuse CAUSE: one line, before anything is done.
refuse() {
    echo "quickstart.sh: $1" >&2
    exit 1
}

case ${1-} in
-h | --help) sed -n '3,6s/^# *//p' "$0"; exit ;;
-*) refuse "unknown option $1; usage: examples/quickstart.sh [JPEG or PNG]" ;;
esac
[ $# -le 1 ] || refuse "more than one picture; usage: examples/quickstart.sh [JPEG or PNG]"

caller=$PWD
cd "$(dirname "$0")/.."
picture=${1-$PWD/fixtures/photo.jpg}
[[ $picture = /* ]] || picture=$caller/$picture
[ -f "$picture" ] && [ -r "$picture" ] || refuse "$picture: no file that can be read"
. .ci/packages.sh
need_writable build out

[ -x build/examples/tile-convert ] ||
    echo "The first time takes a minute or two: half of it for packages, if they are missing, half for building."
if have_apt; then
    need_packages "${build_packages[@]}"
else
    need_libraries
fi
configure build
compile build examples/tile-convert

name=$(basename "$picture")
out=$PWD/out/${name%.*}
case $out in */ | */. | */..) out=$PWD/out/$name ;; esac
rm -rf "$out"
tool=$PWD/build/examples/tile-convert
convert() { "$tool" -v "$picture" "$@"; }
convert -t lab -f tif -o "$out/lab-tiles"
convert -t display-p3 -o "$out/display-p3.png"

cat <<END

  ${out#"$caller"/}/lab-tiles/       tiles of 256 x 256 pixels in CIE Lab (TIFF), and manifest.json
  ${out#"$caller"/}/display-p3.png   one new image in Display P3

  The tool is ${tool#"$caller"/}; --help says what else it does. To have it on the PATH:
      export PATH="${tool%/*}:\$PATH"
END
