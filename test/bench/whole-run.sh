#!/bin/sh
# SPDX-License-Identifier: MIT
# whole-run.sh BENCH-RUN TILE-CONVERT BIG.JPG [REPETITIONS]
# Makes tiles of 256 pixels and new images of a large JPEG, and has others do the same work: djpeg and cjpeg (which make
# one file), vips where it is installed, and the tile-convert that BEFORE in the environment names.
# Prints the medians of each, and how many times it takes what tile-convert takes. ONLY in the
# environment: an extended regular expression of the rows to run.
set -eu
bench_run=$1 tile=$2 big=$3 repetitions=${4:-3} before=${BEFORE:-} only=${ONLY:-.}

for tool in djpeg cjpeg "$tile" ${before:+"$before"}; do
    command -v "$tool" >/dev/null || { echo "whole-run: $tool is not there"; exit 77; }
done
vips=$(command -v vips || true)
# Beside the picture; TMPDIR=/dev/shm leaves the disk out of it.
folder=${TMPDIR:-$(dirname "$big")}
work=$(mktemp -d "$folder/whole-run-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

total_bytes() {
    find "$1" -type f -printf '%s\n' | awk '{ sum += $1 } END { printf "%d", sum }'
}

# run NAME MADE COMMAND: once; MADE is the file or the folder that it makes.
run() {
    name=$1 made=$2
    shift 2
    took=$("$bench_run" "$@")
    echo "$took $(total_bytes "$made")" | awk '{ print $1 + $2, $3, $4 / 1024, $5 / 1e6 }' >>"$work/$name"
}

# The median of each of run's figures.
medians() {
    for column in 1 2 3 4; do
        sort -n -k "$column,$column" "$work/$1" | awk -v c="$column" -v n="$(((repetitions + 1) / 2))" 'NR == n { print $c }'
    done | paste -s -d ' '
}

# In turns, so that a machine that slows down slows all. Nothing is removed before the row's end: ext4 searches long for
# an inode while thousands were freed within the last seconds.
# row TITLE OUTPUT OTHER COMMAND OPTION...: OTHER's COMMAND finds its picture and output in $1 and $2.
row() {
    title=$1 output=$2 other=$3 command=$4
    shift 4
    echo "$title" | grep -Eq "$only" || return 0
    i=0
    while [ "$i" -lt "$repetitions" ]; do
        mkdir "$work/$i" "$work/$i-other" "$work/$i-before"
        run tile-convert "$work/$i/$output" "$tile" -q "$big" -o "$work/$i/$output" "$@"
        [ -z "$other" ] || run "$other" "$work/$i-other" sh -c "$command" sh "$big" "$work/$i-other/$output"
        [ -z "$before" ] || run before "$work/$i-before/$output" "$before" -q "$big" -o "$work/$i-before/$output" "$@"
        i=$((i + 1))
    done
    for name in tile-convert ${other:+"$other"} ${before:+before}; do
        echo "$name $(medians "$name")"
        rm "$work/$name"
    done | awk -v title="$title" '
        NR == 1 { print title; cpu = $2; wall = $3; size = $5 }
        { printf "  %-14s %8.2f %8.2f %8.1f %9.1f", $1, $2, $3, $4, $5 }
        NR > 1 { printf "   %6.2f %6.2f %6.2f", $2 / cpu, $3 / wall, $5 / size }
        { print "" }'
    rm -rf "$work"/[0-9]*
}

by_vips=${vips:+vips}
printf '%s, %s bytes, to %s, medians of %s\n' "$(basename "$big")" "$(wc -c <"$big")" "$folder" "$repetitions"
printf '%-16s %8s %8s %8s %9s   %s\n' '' 'CPU s' 'wall s' 'peak MiB' 'MB' 'times: CPU, wall, size'
row 'JPEG tiles' tiles djpeg-cjpeg 'djpeg "$1" | cjpeg -quality 75 -outfile "$2"' -f jpg
row 'one gray PNG' one.png "$by_vips" 'vips colourspace "$1" "$2[compression=1]" b-w' -t gray
row 'one gray PNG, all filters' one.png "$by_vips" 'vips colourspace "$1" "$2[compression=1,filter=all]" b-w' -t gray
row 'PNG tiles' tiles "$by_vips" \
    'vips dzsave "$1" "$2" --layout google --depth one --tile-size 256 --overlap 0 --suffix ".png[compression=1]"'
row 'one RGB PNG' one.png "$by_vips" 'vips copy "$1" "$2[compression=1]"'
row 'one RGB PNG, all filters' one.png "$by_vips" 'vips copy "$1" "$2[compression=1,filter=all]"'
row 'Lab TIFF tiles' tiles '' '' -t lab
row 'one Lab TIFF' one.tif '' '' -t lab
