#!/bin/sh
# SPDX-License-Identifier: MIT
# fuzz.sh TARGET FOLDER SEED...: runs a target for a minute. An input that breaks it is left in FOLDER, and named.
target=$1 folder=$2
shift 2
corpus=$(mktemp -d) || exit 1
trap 'rm -rf "$corpus"' EXIT
cp "$@" "$corpus" || exit 1
"$target" -max_total_time="${FUZZ_SECONDS:-60}" -max_len=16384 -timeout=20 -rss_limit_mb=2048 \
    -artifact_prefix="$folder/$(basename "$target")-" "$corpus"
