#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""arrows.py ROOT [ARCHIVE...]: that the folders know each other as the tables below say, and the README in short.

What a file includes stands in the sources; whom it calls by tile.h, which every folder of libtile may include, is told
by an ARCHIVE (libtile.a, libhandlers.a). What is no arrow is told with its place, and so is a circle of files.
"""
import graphlib
import os
import re
import subprocess
import sys

# A folder, and what it may know beside itself: "base", all headers of that folder; "index/index.h", of that step this
# one header, which is its face to others; "color/", that step by tile.h alone.
ARROWS = {
    # The steps stand on base, and job alone knows them all; source reads through index; kernels know nothing but arrays.
    "libtile": {
        "": [],  # tile.h
        "base": [],
        "kernels": [],
        "plan": ["base"],
        "deflate": ["base", "kernels", "deflate/kernels"],
        "deflate/kernels": ["kernels"],
        "index": ["base", "deflate"],
        "source": ["base", "index/index.h", "deflate"],
        "color": ["base", "kernels", "color/kernels"],
        "color/kernels": ["kernels"],
        "encode": ["base", "deflate"],
        "job": ["base", "plan/for_job.h", "source/for_job.h", "color/", "encode/for_job.h"],
    },
    # Plan, tile, assemble, text and main, a thin file each, are the folder itself.
    "handlers": {
        "base": [],
        "runtime": ["base"],
        "storage": ["base"],
        "task": ["base", "storage/storage.h"],
        "events": ["base", "storage/storage.h", "task"],
        "image": ["base", "storage/storage.h", "task"],
        "text": ["base", "storage/storage.h"],
        "": ["base", "runtime", "storage/storage.h", "task", "events", "image", "text"],
        "deploy": [],
    },
    "examples": {"": [], "tile-convert": []},
}

INCLUDE = re.compile(r'\s*#\s*include\s*["<]([^">]+)[">]')
OBJECT = re.compile(r".*[:/]([^:/]+)\.o:[ 0-9a-f]* (\w) (\S+)$")


def folder_of(path, table):
    """The folder in the table that the path is in, or is in a folder of."""
    folder = os.path.dirname(path)
    return next((one for one in (folder, os.path.dirname(folder) or None) if one in table), None)


def targets(folder, table):
    return {known if known in table else os.path.dirname(known) for known in table[folder]}


def check_table(part, table):
    try:
        graphlib.TopologicalSorter({folder: targets(folder, table) for folder in table}).prepare()
    except graphlib.CycleError as error:
        yield f"test/arrows.py: the arrows of {part} are a circle: " + " <- ".join(error.args[1])


def find_header(root, file, name):
    """The header's path in the tree; None: it is not of the tree."""
    for place in (os.path.dirname(file), "libtile", "handlers"):
        path = os.path.normpath(os.path.join(place, name))
        if os.path.isfile(os.path.join(root, path)):
            return path
    return None


def check_file(root, part, table, file):
    own = folder_of(os.path.relpath(file, part), table)
    if own is None:
        yield f"{file}: is in no folder of test/arrows.py"
        return
    for number, line in enumerate(open(os.path.join(root, file), encoding="utf-8"), 1):
        found = INCLUDE.match(line)
        path = found and find_header(root, file, found[1])
        if not path or path == "libtile/tile.h":
            continue
        header = os.path.relpath(path, part)
        folder = folder_of(header, table)
        if folder is None or (folder != own and not {folder, header} & set(table[own])):
            yield f"{file}:{number}: includes {path}, which is no arrow of test/arrows.py"


def check_includes(root, part, table):
    for place, _, names in sorted(os.walk(os.path.join(root, part))):
        for name in sorted(names):
            if name.endswith((".c", ".h")):
                yield from check_file(root, part, table, os.path.relpath(os.path.join(place, name), root))


def all_known(folder, table):
    return {folder}.union(*(all_known(target, table) for target in targets(folder, table)))


def read_calls(archive, table):
    """Where each symbol is defined, and who calls it. Meson calls the object of base/file.c "base_file.c.o"."""
    defined, calls = {}, []
    for line in subprocess.run(["nm", "-A", archive], check=True, capture_output=True, text=True).stdout.splitlines():
        file, kind, symbol = OBJECT.match(line).groups()
        folder, _, name = file.partition("_")
        file = (folder, name) if folder in table else ("", file)
        if kind == "U":
            calls.append((*file, symbol))
        elif kind.isupper():
            defined[symbol] = file
    return defined, sorted(call for call in calls if call[2] in defined)


def check_calls(archive, table):
    defined, calls = read_calls(archive, table)
    within = {}
    for folder, name, symbol in calls:
        other, callee = defined[symbol]
        if folder and other and other not in all_known(folder, table):
            yield f"{folder}/{name}: calls {symbol} of {other}/, which is no arrow of test/arrows.py"
        # A file of its folder's name may have the table of the others, and what they share.
        if folder == other and callee not in (name, folder + ".c"):
            within.setdefault(f"{folder}/{name}", set()).add(f"{folder}/{callee}")
    try:
        graphlib.TopologicalSorter(within).prepare()
    except graphlib.CycleError as error:
        yield "files call each other in a circle: " + " <- ".join(error.args[1])


def main(root, *archives):
    wrong = []
    for part, table in ARROWS.items():
        wrong += check_table(part, table)
        wrong += check_includes(root, part, table)
    for archive in archives:
        wrong += check_calls(archive, ARROWS["handlers" if os.path.basename(archive) == "libhandlers.a" else "libtile"])
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
