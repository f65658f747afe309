#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# install.sh BUILD SOURCE: what is installed. Where the static library is, the shared one, or both, hello.c is built by
# the README's line and runs; and by CMake, where that is there.
set -euo pipefail
build=$1 source=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
DESTDIR=$root/whole meson install -C "$build" --no-rebuild --quiet >/dev/null
installed=$(find "$root/whole" -name libtile.pc)
lib=${installed%/pkgconfig/*}
# A sanitized library needs its runtime; everything else must come from the .pc file.
sanitize=
grep -q 'fsanitize=address' "$build/build.ninja" && sanitize=-fsanitize=address,undefined
tiff=enabled
pkg-config --print-requires --print-requires-private "$installed" | grep -q tiff || tiff=disabled

# runs PROGRAM: hello.c does what it is to do.
runs() {
    rm -rf "$root/tiles"
    "$1" "$source/fixtures/photo.jpg" "$root/tiles"
    [ "$(find "$root/tiles" -name 'r*_c*.*' | wc -l)" -eq 6 ]
}

# asks PROGRAM: for the shared library by the name that it has.
asks() {
    readelf -d "$1" | grep -q 'NEEDED.*\[libtile\.so\.[0-9]*\]'
}

for kind in static shared both; do
    files=()
    [ $kind = shared ] || files+=("$lib/libtile.a")
    [ $kind = static ] || files+=("$lib"/libtile.so*)
    if [ ! -e "${files[0]}" ] || [ ! -e "${files[-1]}" ]; then
        echo "no libraries here for: $kind"
        continue
    fi
    # The .pc file is written when a build is set up; the libraries are the same in each.
    prefix=$root/$kind
    meson setup "$root/build-$kind" "$source" --prefix="$prefix" --libdir=lib --default-library=$kind -Dtiff=$tiff \
        -Dtools=disabled -Dhandlers=disabled -Dtests=disabled >"$root/log" || { cat "$root/log"; exit 1; }
    mkdir -p "$prefix/lib/pkgconfig" "$prefix/include"
    cp "$root/build-$kind/meson-private/libtile.pc" "$prefix/lib/pkgconfig"
    cp -P "${files[@]}" "$prefix/lib"
    cp "$(find "$root/whole" -name tile.h)" "$prefix/include"
    export PKG_CONFIG_PATH=$prefix/lib/pkgconfig

    # shellcheck disable=SC2046,SC2086
    cc $sanitize "$source/examples/hello.c" -o "$root/hello" $(pkg-config --cflags --libs libtile) \
        -Wl,-rpath,"$(pkg-config --variable=libdir libtile)"
    runs "$root/hello"
    if [ $kind = static ]; then
        asks "$root/hello" && exit 1
    else
        asks "$root/hello"
    fi
    echo "$kind: hello.c is built by pkg-config"

    [ -z "$sanitize" ] && command -v cmake >/dev/null || continue
    mkdir "$root/cmake-$kind"
    cat >"$root/cmake-$kind/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.13)
project(parent C)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libtile REQUIRED IMPORTED_TARGET libtile)
add_executable(hello $source/examples/hello.c)
target_link_libraries(hello PkgConfig::libtile)
END
    { cmake -S "$root/cmake-$kind" -B "$root/cmake-$kind/build" && cmake --build "$root/cmake-$kind/build"; } \
        >"$root/log" 2>&1 || { cat "$root/log"; exit 1; }
    runs "$root/cmake-$kind/build/hello"
    echo "$kind: hello.c is built by CMake"
done
