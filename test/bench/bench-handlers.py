# SPDX-License-Identifier: MIT
"""bench-handlers.py HANDLER [ROOT]

What a function costs beside its work: from its start to its first question to the Runtime API, memory when idle, and an
invocation that has nothing to do. With ROOT the process sees nothing but this folder (a layer unzipped to ROOT/opt), and
HANDLER is a path in there.
"""
import os
import statistics
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "handlers"))
from simulator import Function  # noqa: E402

STARTS, INVOCATIONS = 50, 1000
NOTHING = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "bucket"}


def line(name, values, unit, digits):
    print("%-34s %9.*f %-4s (%.*f to %.*f, %d times)"
          % (name, digits, statistics.median(values), unit, digits, min(values), digits, max(values), len(values)))


def main(handler, root=None):
    binary = handler if root else os.path.abspath(handler)
    starts, idle, overheads, peaks = [], [], [], []
    for _ in range(STARTS):
        with Function(binary, "tile", root=root) as function:
            seconds = function.wait_for_next()
            if seconds is None:
                sys.exit("bench-handlers: %s ended: %s" % (handler, function.log()))
            starts.append(seconds * 1e3)
            idle.append(function.rss() / 2**20)
    with Function(binary, "tile", root=root) as function:
        for _ in range(INVOCATIONS):
            function.invoke(NOTHING)
            overheads.append(function.last.milliseconds)
        peaks.append(function.peak() / 2**20)
        cpu = function.cpu() / INVOCATIONS * 1e3
    print("%s%s" % (handler, ", with nothing around it but %s" % root if root else ""))
    line("start to first /next", starts, "ms", 2)
    line("resident when idle", idle, "MiB", 1)
    line("invocation without work", overheads, "ms", 3)
    print("%-34s %9.3f ms" % ("its processor time", cpu))
    line("peak memory of these", peaks, "MiB", 1)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
