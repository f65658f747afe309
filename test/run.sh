#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what is missing, builds, runs every test as it is and under the sanitizers, fuzzes for a minute where there is
# clang, checks the kernels of AArch64 in an emulator, and ends with counts.
set -uo pipefail
cd "$(dirname "$0")/.."
. .ci/packages.sh
need_packages "${build_packages[@]}" "${handler_packages[@]}" "${layer_packages[@]}" "${test_packages[@]}" || exit 1

# What checks and runs the state machine, as package-lock.json pins it.
if ! cmp -s test/handlers/package-lock.json build-npm/installed; then
    mkdir -p build-npm
    cp test/handlers/package.json test/handlers/package-lock.json build-npm/
    npm ci --prefix build-npm --ignore-scripts --no-audit --no-fund --loglevel=error || exit 1
    cp test/handlers/package-lock.json build-npm/installed
fi

# The handlers' tests share one S3 server, which ends with this script.
exec {s3_output}< <(exec test/handlers/swift.py)
read -r -t 60 -u "$s3_output" TILE_TEST_S3 || { echo "the S3 server does not start" >&2; exit 1; }
export TILE_TEST_S3

passed=0 failed=0

# build FOLDER OPTION...: configured once (with $compiler, if set), then brought up to date.
build() {
    local folder=$1
    shift
    if [ ! -f "$folder/build.ninja" ]; then
        local log
        log=$(mktemp)
        env ${compiler:+CC=$compiler} meson setup "$folder" -Dwerror=true "$@" >"$log" || { cat "$log"; return 1; }
        rm -f "$log"
    fi
    ninja -C "$folder" --quiet
}

# run_tests FOLDER OPTION...: adds meson's counts to ours. A failed test's output is shown. Slow machines get ten times
# the time.
run_tests() {
    local log status name n
    log=$(mktemp)
    meson test -C "$@" --no-rebuild --print-errorlogs --timeout-multiplier 10 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    for name in Ok 'Expected Fail' Skipped Fail 'Unexpected Pass' Timeout; do
        n=$(sed -n "s/^$name: *\([0-9]*\) *$/\1/p" "$log" | tail -1)
        case $name in
        Ok | Expected* | Skipped) passed=$((passed + ${n:-0})) ;;
        *) failed=$((failed + ${n:-0})) ;;
        esac
    done
    rm -f "$log"
    # Also when meson itself gave up and there is nothing to count.
    [ "$status" -eq 0 ] || [ $failed -gt 0 ] || failed=1
}

# same_digest: the kernels of the emulated AArch64 give the bits that this machine's give.
same_digest() {
    local native emulated
    native=$(build-release/test/kernels/kernels --digest) &&
        emulated=$(qemu-aarch64-static build-aarch64/test/kernels/kernels --digest) &&
        diff <(echo "$native") <(echo "$emulated")
}

# has_fuzzer: clang's own packages have libFuzzer, those of other compilers that go by its name need not.
has_fuzzer() {
    local file status
    command -v clang >/dev/null || return
    file=$(mktemp)
    echo 'int LLVMFuzzerTestOneInput(void); int LLVMFuzzerTestOneInput(void) { return 0; }' |
        clang -fsanitize=fuzzer,address,undefined -x c -o "$file" - 2>/dev/null
    status=$?
    rm -f "$file"
    return $status
}

flavors=(release sanitized)
if has_fuzzer; then
    flavors+=(fuzz)
else
    echo "no clang with libFuzzer: not fuzzed"
fi
[ "$(uname -m)" = x86_64 ] && flavors+=(aarch64)
for flavor in "${flavors[@]}"; do
    compiler='' test_options=()
    case $flavor in
    release) options=(-Ddefault_library=both) ;;
    # Leaks are looked for too (LeakSanitizer is part of AddressSanitizer).
    sanitized) options=(-Db_sanitize=address,undefined -Dbuildtype=debugoptimized -Db_lundef=false) ;;
    fuzz) # all targets at once, each for a minute
        compiler=clang
        options=(-Dfuzz=true -Db_sanitize=address,undefined -Dbuildtype=debugoptimized -Db_lundef=false)
        test_options=(--num-processes 8)
        ;;
    aarch64) options=(--cross-file test/kernels/aarch64.txt -Dkernels_only=true) ;;
    esac
    echo "== $flavor =="
    if build "build-$flavor" "${options[@]}"; then
        run_tests "build-$flavor" "${test_options[@]}"
    else
        echo "build-$flavor does not build" >&2
        failed=$((failed + 1))
    fi
done

if [ "$flavor" = aarch64 ]; then
    if same_digest; then
        passed=$((passed + 1))
    else
        echo "the kernels' digests differ" >&2
        failed=$((failed + 1))
    fi
fi

echo
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
