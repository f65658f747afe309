# SPDX-License-Identifier: MIT
# What examples/quickstart.sh and test/run.sh do alike: each step tells how far it is. Sourced, with pipefail set; the
# bash of macOS, 3.2, can read it.

# tell LINE: how far something is, in place on a terminal, elsewhere a line every ten seconds.
told=-10 last=
tell() {
    last=$1
    if [ -t 1 ]; then
        printf '\r%s\033[K' "$1"
    elif [ $((SECONDS - told)) -ge 10 ]; then
        printf '%s\n' "$1"
        told=$SECONDS last=
    fi
}

# told_all: how far it came, and a new line for what comes next.
told_all() {
    if [ -n "$last" ] && [ -t 1 ]; then
        printf '\n'
    elif [ -n "$last" ]; then
        printf '%s\n' "$last"
    fi
    last=
}

# need_writable FOLDER...: makes those that are missing. One line where that or writing to one is not permitted: meson
# would end with a traceback.
need_writable() {
    local folder
    for folder in "$@"; do
        if ! mkdir -p "$folder" 2>/dev/null || [ ! -w "$folder" ]; then
            echo "$PWD/$folder cannot be written to by this user: take a checkout of your own" >&2
            return 1
        fi
    done
}

# configure FOLDER OPTION...: once. What meson says is shown where it fails.
configure() {
    local log
    [ ! -f "$1/build.ninja" ] || return 0
    echo "$1: configuring"
    log=$(mktemp)
    meson setup "$@" >"$log" 2>&1 || { cat "$log" >&2; rm -f "$log"; return 1; }
    rm -f "$log"
}

# compile FOLDER TARGET...: brings all or some targets up to date. What the compilers say is shown.
compile() {
    local folder=$1
    shift
    NINJA_STATUS='[%f/%t] ' ninja -C "$folder" "$@" 2>&1 | ninja_progress "$folder"
}

# ninja_progress FOLDER: counts what ninja says that it does.
ninja_progress() {
    local line
    while IFS= read -r line; do
        case $line in
        'ninja: no work to do.' | 'ninja: Entering directory'*) ;;
        '['[0-9]*/*'] '*) line=${line%%]*}; tell "$1: ${line#[} built" ;;
        *) told_all; printf '%s\n' "$line" ;;
        esac
    done
    told_all
}
