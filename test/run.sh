#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what is missing, builds, runs every test as it is and under the sanitizers, and ends with counts.
set -uo pipefail
cd "$(dirname "$0")/.."
. .ci/packages.sh
need_packages "${build_packages[@]}" "${test_packages[@]}" || exit 1

passed=0 failed=0

# build FOLDER OPTION...: configured once, then brought up to date.
build() {
    local folder=$1
    shift
    [ -f "$folder/build.ninja" ] || meson setup "$folder" -Dwerror=true "$@" >/dev/null || return 1
    ninja -C "$folder" --quiet
}

# run_tests FOLDER: adds meson's counts to ours. A failed test's output is shown. Slow machines get ten times the time.
run_tests() {
    local log count
    log=$(mktemp)
    meson test -C "$1" --no-rebuild --print-errorlogs --timeout-multiplier 10 2>&1 | tee "$log"
    for count in Ok 'Expected Fail' Skipped; do
        passed=$((passed + $(sed -n "s/^$count: *\([0-9]*\) *$/\1/p" "$log" | tail -1)))
    done
    for count in Fail 'Unexpected Pass' Timeout; do
        failed=$((failed + $(sed -n "s/^$count: *\([0-9]*\) *$/\1/p" "$log" | tail -1)))
    done
    rm -f "$log"
}

for flavor in release sanitized; do
    options=(-Ddefault_library=both)
    # Leaks are looked for too (LeakSanitizer is part of AddressSanitizer).
    [ $flavor = sanitized ] && options=(-Db_sanitize=address,undefined -Dbuildtype=debugoptimized -Db_lundef=false)
    echo "== $flavor =="
    if build "build-$flavor" "${options[@]}"; then
        run_tests "build-$flavor"
    else
        echo "build-$flavor does not build" >&2
        failed=$((failed + 1))
    fi
done

echo
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
