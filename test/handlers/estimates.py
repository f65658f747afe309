# SPDX-License-Identifier: MIT
"""estimates.py TILE-HANDLER TILE-CONVERT MAKE-BIG: what plan says that a tile takes, beside what it took.

Ten jobs, in a function of one processor. "seconds" is of the slowest tile, when it is made alone: beside it stands the
most processor time of some tiles that were made alone. A batch is to last half a minute: beside that stands what one of
that size would take by the processor time of some tiles that were made together. A plan that is wrong by ten times
fails; on the safe side, by a half, is what it means to be.
"""
import json
import os
import resource
import shutil
import subprocess
import sys

import scratch

HANDLER, CONVERT, MAKE_BIG = (os.path.abspath(path) for path in sys.argv[1:4])
FUNCTION = {"memory_mb": 1769, "seconds": 900}
MOST = 10

CASES = [
    ("big.jpg", {"tile": 256, "format": "jpg"}),
    ("big.jpg", {"tile": 256, "to": "lab", "format": "tif"}),
    ("big.jpg", {"tile": 512, "format": "png"}),
    ("big.jpg", {"tile": 2048, "format": "png", "compression": 9}),
    ("big.jpg", {"tile": 4096, "format": "png", "compression": 9}),
    ("big.jpg", {"tile": 256, "lossless": True}),
    ("big.jpg", {"tile": 1000, "to": "oklab", "depth": "f32", "format": "npy", "overlap": 4, "edge": "replicate"}),
    ("big.png", {"tile": 256, "to": "hsv", "format": "npy"}),
    ("big.png", {"tile": 1024, "format": "jpg", "quality": 90}),
    ("progressive.jpg", {"tile": 512, "format": "png"}),
]


def invoke(folder, handler, event):
    """The answer, and the processor time that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([HANDLER, "--local", handler], input=json.dumps(event).encode(), capture_output=True,
                          cwd=folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(done.stderr.decode())
    return json.loads(done.stdout), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def begin(folder):
    """What a process takes to start, which is none of a tile's time."""
    event = {"Service": "Amazon S3", "Event": "s3:TestEvent"}
    return min(invoke(folder, "tile", event)[1] for _ in range(9))


def some(tasks, count):
    """So many of them, spread over all."""
    count = min(count, len(tasks))
    return [tasks[i * (len(tasks) - 1) // max(1, count - 1)] for i in range(count)]


def main():
    folder = scratch.make()
    wrong = 0
    try:
        path = lambda name: os.path.join(folder, name)
        subprocess.run([MAKE_BIG, path("big.jpg"), "4096", "4096"], check=True)
        subprocess.run([CONVERT, "-q", path("big.jpg"), "-o", path("big.png")], check=True)
        with open(path("progressive.jpg"), "wb") as file:
            subprocess.run(["jpegtran", "-progressive", path("big.jpg")], stdout=file, check=True)
        print("%-52s %9s %9s %6s %6s %9s" % ("", "seconds", "took", "times", "batch", "would take"))
        for source, options in CASES:
            shutil.rmtree(path("out"), ignore_errors=True)
            plan, _ = invoke(folder, "plan", dict(options, source=source, output="out", function=FUNCTION))
            with open(path(plan["plan"])) as file:
                tasks = [json.loads(line) for line in file]
            alone = max(invoke(folder, "tile", task)[1] for task in some(tasks, 3)) - begin(folder)
            alone = max(alone, 1e-3)
            few = some(tasks, 40)
            once = alone if "index" in plan else 0  # decoding it, in the main, of which a batch does no more
            each = (invoke(folder, "tile", {"Items": few})[1] - begin(folder) - once) / len(few)
            times = plan["seconds"] / alone
            wrong += not 1 / MOST < times < MOST
            what = " ".join([source] + ["%s:%s" % (n, v) for n, v in options.items()])
            print("%-52.52s %9.3f %9.3f %6.2f %6d %9.1f" % (what, plan["seconds"], alone, times, plan["batch"],
                                                            once + max(0, each) * plan["batch"]), flush=True)
    finally:
        shutil.rmtree(folder)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
