# SPDX-License-Identifier: MIT
"""bench-handlers.py HANDLER [--root ROOT] [--image IMAGE]

What a function costs beside its work: from its start to its first question to the Runtime API, memory when idle, and an
invocation that has nothing to do. With an image: also tiles of 256 pixels of it, from local files.
With a root the process sees nothing but this folder (a layer unzipped to ROOT/opt), and HANDLER is a path in there.
"""
import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "handlers"))
from simulator import Function  # noqa: E402

STARTS, INVOCATIONS, TILES = 50, 1000, 50
NOTHING = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "bucket"}


def line(name, values, unit, digits):
    print("%-34s %9.*f %-4s (%.*f to %.*f, %d times)"
          % (name, digits, statistics.median(values), unit, digits, min(values), digits, max(values), len(values)))


def starts(binary, root):
    times, idle = [], []
    for _ in range(STARTS):
        with Function(binary, "tile", root=root) as function:
            seconds = function.wait_for_next()
            if seconds is None:
                sys.exit("bench-handlers: %s ended: %s" % (binary, function.log()))
            times.append(seconds * 1e3)
            idle.append(function.rss() / 2**20)
    line("start to first /next", times, "ms", 2)
    line("resident when idle", idle, "MiB", 1)


def nothing(binary, root):
    times = []
    with Function(binary, "tile", root=root) as function:
        for _ in range(INVOCATIONS):
            ok, answer = function.invoke(NOTHING)
            assert ok, answer
            times.append(function.last.milliseconds)
        line("invocation without work", times, "ms", 3)
        print("%-34s %9.3f ms" % ("its processor time", function.cpu() / INVOCATIONS * 1e3))
        print("%-34s %9.1f MiB" % ("peak memory of these", function.peak() / 2**20))


def tiles(binary, root, image):
    """Each of them in a function of its own, as the first of a burst are, and one after another in the same."""
    folder = tempfile.mkdtemp(dir=root or os.environ.get("TMPDIR", "/dev/shm"))
    try:
        shutil.copy(image, os.path.join(folder, "image.jpg"))
        files = {"TILE_LOCAL_ROOT": "/" + os.path.basename(folder) if root else folder}
        with Function(binary, "plan", files, root) as function:
            ok, plan = function.invoke({"source": "image.jpg", "tile": [256, 256], "to": "lab", "output": "out/"},
                                       timeout=600, deadline=600)
            assert ok, plan
            print("%-34s %9.2f s    (%.1f MiB at most)" % ("plan of its %d tiles" % plan["tiles"],
                                                           function.last.milliseconds / 1e3, function.peak() / 2**20))
        with open(os.path.join(folder, "out/plan.jsonl")) as file:
            tasks = [json.loads(task) for task in file]
        tasks = tasks[::max(len(tasks) // TILES, 1)][:TILES]
        first, peaks, later = [], [], []
        for task in tasks[:10]:
            with Function(binary, "tile", files, root) as function:
                ok, answer = function.invoke(task)
                assert ok, answer
                first.append(function.last.milliseconds)
                peaks.append(function.peak() / 2**20)
        with Function(binary, "tile", files, root) as function:
            for task in tasks:
                ok, answer = function.invoke(task)
                assert ok, answer
                later.append(function.last.milliseconds)
            cpu = function.cpu() / len(tasks) * 1e3
        line("a function's first tile", first, "ms", 2)
        line("its peak memory", peaks, "MiB", 1)
        line("tile", later, "ms", 2)
        print("%-34s %9.2f ms" % ("its processor time", cpu))
    finally:
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("handler")
    parser.add_argument("--root")
    parser.add_argument("--image")
    given = parser.parse_args()
    binary = given.handler if given.root else os.path.abspath(given.handler)
    print("%s%s" % (given.handler, ", with nothing around it but %s" % given.root if given.root else ""))
    starts(binary, given.root)
    nothing(binary, given.root)
    if given.image:
        tiles(binary, given.root, given.image)


if __name__ == "__main__":
    main()
