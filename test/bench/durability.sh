#!/bin/sh
# SPDX-License-Identifier: MIT
# durability.sh BENCH-RUN TILE-CONVERT BIG.JPG [PAIRS]
# Cuts a large JPEG into PNG tiles, waiting for the disk at the end and, by --no-sync, not: in pairs, as a machine gets
# slower and faster. Prints each pair's ratio of wall time and their median; fails where that is above 1.05.
set -eu
bench_run=$1 tile_convert=$2 big=$3 pairs=${4:-7}

# On the disk of the picture, or on that of TMPDIR. Nothing is removed before the end: see whole-run.sh.
folder=${TMPDIR:-$(dirname "$big")}
work=$(mktemp -d "$folder/durability-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# run NAME OPTION...: what an earlier run left to be written is not waited for by this one.
run() {
    name=$1
    shift
    sync -f "$work"
    "$bench_run" "$tile_convert" -q "$big" -f png -o "$work/$name-$i" "$@" >>"$work/$name"
}

i=0
while [ "$i" -lt "$pairs" ]; do
    if [ $((i % 2)) -eq 0 ]; then
        run synced
        run not-synced --no-sync
    else
        run not-synced --no-sync
        run synced
    fi
    i=$((i + 1))
done

printf '%s, %s tiles of PNG, %s MiB, on %s\n' "$(basename "$big")" "$(find "$work/synced-0" -name '*.png' | wc -l)" \
    "$(du -sm "$work/synced-0" | cut -f 1)" "$(df --output=fstype,source "$work" | tail -n 1)"
paste "$work/synced" "$work/not-synced" |
    awk '{ printf "synced %7.2f s, --no-sync %7.2f s, ratio %.3f\n", $3, $7, $3 / $7 }' | tee "$work/ratios"
median=$(awk '{ print $NF }' "$work/ratios" | sort -n | sed -n "$(((pairs + 1) / 2))p")
echo "median ratio of wall time: $median (at most 1.05 is wanted)"
awk -v median="$median" 'BEGIN { exit !(median <= 1.05) }'
