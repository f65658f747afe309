#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# readme.sh SOURCE INCLUDE LIBRARY FLAGS...: compiles libtile/README.md's tour, block after block, as one function, and
# runs it; looks whether what pages speak of is there, and whether their lines fit.
set -euo pipefail
source=$1 include=$2 library=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
{
    printf '#include <stdio.h>\n#include <tile.h>\n'
    printf 'static int tour(const char *path, const char *folder) {\n'
    awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$source/libtile/README.md"
    printf 'if (status != TILE_OK) puts(error.message);\nreturn status;\n}\n'
    printf 'int main(int argc, char **argv) {\nreturn argc == 3 ? tour(argv[1], argv[2]) : 1;\n}\n'
} >"$work/tour.c"
cc -std=c11 -Wall -Wextra -Werror -I"$include" "$work/tour.c" -o "$work/tour" "$library" "$@"
"$work/tour" "$source/fixtures/photo.jpg" "$work/tiles"
[ "$(find "$work/tiles" -name "*.${TILE_TEST_FORMAT:-tif}" | wc -l)" -eq 20 ]

# Every folder and file of the picture of the tree exists.
missing=$(awk '/^    meson.build / { inside = 1 } /^$/ { inside = 0 } inside { print $0 }' "$source/README.md" |
    awk '{ match($0, /[^ ]/); if (RSTART > 5) print folder $1; else { print $1; folder = $1 ~ /\/$/ ? $1 : "" } }' |
    while read -r path; do [ -e "$source/$path" ] || echo "$path"; done)
[ -z "$missing" ] || { echo "README.md shows what is not there: $missing"; exit 1; }

# So does every file that a page links to; and no line of a page is wider than 120 columns.
export LC_ALL=C.UTF-8
cd "$source"
set +eo pipefail # a page without links is fine
git ls-files '*.md' 2>/dev/null | while read -r page; do
    grep -o '](\([^)#]*\)' "$page" | cut -c3- | grep -v '^https\?:' | while read -r link; do
        [ -e "$(dirname "$page")/$link" ] || echo "$page: $link is not there"
    done
    grep -nE '^[^|].{120}' "$page" | cut -d: -f1 |
        sed "s|.*|$page: line & is wider than 120 columns|" # but of tables
done >"$work/wrong"
[ ! -s "$work/wrong" ] || { cat "$work/wrong"; exit 1; }
