# SPDX-License-Identifier: MIT
# need_packages PACKAGE...: installs the Debian packages that are missing, or, without root, names them and fails.
need_packages() {
    local missing=() package
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    if [ "$(id -u)" -ne 0 ]; then
        echo "These Debian packages are missing; as root:  apt-get install ${missing[*]}" >&2
        return 1
    fi
    echo "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# What building the library and tile-convert takes.
build_packages=(gcc libc6-dev meson ninja-build pkg-config libjpeg62-turbo-dev libpng-dev zlib1g-dev libdeflate-dev
    libtiff-dev liblcms2-dev libxxhash-dev libjansson-dev libstb-dev)
# What the Lambda handlers take besides.
handler_packages=(libcurl4-openssl-dev libssl-dev)
# What building the layers takes: a compiler for each architecture, and what fetches and unpacks Debian's packages.
layer_packages=(gcc meson ninja-build pkg-config binutils dpkg-dev ca-certificates zip)
for machine in x86-64 aarch64; do
    [ "$(uname -m)" = ${machine/-/_} ] || layer_packages+=(gcc-$machine-linux-gnu)
done
# What the tests take besides: other readers and writers of images, to check against.
test_packages=(libcmocka-dev g++ binutils libjpeg-turbo-progs libtiff-tools python3 python3-numpy)
# A real S3 server, and what runs a state machine. Where npm came from elsewhere, Debian's would not go with its node.
test_packages+=(swift-proxy swift-account swift-container swift-object openssl)
command -v npm >/dev/null || test_packages+=(nodejs npm)
# NEON runs under an emulator where the machine has none.
if [ "$(uname -m)" = x86_64 ]; then
    test_packages+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static)
fi
