#!/bin/sh
# SPDX-License-Identifier: MIT
# hardened.sh fortified|plain FILE...: what the linker and the compiler did for the safety of programs and shared
# libraries, as the ELF files tell: loaded anywhere, nothing of the linker's left to be written to, guarded stacks, and,
# fortified, checked copies. A program without an interpreter, which is static, tells of the latter by its symbol table,
# unless it is stripped.
set -eu
fortified=$1
shift
failed=0

# expect FILE WHAT PATTERN TEXT
expect() {
    printf '%s\n' "$4" | grep -Eq "$3" && return
    echo "$1: $2" >&2
    failed=1
}

for file; do
    facts=$(readelf -hldW "$file")
    symbols=$(readelf -sW "$file" | grep ' FUNC ' || true)
    expect "$file" "is no position-independent program or library" '^ *Type: *DYN ' "$facts"
    expect "$file" "has no GNU_RELRO" '^ *GNU_RELRO ' "$facts"
    expect "$file" "is not bound at its start" 'BIND_NOW|FLAGS_1.* NOW' "$facts"
    expect "$file" "has an executable stack, or does not say" '^ *GNU_STACK .* RW +0x' "$facts"
    [ -n "$symbols" ] || continue
    expect "$file" "has no guarded stacks" ' __stack_chk_fail' "$symbols"
    [ "$fortified" = plain ] || expect "$file" "has no checked copies" ' __[a-z]*(cpy|move|set|printf|read)_chk' "$symbols"
done
exit $failed
