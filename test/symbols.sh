#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# symbols.sh tile.h LIBRARY...: what the libraries define for others to link against.
set -euo pipefail
header=$1
shift
public=$(grep -A3 '^TILE_API' "$header" | grep -o '\btile_[a-z0-9_]*(' | tr -d '(' | sort -u)
for library in "$@"; do
    case $library in
    *.so*)
        exported=$(nm -D --defined-only "$library" | awk '$2 ~ /[A-Z]/ { print $3 }' | sort -u)
        if [ "$exported" != "$public" ]; then
            echo "$library does not export what tile.h declares:"
            diff <(echo "$public") <(echo "$exported")
            exit 1
        fi
        ;;
    *)
        strangers=$(nm --defined-only "$library" 2>/dev/null | awk '$2 ~ /[A-TV-Z]/ { print $3 }' |
            grep -vE '^(tile_|__(asan|odr|ubsan|start|stop))' || true)
        if [ -n "$strangers" ]; then
            echo "$library defines names that may meet a program's own: $strangers"
            exit 1
        fi
        ;;
    esac
done
