#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# quickstart.sh SOURCE: what examples/quickstart.sh refuses, in one line, before it installs or builds anything.
set -euo pipefail
source=$1
work=$(mktemp -d /tmp/libtile-XXXXXX) # where another user can go
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
checkout=$work/checkout
mkdir -p "$checkout/fixtures" "$work/bin"
cp -r "$source/.ci" "$source/examples" "$checkout"
cp "$source/fixtures/photo.jpg" "$checkout/fixtures"
chmod -R a+rX "$work"
cd "$work"

# refuses PATTERN COMMAND...: fails, with one line on stderr, which has the pattern.
refuses() {
    local pattern=$1 status=0
    shift
    "$@" >out 2>err || status=$?
    if [ $status -eq 0 ] || [ "$(wc -l <err)" -ne 1 ] || ! grep -q -e "$pattern" err; then
        echo "not refused for $pattern but with $status: $*"
        cat out err
        exit 1
    fi
}

quickstart=(bash "$checkout/examples/quickstart.sh")
"${quickstart[@]}" --help | grep -q '^examples/quickstart.sh \[JPEG or PNG\]$'
refuses 'unknown option --foo;' "${quickstart[@]}" --foo
refuses 'more than one picture' "${quickstart[@]}" a.jpg b.jpg
refuses "$work/none.jpg: no file" "${quickstart[@]}" none.jpg
refuses "$checkout: no file" "${quickstart[@]}" checkout

# Where there is no dpkg, what pkg-config does not find is named.
ln -s /usr/bin/* bin
rm -f bin/dpkg-query
refuses 'libjpeg.*libtiff-4.*libxxhash' env PATH="$work/bin" PKG_CONFIG_PATH= PKG_CONFIG_LIBDIR="$work" \
    "${quickstart[@]}"
refuses 'missing .*: none-cc$' env PATH="$work/bin" CC=none-cc "${quickstart[@]}"
rmdir "$checkout/build" "$checkout/out"

# Root may write anywhere, so it is someone else who may not.
chmod -R a-w "$checkout"
other=()
[ "$(id -u)" -ne 0 ] || other=(setpriv --reuid 65534 --regid 65534 --clear-groups)
refuses "$checkout/build cannot be written to" "${other[@]}" "${quickstart[@]}"
