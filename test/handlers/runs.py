# SPDX-License-Identifier: MIT
"""What the tests of whole runs share: handlers that are called on local files, and tile-convert."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import unittest
import zlib

import scratch

HANDLER, CONVERT, FIXTURES = (os.path.abspath(path) for path in sys.argv[1:4])
BESIDE = {"job.json", "plan.jsonl", "index.tix", ".tile"}  # what a run leaves beside its tiles and manifest


def fixture(name):
    return os.path.join(FIXTURES, name)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def png(side, rows, interlaced=0):
    """Of 8-bit RGB; `rows` with their filters."""
    chunk = lambda kind, body: (len(body).to_bytes(4, "big") + kind + body +
                                zlib.crc32(kind + body).to_bytes(4, "big"))
    header = side.to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, interlaced])
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) +
            chunk(b"IEND", b""))


def interlaced(side):
    """All pixels of such a picture are held: 3 * side * side bytes."""
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    return png(side, b"".join((b"\0" + bytes(3 * len(range(x, side, across)))) * len(range(y, side, down))
                              for x, y, across, down in passes), 1)


def digest(data):
    """What differs shortly: unittest takes minutes to tell how two long contents do."""
    return len(data), hashlib.sha256(data).hexdigest()


def contents(folder, without=()):
    return {name: digest(read(os.path.join(folder, name))) for name in sorted(os.listdir(folder))
            if name not in without and os.path.isfile(os.path.join(folder, name))}


def arguments(options):
    """An event's options as tile-convert's command line."""
    line = []
    for name, value in options.items():
        if isinstance(value, list):
            value = ("," if name == "region" else "x").join(map(str, value))
        if value is not False:
            line += ["--" + name] if value is True else ["--" + name, str(value)]
    return line


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = scratch.make()
        self.addCleanup(shutil.rmtree, self.folder)
        self.temporary = self.path("tmp")
        os.mkdir(self.temporary)
        self.environment = dict(os.environ, TMPDIR=self.temporary)
        for name in ("TILE_FUNCTION_MEMORY_MB", "TILE_FUNCTION_SECONDS"):
            self.environment.pop(name, None)

    def tearDown(self):
        if os.path.isdir(self.temporary):
            self.assertEqual(os.listdir(self.temporary), [])

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def call(self, handler, event):
        """(True, response) or (False, failure)."""
        text = event if isinstance(event, bytes) else json.dumps(event).encode()
        run = subprocess.run([HANDLER, "--local", handler], input=text, capture_output=True, env=self.environment,
                             cwd=self.folder, timeout=300)
        self.assertIn(run.returncode, (0, 1), run.stderr)
        return run.returncode == 0, json.loads(run.stderr if run.returncode else run.stdout)

    def done(self, handler, event):
        done, answer = self.call(handler, event)
        self.assertTrue(done, answer)
        return answer

    def refused(self, kind, handler, event, *words):
        done, answer = self.call(handler, event)
        self.assertFalse(done, answer)
        self.assertEqual(answer["errorType"], "Function." + kind, answer)
        for word in words:
            self.assertIn(word, answer["errorMessage"])
        return answer["errorMessage"]

    def tasks(self, plan):
        return [json.loads(line) for line in read(self.path(plan["plan"])).splitlines()]

    def work(self, tasks, batch=7):
        """All tasks, in batches, from the last to the first."""
        tasks = tasks[::-1]
        for at in range(0, len(tasks), batch):
            self.done("tile", {"BatchInput": {}, "Items": tasks[at:at + batch]})

    def run_all(self, event):
        plan = self.done("plan", event)
        tasks = self.tasks(plan)
        self.assertEqual(plan["tiles"], len(tasks))
        self.work(tasks)
        answer = self.done("assemble", {"job": plan["job"]})
        self.assertEqual(answer["tiles"], len(tasks))
        return plan, answer

    def convert(self, source, output, options):
        subprocess.run([CONVERT, "-q", "-j", "2", source, "-o", output] + arguments(options), check=True,
                       cwd=self.folder, timeout=300)

    def planned(self, source="photo.jpg", output="out", **options):
        """A plan of which all tiles are made."""
        plan = self.done("plan", dict(options, source=fixture(source), output=output))
        self.work(self.tasks(plan))
        return plan


def main():
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
