#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""same-bytes.py [--pixels] OLD NEW [PICTURE|FOLDER]...: whether two builds write the same.

OLD and NEW are build folders. Runs each one's tile-convert, and its handlers on files, over every picture (default: the
fixtures) with many sets of options, and compares all that they write: files, standard output and error, exit status.
For who changes how the code is made and not what it does. With --pixels, for who changes how PNG and TIFF are packed:
these are compared decoded (TIFF by tiffcp), and nothing is said of the sizes and hashes of files. Exit status 1, and a
line for each difference.
"""
import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RUNS = [
    ["-o", "out"],
    ["-o", "out", "-t", "lab", "-s", "100", "--overlap", "3"],
    ["-o", "out", "-t", "oklch", "--depth", "f32", "-f", "npy", "-s", "64x33", "--edge", "pad"],
    ["-o", "out", "-f", "jpg", "-s", "48", "--edge", "replicate", "--background", "FF8000"],
    ["-o", "out", "--region", "3,5,20,11", "--region", "0,0,9,9"],
    ["-o", "out", "--region", "1,2,30,30", "-s", "7"],
    ["-o", "out", "-s", "64", "--lossless", "--ignore-orientation"],
    ["-o", "out", "-s", "64", "--lossless", "--ignore-orientation", "--optimize"],
    ["-o", "out", "-s", "64", "--index", "index", "-f", "png"],
    ["-o", "out.png", "--index", "index", "--region", "2,2,31,17"],
    ["-o", "out.jpg", "-Q", "90", "--strict"],
    ["-o", "out.tif", "-t", "ycbcr", "--lenient"],
    ["-o", "out.tif", "--ignore-profile"],
    ["-o", "out.png", "-t", "display-p3", "--depth", "u16"],
    ["-o", "out.npy", "-t", "gray"],
    ["-o", "out.bmp"],
    ["-o", "out.tga", "--no-profile"],
    ["-o", "out.hdr", "-t", "srgb-linear", "--depth", "f32"],
    ["--info"],
]
EVENTS = [
    {"tile": [500, 400], "image": "run/one.tif"},
    {"tile": [300, 370], "overlap": 2, "to": "lab", "format": "tif", "edge": "pad"},
    {"region": [1, 2, 30, 30], "format": "jpg"},
    {"region": [1, 2, 30, 30], "tile": [11, 12], "format": "npy", "to": "xyz-d50", "depth": "f32"},
]
PACKED = re.compile(rb'"(bytes|coder|xxh3_file|xxh3|hash|version|decoder_memory)": ?("[^"]*"|[0-9]+)'
                    rb'|[0-9.]+ [kMG]?i?B\b|libtile [0-9.]+')
MEASURED = re.compile(rb'"(seconds|batch|memory_mb)": ?[0-9.e-]+')  # the same plan measures other times


def run(command, folder, text=None):
    done = subprocess.run(command, cwd=folder, input=text, capture_output=True, timeout=600)
    return done.returncode, done.stdout, done.stderr


def convert(build, picture, options, folder):
    tool = build + "/examples/tile-convert"
    if "--index" in options:
        run([tool, picture, "--build-index", "index"], folder)
    return [run([tool, picture] + options, folder)]


def handle(build, picture, event, folder):
    root = os.path.dirname(folder)
    handler = [build + "/handlers/tile-handler", "--root", root, "--local"]
    event = dict(event, source="source/" + os.path.basename(picture), output="run/out/")
    said = [run(handler + ["plan"], folder, json.dumps(event).encode())]
    said[0] = tuple(MEASURED.sub(b"", part) if isinstance(part, bytes) else part for part in said[0])
    try:
        with open(folder + "/out/plan.jsonl", "rb") as plan:
            tasks = plan.readlines()
    except OSError:
        return said
    said += [run(handler + ["tile"], folder, task) for task in tasks]
    said.append(run(handler + ["assemble"], folder, b'{"job":"run/out/job.json","verify":true}'))
    for name in ("plan.jsonl", "job.json"):
        with open(folder + "/out/" + name, "rb") as file:
            text = MEASURED.sub(b"", file.read())
        with open(folder + "/out/" + name, "wb") as file:
            file.write(text)
    return said


def packed_alike(build, path):
    """What a file holds but for how that is packed."""
    bare = path + (".npy" if path.endswith(".png") else ".bare")
    if path.endswith(".png"):
        run([build + "/examples/tile-convert", path, "-o", bare, "--ignore-orientation", "--raw-channels"], "/")
    elif path.endswith(".tif"):
        run(["tiffcp", "-c", "none", "-s", "-r", "1", path, bare], "/")
    else:
        with open(path, "rb") as file:
            return PACKED.sub(b"", file.read()) if path.endswith((".json", ".jsonl")) else file.read()
    with open(bare, "rb") as file:
        return file.read()


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(at, name), folder) for at, _, names in os.walk(folder) for name in names)


def compare(work, old, new, picture, what, how, pixels):
    folders = [work + "/old", work + "/new"]
    os.makedirs(work + "/source", exist_ok=True)
    copy = work + "/source/" + os.path.basename(picture)
    if not os.path.exists(copy):
        shutil.copyfile(picture, copy)
        os.utime(copy, (1, 1))
    said = []
    for build, folder in zip((old, new), folders):
        os.makedirs(work + "/run")
        said.append(how(build, picture, what, work + "/run"))
        os.rename(work + "/run", folder)
    if pixels:
        said = [[tuple(PACKED.sub(b"", part) if isinstance(part, bytes) else part for part in one) for one in side]
                for side in said]
    differences = ["says something else: %r, %r" % pair for pair in zip(*said) if pair[0] != pair[1]]
    names = [files_below(folder) for folder in folders]
    differences += ["writes %s in one only" % name for name in set(names[0]) ^ set(names[1])]
    both = [name for name in names[0] if name in names[1]]
    for name in both:
        paths = [folder + "/" + name for folder in folders]
        if pixels and packed_alike(old, paths[0]) == packed_alike(old, paths[1]):
            continue
        if not filecmp.cmp(paths[0], paths[1], False):
            differences.append("%s differs" % name)
    for folder in folders:
        shutil.rmtree(folder)
    for difference in differences:
        print("%s: %s: %s" % (picture, what, difference))
    return len(both), len(differences)


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--pixels"]
    pixels = arguments != sys.argv[1:]
    old, new = (os.path.abspath(build) for build in arguments[:2])
    pictures = []
    for place in arguments[2:] or [ROOT + "/fixtures"]:
        place = os.path.abspath(place)
        found = [place] if os.path.isfile(place) else [place + "/" + name for name in files_below(place)]
        pictures += [name for name in found if name.endswith((".jpg", ".jpeg", ".png"))]
    work = tempfile.mkdtemp()
    files = differences = 0
    try:
        for picture in pictures:
            for how, whats in ((convert, RUNS), (handle, EVENTS)):
                for what in whats:
                    same, different = compare(work, old, new, picture, what, how, pixels)
                    files, differences = files + same, differences + different
            os.remove(work + "/source/" + os.path.basename(picture))
    finally:
        shutil.rmtree(work)
    print("%d pictures, %d files compared, %d differences" % (len(pictures), files, differences))
    return differences != 0


if __name__ == "__main__":
    sys.exit(main())
