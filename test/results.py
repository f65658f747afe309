#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""results.py FOLDER: what the last "meson test -C FOLDER" came to, a line a test: passed, failed or skipped, which, and
why it was skipped, in its own last words. Parts of a test that were skipped while it passed have lines of their own."""
import json
import re
import sys

RESULTS = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}


def parts(lines):
    """The cases that cmocka or unittest say they skip: names and reasons. cmocka's stand in the line before."""
    found = {}
    for before, line in zip([""] + lines, lines):
        cmocka = re.match(r"\[  SKIPPED \] (\w+)$", line)
        unittest = re.search(r"\.\.\. skipped ['\"](.*)['\"]$", line)
        if cmocka:
            found.setdefault(cmocka[1], "(does not say why)" if before.startswith("[") else before)
        elif unittest:
            name = re.search(r"test_\w+", line) or re.search(r"test_\w+", before)
            found.setdefault(name[0] if name else line, unittest[1])
    return found


def main(folder):
    with open(folder + "/meson-logs/testlog.json", encoding="utf-8") as log:
        for test in map(json.loads, log):
            name = f"{folder}: {test['name'].split(' / ')[-1]}"
            lines = (test.get("stdout", "") + "\n" + test.get("stderr", "")).split("\n")
            result = RESULTS.get(test["result"], "failed")
            said = [line for line in lines if line.strip()] or ["(does not say why)"]
            print(f"{result} {name}" + (f": {said[-1].removeprefix('skipped: ')}" if result == "skipped" else ""))
            for part, why in parts(lines).items() if result == "passed" else ():
                print(f"partly skipped {name}: {part}: {why}")


main(sys.argv[1])
