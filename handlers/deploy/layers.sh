#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# layers.sh [FOLDER]: writes libtile-layer-x86_64.zip and libtile-layer-arm64.zip to FOLDER, the current one by default.
# What is fetched and built stays in build-layers/; remove that to have everything anew, in today's versions.
#
# The programs are static, yet loaded anywhere (static-pie): they start fast and run on whatever is around them. What
# meson.build asks of the compiler for safety, what is compiled here has, too. libtile.so needs libc and libm, no newer
# ones than Lambda has. Both architectures are built the same way, from Debian's packages in a folder of their own: the
# machine's own packages and architectures do not matter, but for the compilers.
set -euo pipefail
mkdir -p "${1:-.}"
output=$(realpath "${1:-.}")
cd "$(dirname "$0")/../.."
# shellcheck source=.ci/packages.sh
. .ci/packages.sh
work=$PWD/build-layers
unset CFLAGS CPPFLAGS LDFLAGS CPATH C_INCLUDE_PATH LIBRARY_PATH PKG_CONFIG_PATH
export LC_ALL=C

need_packages "${layer_packages[@]}"

soname=libtile.so.$(sed -n "s/^soversion = '\([0-9]*\)'/\1/p" libtile/meson.build)
# Packages that are linked or have headers that are, whose authors' notices go along; those around them.
linked=(libc6-dev libjpeg62-turbo-dev libpng-dev zlib1g-dev libdeflate-dev libtiff-dev liblcms2-dev libxxhash-dev
    libjansson-dev libstb-dev libcurl4-openssl-dev libssl-dev)
packages=("${linked[@]}" libc6 linux-libc-dev)
# libcurl speaks HTTP only and libtiff deflates only. What else they call is in libraries that are not here, most of
# which Debian has no static library of: functions of unused.awk take their place, which refuse what they are asked for.

hardening=(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection)

# mirror SUITE NAME: where the machine's own apt has this suite of Debian's from, else Debian's archive NAME. A proxy is
# taken from its settings or the environment anyway.
mirror() {
    local found
    # shellcheck disable=SC2016 # the variable is apt's
    found=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' "Codename: $1" |
        awk '/^https?:/ && !found++')
    echo "${found:-http://deb.debian.org/$2}"
}

# apt_of ARCHITECTURE COMMAND...: apt-get with a state of its own, in which nothing is installed.
apt_of() {
    local architecture=$1 state=$work/apt-$1
    shift
    if [ ! -e "$state/sources.list" ]; then
        mkdir -p "$state/lists/partial" "$state/archives/partial"
        touch "$state/status"
        local signed='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]' main security
        main=$(mirror bookworm debian)
        security=$(mirror bookworm-security debian-security)
        cat >"$state/sources.list" <<EOF
deb $signed $main bookworm main
deb-src $signed $main bookworm main
deb $signed $security bookworm-security main
deb-src $signed $security bookworm-security main
EOF
    fi
    apt-get -qq -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" \
        -o Dir::State="$state" -o Dir::State::status="$state/status" -o Dir::Cache="$state" \
        -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=- -o APT::Sandbox::User=root "$@"
}

# fetch ARCHITECTURE FOLDER: the packages as FOLDER/root and lcms2's source, of which Debian has no static library, as
# FOLDER/lcms2.
fetch() {
    local folder=$2 package
    [ "$folder/fetched" -nt handlers/deploy/layers.sh ] && return
    rm -rf "$folder"
    mkdir -p "$folder/packages"
    apt_of "$1" update
    (cd "$folder/packages" && apt_of "$1" download "${packages[@]}" &&
        apt_of "$1" source --download-only lcms2 >/dev/null)
    for package in "$folder"/packages/*.deb; do
        dpkg-deb -x "$package" "$folder/root"
    done
    dpkg-source --no-check -x "$folder"/packages/lcms2_*.dsc "$folder/lcms2" >/dev/null
    rm -r "$folder/packages"
    touch "$folder/fetched"
}

# prepare TRIPLET FOLDER: adds to FOLDER/root what Debian has no static libraries of: lcms2, and what is not used.
prepare() {
    local triplet=$1 folder=$2
    local libraries=$folder/root/usr/lib/$triplet
    [ "$folder/cross.txt" -nt handlers/deploy/unused.awk ] && return
    mkdir -p "$folder/objects"
    # As Debian builds it, but for contraction: so the results are the same on each architecture.
    (cd "$folder/objects" && printf '%s\0' ../lcms2/src/*.c | xargs -0 -P "$(nproc)" -n 4 "$triplet-gcc" \
        --sysroot="$folder/root" -O2 -fPIC "${hardening[@]}" -fno-strict-aliasing -ffp-contract=off -fvisibility=hidden \
        '-DCMS_PTR_ALIGNMENT=_Alignof(double)' -DHAVE_GMTIME_R -I../lcms2/include -c)
    "$triplet-ar" rcsD "$libraries/liblcms2.a" "$folder"/objects/cms*.o

    # Debian's .pc file of libdeflate names another folder, those of the others more libraries.
    sed -i "s|^libdir=/usr/lib\$|&/$triplet|" "$libraries/pkgconfig/libdeflate.pc"
    "$triplet-nm" --undefined-only "$libraries/libcurl.a" "$libraries/libtiff.a" 2>/dev/null |
        awk -f handlers/deploy/unused.awk | sort -u >"$folder/unused.c"
    "$triplet-gcc" --sysroot="$folder/root" -O2 -fPIC -c "$folder/unused.c" -o "$folder/objects/unused.o"
    "$triplet-ar" rcsD "$libraries/libunused.a" "$folder/objects/unused.o"
    sed -i -e '/^Requires.private/d' -e 's/^Libs.private:.*/Libs.private: -lunused -ljpeg -ldeflate -lz -lm/' \
        "$libraries/pkgconfig/libtiff-4.pc"
    sed -i -e '/^Requires.private/d' -e 's/^Libs.private:.*/Libs.private: -lunused -lssl -lcrypto -lz/' \
        "$libraries/pkgconfig/libcurl.pc"

    cat >"$folder/cross.txt" <<EOF
[binaries]
c = ['$triplet-gcc', '--sysroot=$folder/root']
ar = '$triplet-ar'
pkgconfig = 'pkg-config'
[properties]
sys_root = '$folder/root'
pkg_config_libdir = ['$libraries/pkgconfig', '$folder/root/usr/share/pkgconfig']
[built-in options]
c_link_args = ['-static-pie']
[host_machine]
system = 'linux'
cpu_family = '${triplet%%-*}'
cpu = '${triplet%%-*}'
endian = 'little'
EOF
}

# build TRIPLET FOLDER: the programs and libtile.so as FOLDER/build makes them.
build() {
    local triplet=$1 folder=$2 name archives=()
    [ -e "$folder/build/build.ninja" ] || meson setup "$folder/build" --cross-file "$folder/cross.txt" \
        -Dprefer_static=true -Dhandlers=enabled -Dtests=disabled >"$folder/log" || { cat "$folder/log"; return 1; }
    ninja -C "$folder/build" handlers/tile-handler examples/tile-convert libtile/libtile.a >"$folder/log" ||
        { cat "$folder/log"; return 1; }
    for name in tiff unused jpeg png16 z deflate lcms2 xxhash jansson; do
        archives+=("$folder/root/usr/lib/$triplet/lib$name.a")
    done
    "$triplet-gcc" --sysroot="$folder/root" -shared -fPIC -O2 "${hardening[@]}" -o "$folder/$soname" -Wl,-soname,"$soname" \
        -Wl,-z,relro,-z,now \
        -Wl,--version-script=libtile/libtile.map -Wl,--no-undefined \
        -Wl,--wrap=stdin,--wrap=stdout,--wrap=stderr handlers/deploy/streams.c \
        -Wl,--whole-archive "$folder/build/libtile/libtile.a" -Wl,--no-whole-archive \
        "${archives[@]}" -lm
    local newest
    newest=$(printf '%s\n' GLIBC_2.34 "$("$triplet-objdump" -T "$folder/$soname" | grep -o 'GLIBC_2[0-9.]*')" |
        sort -V | tail -1)
    if [ "$newest" != GLIBC_2.34 ]; then
        echo "$soname needs $newest, Lambda has GLIBC_2.34:" >&2
        "$triplet-objdump" -T "$folder/$soname" | grep "$newest" >&2
        return 1
    fi
}

# pack TRIPLET FOLDER ZIP: what Lambda unpacks to /opt. The same files make the same bytes.
pack() {
    local triplet=$1 folder=$2 zip=$3 package
    local layer=$folder/layer
    local doc=$layer/share/doc/libtile
    rm -rf "$layer" "$zip"
    mkdir -p "$layer/bin" "$layer/lib" "$doc"
    "$triplet-strip" -o "$layer/bootstrap" "$folder/build/handlers/tile-handler"
    "$triplet-strip" -o "$layer/bin/tile-convert" "$folder/build/examples/tile-convert"
    "$triplet-strip" -o "$layer/lib/$soname" "$folder/$soname"
    cp LICENSE /usr/share/common-licenses/{Apache-2.0,Artistic,GPL-1,GPL-2,GPL-3,LGPL-2.1} "$doc"
    for package in "${linked[@]}"; do
        cp "$folder/root/usr/share/doc/$package/copyright" "$doc/$package"
    done
    chmod -R u=rwX,go=rX "$layer"
    find "$layer" -exec touch -d '1980-01-01 00:00 UTC' {} +
    (cd "$layer" && find . -type f | sort | TZ=UTC zip -X -9 -q -@ "$zip")
}

for machine in x86_64 aarch64; do
    case $machine in
    x86_64) debian=amd64 zip=$output/libtile-layer-x86_64.zip ;;
    aarch64) debian=arm64 zip=$output/libtile-layer-arm64.zip ;;
    esac
    fetch "$debian" "$work/$machine"
    prepare $machine-linux-gnu "$work/$machine"
    build $machine-linux-gnu "$work/$machine"
    pack $machine-linux-gnu "$work/$machine" "$zip"
    echo "$zip: $(stat -c %s "$zip") bytes"
done
