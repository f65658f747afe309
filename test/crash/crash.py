#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""crash.py [--states N] [--kills N] [--faults N] [--large] FAULTS-LIBRARY TILE-CONVERT FIXTURES

Ends runs of tile-convert in every way, and sees that the same command again makes the files that an uninterrupted run
makes:
- a machine that crashes after any of the run's calls, with N of the many states that its disk may be in then,
- N kills, each at some call,
- N calls that fail or do half of what they should.
What is left in between is looked at, too: no file is partial under its name (but tiles after a crash of the machine), and
no manifest tells of what is not there.
"""
import argparse
import errno
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import disk

FORMAT = os.environ.get("TILE_TEST_FORMAT", "tif")  # see scratch.py of the handlers' tests

# What a call may fail with.
CAUSES = {
    "open": [errno.EMFILE, errno.ENFILE, errno.EACCES, errno.EIO, errno.ENOSPC, errno.EINTR],
    "close": [errno.EIO, errno.EINTR, errno.ENOSPC],
    "pread": [errno.EIO, errno.EINTR, "short"],
    "pwrite": [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EINTR, "short"],
    "ftruncate": [errno.EIO, errno.EINTR, errno.ENOSPC],
    "fsync": [errno.EIO, errno.EINTR, errno.ENOSPC, errno.EINVAL],
    "fdatasync": [errno.EIO, errno.EINTR, errno.ENOSPC, errno.EINVAL],
    "syncfs": [errno.EIO, errno.EINTR, errno.ENOSPC],
    "sync": [errno.EINTR],  # it tells of nothing
    "flock": [errno.ENOLCK, errno.EINTR, errno.EOPNOTSUPP],
    "fcntl": [errno.EMFILE],
    "fstat": [errno.EIO, errno.ENOMEM],
    "stat": [errno.EIO, errno.EACCES],
    "mkdir": [errno.EIO, errno.ENOSPC, errno.EACCES],
    "rmdir": [errno.EIO, errno.EACCES],
    "unlink": [errno.EIO, errno.EACCES],
    "rename": [errno.EIO, errno.ENOSPC, errno.EACCES],
    "link": [errno.EIO, errno.ENOSPC, errno.EACCES],
    "readdir": [errno.EIO],
}
GONE_ON_WITH = {errno.EINTR, "short"}


def write_tree(folder, entries):
    os.mkdir(folder)
    for name, node in entries.items():
        path = os.path.join(folder, name)
        if isinstance(node, dict):
            write_tree(path, node)
        else:
            with open(path, "wb") as file:
                file.write(node)


def read_tree(folder):
    entries = {}
    for entry in os.scandir(folder):
        entries[entry.name] = read_tree(entry.path) if entry.is_dir() else pathlib.Path(entry.path).read_bytes()
    return entries


def flat(entries, above=""):
    for name, node in entries.items():
        if isinstance(node, dict):
            yield above + name + "/", None
            yield from flat(node, above + name + "/")
        else:
            yield above + name, node


def is_aside(path):
    return path.endswith((".libtile-part", "manifest.part"))


class Scenario:
    """A command, and what is there before it."""

    def __init__(self, test, name, command, before=None):
        self.test, self.name, self.command = test, name, command
        test.empty()
        if before:
            before()
        self.old = read_tree(test.root)
        self.calls = test.record(command)
        self.new = read_tree(test.root)
        self.wholes = [dict(flat(self.old)), dict(flat(self.new))]
        left = [path for path in self.wholes[1] if is_aside(path)]
        test.complain(self, "uninterrupted", f"leaves {', '.join(left)}" if left else None)

    def begin(self):
        self.test.set(self.old)

    def partial(self, state, crashed):
        """What is wrong with what an interrupted run left; None: nothing."""
        files = dict(flat(state))
        for path, content in files.items():
            tile = pathlib.Path(path).name.startswith("r")
            if not is_aside(path) and not (crashed and tile) and not any(w.get(path, b"-") == content for w in self.wholes):
                return f"{path} is partial"
            if path.endswith("manifest.json") and content:
                whole = next(w for w in self.wholes if w.get(path) == content)
                for tile in json.loads(content)["tiles"]:
                    name = os.path.join(os.path.dirname(path), tile["file"])
                    if files.get(name) != whole.get(name):
                        return f"{path} tells of {name}, which is not what it was"
        return None

    def difference(self, state, but=lambda path: False):
        files, whole = dict(flat(state)), self.wholes[1]
        wrong = sorted(p for p in files.keys() | whole.keys() if not but(p) and files.get(p, b"-") != whole.get(p, b"-"))
        return f"differs from an uninterrupted run's: {', '.join(wrong)}" if wrong else None


class Test:
    def __init__(self, arguments, folder):
        self.arguments = arguments
        self.fixtures = pathlib.Path(arguments.fixtures)
        self.root, self.log = folder + "/root", folder + "/log"
        self.random = random.Random(arguments.seed)
        self.failures = 0

    # ---- Running

    def empty(self):
        shutil.rmtree(self.root, ignore_errors=True)
        os.mkdir(self.root)

    def set(self, entries):
        shutil.rmtree(self.root, ignore_errors=True)
        write_tree(self.root, entries)

    def run(self, command, **faults):
        environment = {**os.environ, **{name.upper(): str(value) for name, value in faults.items()}}
        if faults:
            environment["LD_PRELOAD"] = self.arguments.library
            # AddressSanitizer wants to be the first.
            environment["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        return subprocess.run([self.arguments.tool, *map(str, command)], env=environment, timeout=60, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True)

    def must(self, command, **faults):
        done = self.run(command, **faults)
        if done.returncode != 0:
            sys.exit(f"{command}: exit status {done.returncode}: {done.stderr}")

    def record(self, command):
        self.must(command, fault_log=self.log)
        return disk.read_log(self.log)

    # ---- Judging

    def complain(self, scenario, what, why):
        if why:
            self.failures += 1
            if self.failures <= 20:
                print(f"FAILED: {scenario.name}: {what}: {why}", flush=True)
        return bool(why)

    def goes_on(self, scenario, what):
        """The same command again ends with everything."""
        done = self.run(scenario.command)
        why = f"then exit status {done.returncode}: {done.stderr.strip()}" if done.returncode != 0 else None
        self.complain(scenario, what, why or scenario.difference(read_tree(self.root)))

    # ---- Ways to end

    def crashes(self, scenario):
        """Of the machine, after each call that changes or syncs something."""
        scenario.begin()
        machine, states = disk.Disk(self.root), 0
        for number, call in enumerate(self.record(scenario.command), 1):
            machine.take(call)
            if call.result < 0 or call.name in ("stat", "fstat", "pread", "flock", "fcntl", "close", "readdir"):
                continue
            for worst in ["most", "data", *[None] * self.arguments.states]:
                state, what = machine.after_a_crash(self.random, worst), f"crash after call {number}, {call.name}"
                states += 1
                if not self.complain(scenario, what, scenario.partial(state, crashed=True)):
                    self.set(state)
                    self.goes_on(scenario, what)
        state = machine.after_a_crash(self.random, "most")
        self.complain(scenario, "crash after its end", scenario.difference(state, but=is_aside))
        return states

    def kill(self, scenario):
        scenario.begin()
        what = "killed"
        for _ in range(self.random.choice([1, 1, 2, 3])):  # also while it goes on
            at = self.random.randint(1, len(scenario.calls))
            what += f" at call {at}"
            self.run(scenario.command, fault_at=at, fault_do="kill")
            if self.complain(scenario, what, scenario.partial(read_tree(self.root), crashed=False)):
                return
        self.goes_on(scenario, what)

    @staticmethod
    def tells(said, cause):
        """One line, and the cause in it."""
        return said.startswith("tile-convert: ") and said.count("\n") == 1 and os.strerror(cause) in said

    def fail(self, scenario):
        scenario.begin()
        at = self.random.randint(1, len(scenario.calls))
        cause = self.random.choice(CAUSES[scenario.calls[at - 1].name])
        done = self.run(scenario.command, fault_at=at, fault_do=cause, fault_log=self.log)
        made = disk.read_log(self.log)  # threads may have made another call the N-th, or have needed fewer
        name = made[at - 1].name if at <= len(made) else "none"
        what = f"call {at}, {name}: {cause if cause == 'short' else errno.errorcode[cause]}"
        state = read_tree(self.root)
        why = scenario.partial(state, crashed=False)
        expected = (0,) if cause in GONE_ON_WITH and cause in CAUSES.get(name, []) else (0, 2, 3)
        if done.returncode not in expected:
            why = f"exit status {done.returncode}: {done.stderr.strip()}"
        elif done.returncode != 0 and not self.tells(done.stderr, cause):
            why = f"said {done.stderr!r}"
        elif name != "unlink" and any(
            path.endswith(".libtile-part") and path not in scenario.wholes[0] for path, _ in flat(state)
        ):
            why = "leaves what it wrote aside"
        elif done.returncode == 0 and not why:
            why = scenario.difference(state, but=is_aside)  # what is not needed any more may not let itself be removed
        if not self.complain(scenario, what, why):
            self.goes_on(scenario, what)

    # ---- All of it

    def leave_tiles(self, tiles):
        """Those of a killed run, and what another one, of larger tiles, left aside."""
        self.run(tiles, fault_at=60, fault_do="kill")
        pathlib.Path(self.root, "new/tiles/.r9_c9.png.libtile-part").write_bytes(b"PNG")

    def scenarios(self):
        fixtures, root = self.fixtures, self.root
        small = [fixtures / "rgb8.png", "-s", "40", "-j", "2"]
        tiles = [*small, "-o", root + "/new/tiles"]
        if self.arguments.large:
            photo = [fixtures / "photo.jpg", "-s", "48", "-j", "2", "-o", root + "/photo"]
            yield Scenario(self, "tiles of a photo", photo)
            yield Scenario(self, "a photo again", photo, lambda: self.run(photo, fault_at=600, fault_do="kill"))
        yield Scenario(self, "tiles", tiles)
        yield Scenario(self, "tiles again", tiles, lambda: self.leave_tiles(tiles))
        yield Scenario(self, "other tiles", [*tiles, "--overwrite"],
                       lambda: self.must([fixtures / "420.jpg", "-s", "30", "-f", "png", "-o", root + "/new/tiles"]))
        yield Scenario(self, "an image", [fixtures / "rgb8.png", "-f", FORMAT, "-o", root + "/new." + FORMAT, "--overwrite"])
        yield Scenario(self, "another image", [fixtures / "rgb8.png", "-o", root + "/new.png", "--overwrite"],
                       lambda: self.must([fixtures / "420.jpg", "-o", root + "/new.png"]))
        yield Scenario(self, "an index", [fixtures / "restart.jpg", "--build-index", root + "/new.tix", "--overwrite"])

    def all(self):
        scenarios, counts = list(self.scenarios()), {}
        for scenario in scenarios if self.arguments.states >= 0 else []:
            counts[scenario.name] = self.crashes(scenario)
        # The more calls, the more can go wrong.
        weights = [len(scenario.calls) for scenario in scenarios]
        for way, number in ((self.kill, self.arguments.kills), (self.fail, self.arguments.faults)):
            for scenario in self.random.choices(scenarios, weights, k=number):
                way(scenario)
        print(f"{sum(counts.values())} states after a crash of the machine, {self.arguments.kills} kills, "
              f"{self.arguments.faults} failed calls: {self.failures} failures")
        return self.failures == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--states", type=int, default=1, help="random ones beside the two worst; -1: none at all")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--large", action="store_true")
    for name in ("library", "tool", "fixtures"):
        parser.add_argument(name)
    arguments = parser.parse_args()
    if not os.path.exists("/proc/self/fd"):
        print("skipped: no /proc tells what a descriptor is of")
        sys.exit(77)
    room = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", room)) as folder:
        sys.exit(0 if Test(arguments, folder).all() else 1)


main()
