#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# subproject.sh BUILD SOURCE SANITIZE: the tree as a subproject of another one's build, which makes the library alone.
# What BUILD compiled is not compiled again: it is put where that build would have it, for its own words to link.
set -euo pipefail
build=$1 source=$2 sanitize=$3
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir "$root/subprojects"
ln -s "$source" "$root/subprojects/libtile"
cp "$source/examples/hello.c" "$root"
cat >"$root/meson.build" <<'END'
project('parent', 'c', default_options: ['default_library=static'])
executable('hello', 'hello.c', dependencies: dependency('libtile', fallback: 'libtile'))
END
tiff=enabled
grep -q TILE_HAVE_TIFF "$build/build.ninja" || tiff=disabled
meson setup "$root/build" "$root" --force-fallback-for=libtile -Db_sanitize="$sanitize" "-Dlibtile:tiff=$tiff" \
    >"$root/log" 2>&1 || { cat "$root/log"; exit 1; }
made=$(meson introspect --targets "$root/build" |
    python3 -c 'import json, sys; print(*(t["name"] for t in json.load(sys.stdin) if "kernels" not in t["name"]))')
[ "$made" = 'tile hello' ] || { echo "more is made than a library and the parent's program: $made"; exit 1; }

cd "$root/build"
ninja hello.p/hello.c.o >/dev/null
cp -r "$build/libtile/." subprojects/libtile/libtile
eval "$(ninja -t commands -s hello)"
./hello "$source/fixtures/photo.jpg" "$root/tiles"
[ "$(find "$root/tiles" -name 'r*_c*.*' | wc -l)" -eq 6 ]
