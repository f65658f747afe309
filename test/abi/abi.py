#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""abi.py [--write | --anew]: the ABI that tile.h declares, compared with abi.txt beside this file.

A line tells an offset, a value or a function; structs that do not grow have their size besides. A library that only has
lines that are new goes on with programs of before. --write renews abi.txt; where a line is gone or another, it wants a
higher soversion. --anew does not: for what no release has had.
"""
import os
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_name("abi.txt")
HEADER = SOURCE / "libtile/tile.h"
CC = os.environ.get("CC", "cc").split()
GROWS = {"tile_info"}  # besides those that begin with struct_size: only the library makes it


def fields_of(body):
    for declaration in body.split(";"):
        pointer = re.search(r"\(\*\s*(\w+)\)\s*\(", declaration)
        if pointer:
            yield pointer[1]
        else:
            yield from (re.search(r"(\w+)\s*(\[[^]]*\])?\s*$", part)[1] for part in declaration.split(",") if part.strip())


def prints(text):
    """The statements that print the table; `text` is the header without comments."""
    for name, body in re.findall(r"struct (tile_\w+) \{(.*?)\n\};", text, re.S):
        fields = list(fields_of(body))
        if fields[0] != "struct_size" and name not in GROWS:
            yield f'printf("struct {name}: %zu bytes\\n", sizeof(struct {name}));'
        for field in fields:
            yield f'printf("struct {name}.{field}: at %zu\\n", offsetof(struct {name}, {field}));'
    for body in re.findall(r"typedef enum tile_\w+ \{(.*?)\}", text, re.S):
        for name in re.findall(r"\b(TILE_\w+)\s*(?:=[^,]*)?(?:,|$)", body.strip()):
            if not name.endswith("_COUNT"):
                yield f'printf("{name} = %d\\n", (int){name});'
    for name in re.findall(r"^#define (TILE_\w+) +\d+$", text, re.M):
        if not re.search(r"VERSION|DEFAULT|_COUNT$", name):  # buffers of a caller's
            yield f'printf("{name} = %d\\n", {name});'
    for name in re.findall(r"^TILE_API [^;]*?\b(tile_\w+)\(", text, re.M):
        yield f'puts("{name}()");'


def table():
    # A comment ends its line: what ends there is still told from what goes on.
    text = re.sub(r"[ \t]*/\*.*?\*/[ \t]*", "", HEADER.read_text(), flags=re.S)
    soversion = re.search(r"^soversion = '(\d+)'", (SOURCE / "libtile/meson.build").read_text(), re.M)[1]
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "abi"
        program.with_suffix(".c").write_text("#include <stdio.h>\n#include <tile.h>\nint main(void) {\n" +
                                             "\n".join(prints(text)) + "\nreturn 0;\n}\n")
        subprocess.run([*CC, f"-I{HEADER.parent}", program.with_suffix(".c"), "-o", program], check=True)
        found = subprocess.run([program], check=True, stdout=subprocess.PIPE, text=True).stdout
    return [f"soversion {soversion}", *found.splitlines()]


def main():
    if struct.calcsize("P") != 8 or struct.calcsize("l") != 8:
        print("the table is of machines whose long and pointers have 64 bits")
        return 77
    found = table()
    known = TABLE.read_text().splitlines() if TABLE.exists() else []
    gone = [line for line in known[1:] if line not in set(found)]
    new = [line for line in found[1:] if line not in set(known)]
    breaks = gone and known[0] == found[0]
    for sign, lines in (("-", gone), ("+", new)):
        print(*(f"{sign} {line}" for line in lines), sep="\n", end="\n" if lines else "")
    if "--anew" in sys.argv or "--write" in sys.argv and not breaks:
        TABLE.write_text("\n".join(found) + "\n")
        return 0
    if breaks:
        print("Programs that were linked with this library do not work with it any more: where a release had these\n"
              "lines, raise soversion in libtile/meson.build, and tell it in CHANGELOG.md. Then renew the table:\n"
              "test/abi/abi.py --write (or --anew, where no release had them)")
    elif found != known:
        print("The ABI has grown. Renew the table: test/abi/abi.py --write")
    return 0 if found == known else 1


if __name__ == "__main__":
    sys.exit(main())
