# SPDX-License-Identifier: MIT
# The packages that building and testing take, and installing them. Sourced; brings steps.sh along.
# shellcheck source=.ci/steps.sh
. "$(dirname "${BASH_SOURCE[0]}")/steps.sh"

# have_apt: whether this is a system whose packages are Debian's.
have_apt() {
    command -v dpkg-query >/dev/null && command -v apt-get >/dev/null
}

# need_packages PACKAGE...: installs the Debian packages that are missing, or, without root, names them and fails.
need_packages() {
    local missing=() package
    for package in "$@"; do
        case " ${missing[*]-} " in *" $package "*) continue ;; esac
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        echo "These Debian packages are missing; as root:  apt-get install ${missing[*]}" >&2
        return 1
    fi
    echo "installing ${#missing[@]} Debian packages and what they depend on: ${missing[*]}"
    apt_get update && apt_get install -y --no-install-recommends "${missing[@]}"
}

# apt_get ARGUMENT...: tells how far it is. Its warnings are shown, and all that it says where it fails. While another
# apt is at work it waits, ten minutes at most: for dpkg's lock by itself, but not for those of lists and archives.
apt_get() {
    local log status end=$((SECONDS + 600))
    log=$(mktemp)
    while :; do
        status=0
        LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 "$@" 2>&1 | tee "$log" |
            apt_progress || status=1
        if [ $status -eq 0 ] || [ $SECONDS -ge $end ] || ! grep -q '^E: Could not get lock' "$log"; then
            break
        fi
        tell "waiting: $(sed -n 's/^E: \(Could not get lock.*\)/\1/p' "$log")"
        sleep 5
    done
    told_all
    if [ $status -eq 0 ]; then
        sed -n '/^W: /p' "$log" >&2
    else
        cat "$log" >&2
    fi
    rm -f "$log"
    return $status
}

# apt_progress: counts what apt-get says that it does.
apt_progress() {
    local line upgraded new all='' fetched=0 unpacked=0 ready=0
    while IFS= read -r line; do
        case $line in
        'Waiting for cache lock'*) tell "waiting: ${line#*: }" ;;
        *' newly installed, '*) read -r upgraded _ new _ <<<"$line"; all=$((upgraded + new)) ;;
        Get:*) fetched=$((fetched + 1)) ;;
        'Unpacking '*) unpacked=$((unpacked + 1)) ;;
        'Setting up '*) ready=$((ready + 1)) ;;
        esac
        [ -z "$all" ] || tell "$all packages: $fetched fetched, $unpacked unpacked, $ready set up"
    done
    told_all
}

# need_libraries: where packages are not Debian's, names the tools and libraries that are missing, and fails.
need_libraries() {
    local missing=() name list compiler
    compiler=${CC:-$(command -v cc || command -v gcc || command -v clang || echo cc)}
    for name in "${compiler%% *}" meson ninja pkg-config; do
        command -v "$name" >/dev/null || missing+=("$name")
    done
    if [ ${#missing[@]} -eq 0 ]; then
        for name in "${build_libraries[@]}"; do
            pkg-config --exists "$name" || missing+=("$name")
        done
        # Not every stb has a .pc file.
        echo '#include <stb/stb_image_write.h>' | $compiler -E -x c - >/dev/null 2>&1 ||
            missing+=("stb (stb/stb_image_write.h)")
    fi
    [ ${#missing[@]} -gt 0 ] || return 0
    printf -v list '%s, ' "${missing[@]}"
    echo "These are missing or too old (libraries with their headers): ${list%, }" >&2
    return 1
}

# What building the library and tile-convert takes; and its libraries, as meson.build asks pkg-config for them.
build_packages=(gcc libc6-dev meson ninja-build pkg-config libjpeg62-turbo-dev libpng-dev zlib1g-dev libdeflate-dev
    libtiff-dev liblcms2-dev libxxhash-dev libjansson-dev libstb-dev)
build_libraries=('libjpeg >= 2.1' 'libpng >= 1.6.37' 'zlib >= 1.2.9' 'libdeflate >= 1.0' libtiff-4 'lcms2 >= 2.9'
    'libxxhash >= 0.8.0' 'jansson >= 2.11')
# What the Lambda handlers take besides.
handler_packages=(libcurl4-openssl-dev libssl-dev)
# What building the layers takes: a compiler for each architecture, and what fetches and unpacks Debian's packages.
layer_packages=(gcc meson ninja-build pkg-config binutils dpkg-dev ca-certificates zip)
for machine in x86-64 aarch64; do
    [ "$(uname -m)" = ${machine/-/_} ] || layer_packages+=(gcc-$machine-linux-gnu)
done
# What the library's tests take besides: other readers, writers and converters of images, to check against.
library_test_packages=(libcmocka-dev libspng-dev g++ binutils libjpeg-turbo-progs libtiff-tools liblcms2-utils python3
    python3-numpy)
# What all tests take. A real S3 server: Swift's programs alone. The packages of its servers would start and enable
# services.
test_packages=("${library_test_packages[@]}" python3-swift openssl)
# File systems that are copied while they are written to.
test_packages+=(e2fsprogs)
# Another build system that finds the library.
test_packages+=(cmake)
# Headers of another C library.
test_packages+=(musl-tools)
# What runs a state machine. Where npm came from elsewhere, Debian's would not go with its node.
command -v npm >/dev/null || test_packages+=(nodejs npm)
# NEON runs under an emulator where the machine has none.
if [ "$(uname -m)" = x86_64 ]; then
    test_packages+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static)
fi
