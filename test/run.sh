#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
set -uo pipefail
cd "$(dirname "$0")/.."
. .ci/packages.sh

usage() {
    cat <<'END'
usage: test/run.sh [--library]
Installs what is missing, builds, runs every test as it is and under the sanitizers, fuzzes for a minute where there is
clang, checks the kernels of AArch64 in an emulator, and ends with counts.
    --library   only the library and tile-convert, as they are: without the Lambda handlers, an S3 server, npm,
                sanitizers, fuzzers and cross compilers, and without what takes longest: all inputs of each color
                conversion, colors by other kernels than the best, runs that crash
TEST_SLOW=N in the environment gives every test N times as long before it is taken for hung: for slow machines.
END
}

library=
case "$*" in
'') ;;
--library) library=yes ;;
-h | --help) usage; exit ;;
*) echo "test/run.sh: no such arguments: $*" >&2; usage >&2; exit 1 ;;
esac
slow=${TEST_SLOW:-1}
[[ $slow =~ ^[1-9][0-9]?$ ]] || { echo "test/run.sh: TEST_SLOW=$slow is no number from 1 to 99" >&2; exit 1; }

if ! have_apt; then
    echo "test/run.sh takes Debian's packages; elsewhere: meson setup build && meson test -C build" >&2
    exit 1
fi
results=$(mktemp) # a line a test, as results.py writes them
trap 'rm -f "$results"' EXIT

# build FOLDER OPTION...: configured once (with $compiler, if set), then brought up to date.
build() {
    local folder=$1
    [ -z "$compiler" ] || local -x CC=$compiler
    shift
    configure "$folder" -Dwerror=true "$@" && compile "$folder"
}

# run_tests FOLDER OPTION...: adds a folder's results to ours. A failed test's output is shown. The limits in meson.build
# are six times and more what a test takes on two idle cores; one that takes $patience times its limit hangs.
run_tests() {
    local status
    rm -f "$1/meson-logs/testlog.json"
    meson test -C "$@" --no-rebuild --print-errorlogs --timeout-multiplier $((patience * slow))
    status=$?
    test/results.py "$1" >>"$results" || status=1
    # Also when meson itself gave up and there is nothing to count.
    [ $status -eq 0 ] || grep -q "^failed $1:" "$results" || echo "failed $1: meson test" >>"$results"
}

# count RESULT: how many tests came to that.
count() {
    grep -c "^$1 " "$results"
}

# need_npm: fetches what checks and runs the state machine, as package-lock.json pins it.
need_npm() {
    cmp -s test/handlers/package-lock.json build-npm/installed && return
    echo "fetching the packages of test/handlers/package-lock.json by npm"
    cp test/handlers/package.json test/handlers/package-lock.json build-npm/
    npm ci --prefix build-npm --ignore-scripts --no-audit --no-fund --loglevel=error &&
        cp test/handlers/package-lock.json build-npm/installed
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

# expect STEP: about how long it takes, on two cores.
expect() {
    case $1 in
    packages) echo "2 minutes, where they are missing" ;;
    library) echo "1 minute to build, 2 to test" ;;
    release) echo "1 minute to build, 4 to test" ;;
    sanitized) echo "4 minutes to build, 5 to test" ;;
    fuzz) echo "1 minute to build, 1 to run" ;;
    aarch64) echo "1 minute to build, half of one to test" ;;
    esac
}

if [ -n "$library" ]; then
    flavors=(library)
    packages=("${build_packages[@]}" "${library_test_packages[@]}")
    echo "About 3 minutes on two cores, and 2 where all is built already:"
else
    flavors=(release sanitized)
    if has_fuzzer; then
        flavors+=(fuzz)
    else
        echo "skipped fuzz: no clang with libFuzzer" >>"$results"
    fi
    [ "$(uname -m)" = x86_64 ] && flavors+=(aarch64)
    packages=("${build_packages[@]}" "${handler_packages[@]}" "${layer_packages[@]}" "${test_packages[@]}")
    echo "About 20 minutes on two cores, and 10 where all is built already:"
    need_writable build-npm build-layers || exit 1
fi
need_writable "${flavors[@]/#/build-}" || exit 1
for step in packages "${flavors[@]}"; do
    echo "    $step: $(expect "$step")"
done

echo "== packages =="
need_packages "${packages[@]}" || exit 1

if [ -z "$library" ]; then
    need_npm || exit 1
    # The handlers' tests share one S3 server, which ends with this script.
    exec {s3_output}< <(exec test/handlers/swift.py)
    read -r -t 60 -u "$s3_output" TILE_TEST_S3 || { echo "the S3 server does not start" >&2; exit 1; }
    export TILE_TEST_S3
fi

for flavor in "${flavors[@]}"; do
    compiler='' test_options=() patience=2
    case $flavor in
    library)
        options=(-Ddefault_library=both -Dhandlers=disabled)
        test_options=(--no-suite thorough)
        ;;
    release) options=(-Ddefault_library=both) ;;
    sanitized) # leaks are looked for, too (LeakSanitizer is part of AddressSanitizer)
        options=(-Db_sanitize=address,undefined -Dbuildtype=debugoptimized -Db_lundef=false)
        patience=8
        ;;
    fuzz) # all targets at once, each for a minute
        compiler=clang
        options=(-Dfuzz=true -Db_sanitize=address,undefined -Dbuildtype=debugoptimized -Db_lundef=false)
        test_options=(--num-processes 8)
        ;;
    aarch64)
        options=(--cross-file test/kernels/aarch64.txt -Dkernels_only=true)
        patience=8
        ;;
    esac
    echo "== $flavor: $(expect "$flavor") =="
    if build "build-$flavor" "${options[@]}"; then
        run_tests "build-$flavor" "${test_options[@]}"
    else
        echo "failed build-$flavor: does not build" | tee -a "$results" >&2
    fi
done

if [ "$flavor" = aarch64 ]; then
    if same_digest; then
        echo "passed build-aarch64: digest" >>"$results"
    else
        echo "failed build-aarch64: the kernels' digests differ" | tee -a "$results" >&2
    fi
fi

echo
for result in 'partly skipped' skipped failed; do
    grep "^$result " "$results"
done
echo "$(count passed) passed, $(count failed) failed, $(count skipped) skipped"
[ "$(count failed)" -eq 0 ] && [ "$(count passed)" -gt 0 ]
