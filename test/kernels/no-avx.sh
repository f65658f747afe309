#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# no-avx.sh libtile.a: disassembles each object and fails where it has instructions that not every processor has which
# may run it: SSE2 is all that x86-64 promises. What an ISA's own object may have besides is said here.
set -euo pipefail
objdump -d --no-show-raw-insn "$1" | awk '
    # Intel SDM, volume 2. VEX and EVEX forms of vector instructions begin with v, those of mask registers with k;
    # BMI1, BMI2 are VEX-encoded too. Of what is left in legacy encodings only vector instructions and popcnt matter.
    BEGIN {
        vex = "^(v|k|andn[lq]? |bextr|bls|bzhi|mulx|pdep|pext[lq]? |rorx|sarx|shlx|shrx|lzcnt)"
        sse3 = "^(addsubp|haddp|hsubp|lddqu|mov(ddup|shdup|sldup))"
        ssse3 = "^(pshufb|pmaddubsw|pmulhrsw|palignr|phadd|phsub|psign|pabs)"
        sse4 = "^(p?blend|dpp[ds]|extractps|insertps|movntdqa|mpsadbw|packusdw|pcmpeqq|pcmpgtq|pcmp[ei]str|pextr[bdq]|" \
               "phminposuw|pinsr[bdq]|pmaxs[bd]|pmaxu[wd]|pmins[bd]|pminu[wd]|pmov[sz]x|pmuldq|pmulld|ptest|round|" \
               "crc32|popcnt)"
        wide = "%zmm|%k[0-7]|%[xy]mm(1[6-9]|2[0-9]|3[01])"
    }
    /file format/ {
        object = $1
        sub(/:$/, "", object)
        sub(/.*\//, "", object)
        objects++
        next
    }
    !/^ *[0-9a-f]+:\t/ { next }
    {
        instruction = $0
        sub(/^ *[0-9a-f]+:\t/, "", instruction)
        sub(/^((rep|repz|repnz|lock|notrack|bnd|data16|cs|ds|es) +)+/, "", instruction)
        instructions++
        if (object ~ /avx512/)
            next
        if (object ~ /avx2/)
            bad = instruction ~ wide
        else
            bad = instruction ~ vex || instruction ~ sse4 || instruction ~ /%[yz]mm/ ||
                  (object !~ /ssse3/ && (instruction ~ sse3 || instruction ~ ssse3))
        if (bad && count[object]++ < 5)
            print object ": " instruction
        faults += bad
    }
    END {
        print objects " objects, " instructions " instructions, " faults + 0 " where they may not be"
        exit faults || instructions < 10000
    }'
