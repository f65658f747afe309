#!/bin/sh
# SPDX-License-Identifier: MIT
# whole-run.sh BENCH-RUN TILE-CONVERT BIG.JPG [REPETITIONS]
# Cuts a large JPEG into JPEG tiles of 256 pixels, and has djpeg and cjpeg decode and encode the same picture as one.
# Prints the run of median CPU time of each, and the ratio of these.
set -eu
bench_run=$1 tile_convert=$2 big=$3 repetitions=${4:-3}

for tool in djpeg cjpeg "$tile_convert"; do
    command -v "$tool" >/dev/null || { echo "whole-run: $tool is not there"; exit 77; }
done
# Beside the picture; TMPDIR=/dev/shm leaves the disk out of it. Nothing is removed before the end: ext4 searches long for an
# inode while thousands were freed within the last seconds.
folder=${TMPDIR:-$(dirname "$big")}
work=$(mktemp -d "$folder/whole-run-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

i=0
while [ "$i" -lt "$repetitions" ]; do
    # In turns, so that a machine that slows down slows both.
    "$bench_run" "$tile_convert" -q "$big" -f jpg -o "$work/tiles-$i" >>"$work/tile-convert"
    tiles=$(find "$work/tiles-$i" -name '*.jpg' | wc -l)
    "$bench_run" sh -c 'djpeg "$1" | cjpeg -quality 75 -outfile "$2"' sh "$big" "$work/one.jpg" >>"$work/djpeg-cjpeg"
    i=$((i + 1))
done

printf '%s, %s bytes: %s tiles in %s, median of %s runs\n' \
    "$(basename "$big")" "$(wc -c <"$big")" "$tiles" "$folder" "$repetitions"
printf '%-16s %9s %9s %9s %9s %9s\n' '' 'user s' 'sys s' 'CPU s' 'wall s' 'peak MiB'
for run in tile-convert djpeg-cjpeg; do
    awk '{ print $1 + $2, $0 }' "$work/$run" | sort -n | sed -n "$(((repetitions + 1) / 2))p" >"$work/$run.median"
    awk -v name="$run" '{ printf "%-16s %9.2f %9.2f %9.2f %9.2f %9.1f\n", name, $2, $3, $1, $4, $5 / 1024 }' \
        "$work/$run.median"
done
paste "$work/tile-convert.median" "$work/djpeg-cjpeg.median" |
    awk '{ printf "ratio of CPU time: %.2f, of wall time: %.2f\n", $1 / $6, $4 / $9 }'
