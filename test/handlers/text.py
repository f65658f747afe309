# SPDX-License-Identifier: MIT
"""text.py TILE-HANDLER: texts through plan, text and assemble, against one pass of Python's over the same bytes."""
import concurrent.futures
import ctypes
import ctypes.util
import hashlib
import json
import mmap
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import scratch
from bucket import Bucket, Proxy, Server, environment

HANDLER = None
LIBC = ctypes.CDLL(None)
WORKERS = max(2, os.cpu_count() or 1)


def sanitized():
    with open(HANDLER, "rb") as file:
        return b"__asan_init" in file.read()


# ---- One pass over a text ----

WORD = re.compile(r"[^\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
END = re.compile("[.!?…。！？][.!?…。！？\"')\\]}»’”」』）]*")


def paragraphs_of(data):
    """The offset and bytes of each."""
    begin = end = None
    at = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    while at < len(data):
        lf = data.find(b"\n", at)
        after = lf + 1 if lf >= 0 else len(data)
        line = data[at:after]
        line = line[:-2] if line.endswith(b"\r\n") else line[:-1] if lf >= 0 else line
        if line.strip(b" \t"):
            begin = at if begin is None else begin
            end = at + len(line)
        elif begin is not None:
            yield begin, data[begin:end]
            begin = None
        at = after
    if begin is not None:
        yield begin, data[begin:end]


def sentences_of(text):
    count, open_, at = 0, False, 0
    for run in END.finditer(text):
        open_ = open_ or WORD.search(text, at, run.start()) is not None
        at = run.end()
        if open_ and (at == len(text) or not WORD.match(text[at]) or not set("。！？").isdisjoint(run.group())):
            count, open_ = count + 1, False
    return count + (open_ or WORD.search(text, at) is not None)


def figures_of(offset, data):
    text = data.decode(errors="replace")
    figures = {"offset": offset, "bytes": len(data), "code_points": len(text), "words": len(WORD.findall(text)),
               "sentences": sentences_of(text)}
    invalid = text.count("\ufffd") - data.count("\ufffd".encode())
    if invalid:
        try:
            data.decode()
        except UnicodeDecodeError as error:
            figures["invalid"] = {"count": invalid, "first": offset + error.start}
    return figures


class Hash(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


try:
    xxhash = ctypes.CDLL(ctypes.util.find_library("xxhash") or "libxxhash.so.0")
    xxhash.XXH3_128bits.restype = Hash
    xxhash.XXH3_128bits.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
except OSError:
    xxhash = None


def xxh3(data):
    """Of bytes; None where there is no such library for Python to call."""
    if not xxhash:
        return None
    pointer = ctypes.cast(data, ctypes.c_void_p) if isinstance(data, bytes) else ctypes.addressof(data)
    value = xxhash.XXH3_128bits(pointer, len(data))
    return f"{value.high:016x}{value.low:016x}"


# ---- Runs ----

class Case(unittest.TestCase):
    def setUp(self):
        self.folder = scratch.make()
        self.addCleanup(shutil.rmtree, self.folder)
        self.temporary = self.path("temporary")
        os.mkdir(self.temporary)

    def path(self, name):
        return os.path.join(self.folder, name)

    def put(self, name, data):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as file:
            file.write(data)

    def get(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    environment = {}
    memory = resource.RLIM_INFINITY  # address space of a process

    def call(self, name, event, user=None, handler=None):
        """The response, or what failed: an error type and a message."""
        def prepare():
            LIBC.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: no process outlives the test
            resource.setrlimit(resource.RLIMIT_AS, (self.memory, self.memory))
            if user:
                os.setuid(user)
        ended = subprocess.run([handler or HANDLER, "--local", name, "--root", self.folder],
                               input=json.dumps(event).encode(), capture_output=True, preexec_fn=prepare, check=False,
                               env={**os.environ, **self.environment, "TMPDIR": self.temporary})
        self.assertNotRegex(ended.stderr, b"Sanitizer|runtime error")
        self.assertIn(ended.returncode, (0, 1), ended.stderr)
        self.assertEqual(os.listdir(self.temporary), [])  # which is not needed
        if ended.returncode == 0:
            return json.loads(ended.stdout)
        failure = json.loads(ended.stderr)
        return failure["errorType"], failure["errorMessage"]

    def done(self, name, event, **options):
        answer = self.call(name, event, **options)
        self.assertIsInstance(answer, dict, answer)
        return answer

    def fails(self, kind, pattern, name, event, **options):
        answer = self.call(name, event, **options)
        self.assertIsInstance(answer, tuple, answer)
        self.assertEqual(answer[0], "Function." + kind, answer[1])
        self.assertRegex(answer[1], pattern)

    def plan(self, **event):
        answer = self.done("plan", {"source": "text.txt", "output": "out", **event})
        self.assertEqual((answer["kind"], answer["job"], answer["plan"]), ("text", "out/job.json", "out/plan.jsonl"))
        tasks = [json.loads(line) for line in self.get("out/plan.jsonl").splitlines()]
        self.assertEqual(answer["tiles"], len(tasks))
        return tasks

    def map(self, tasks, batch=3):
        """As a Distributed Map does: batches, several at a time, each in a process of its own."""
        batches = [tasks[i:i + batch] for i in range(0, len(tasks), batch)]
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            answers = list(pool.map(lambda b: self.done("text", {"BatchInput": {}, "Items": b}), batches))
        self.assertEqual(sum(answer["tiles"] for answer in answers), len(tasks))
        return answers

    def records(self, tasks):
        return [json.loads(line) for task in tasks for line in self.get(task["output"]).splitlines()]

    def assemble(self):
        return self.done("assemble", {"job": "out/job.json"})


# ---- The large text ----

SCRIPTS = ["etaoinshrdlucmfwypvbgkqjxz", "àéèüößñçøåœæ" "aeiou", "абвгдежзийклмнопрстуфхцчшщыьэюя", "αβγδεζηθικλμνξοπρστυφχψω",
           "的一是不了人我在有他这中大来上国个到说们", "あいうえおかきくけこ日本語東京", "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
           "अआइईउऊएऐओऔकखगघचछजझ", "😀😎🌍🚀𝔘𝔫𝔦", "0123456789,;-", "ab\x1ccd\0e\ufffd"]
ENDS = [".", ".", ".", "!", "?", "…", "。", "！", "？", "...", "?!", ".\"", ".)", ".’", "。」", ",", ""]
SPACES = [" ", " ", " ", " ", "\n", "\n", "\r\n", "\t", "\u00a0", "\u3000", "\u2028", "  ", "\r", ""]
ODD = [b"\xff", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\x80\xbf", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80"]
APART = [b"\n\n", b"\n\n", b"\r\n\r\n", b"\n\n\n", b"\n \t\n", b"\r\n\t\n", b"\n  \r\n\n", b"\n\n   "]


def some_paragraph(choose):
    letters, text = choose.choice(SCRIPTS), []
    for _ in range(choose.choice([1, 3, 10, 60, 150, 300])):
        text.append("".join(choose.choices(letters, k=choose.randint(1, 11))))
        text.append(choose.choice(ENDS) if choose.random() < 0.15 else "")
        text.append(choose.choice(SPACES))
    data = "".join(text).encode()
    if choose.random() < 0.05:
        at = choose.randrange(len(data))
        data = data[:at] + choose.choice(ODD) + data[at:]
    return data


def large_text(size):
    choose = random.Random(2)
    some = [some_paragraph(choose) for _ in range(4000)]
    pieces, total = [b"\xef\xbb\xbf \r\n"], 0
    while total < size:
        pieces += [choose.choice(some), choose.choice(APART)]
        total += len(pieces[-1]) + len(pieces[-2])
    return b"".join(pieces)


class Large(Case):
    def test_one_pass(self):
        data = large_text(4 << 20 if sanitized() else 200 << 20)
        self.put("text.txt", data)
        tasks = self.plan(**({"range": 100000} if sanitized() else {}), text="new.txt", figures=True)
        self.assertGreater(len(tasks), 20)
        self.map(tasks)
        again = {task["output"]: self.get(task["output"]) for task in tasks[:5]}
        notes = self.get("out/.tile/part_00003.jsonl.json")
        self.map(tasks[:5], batch=1)
        for name, part in again.items():
            self.assertEqual(self.get(name), part)
        self.assertEqual(self.get("out/.tile/part_00003.jsonl.json"), notes)
        answer = self.assemble()

        records = iter(self.records(tasks))
        sums = dict.fromkeys(["paragraphs", "bytes", "code_points", "words", "sentences"], 0)
        invalid, first, text = 0, None, hashlib.sha256()
        for offset, paragraph in paragraphs_of(data):
            wanted = figures_of(offset, paragraph)
            record = next(records, None)
            text.update(b"\n" if sums["paragraphs"] else b"")
            text.update(json.dumps(record, separators=(",", ":")).encode() + b"\n" + paragraph + b"\n")
            digest = record.pop("xxh3")
            self.assertEqual(record, wanted)
            self.assertIn(xxh3(paragraph), (digest, None))
            for name in sums:
                sums[name] += wanted.get(name, 1)
            if "invalid" in wanted:
                invalid += wanted["invalid"]["count"]
                first = wanted["invalid"]["first"] if first is None else first
        self.assertIsNone(next(records, None))
        self.assertGreater(invalid, 10)
        manifest = json.loads(self.get("out/manifest.json"))
        self.assertEqual(manifest["sums"], {**sums, "invalid": {"count": invalid, "first": first}})
        self.assertEqual(answer, {"manifest": "out/manifest.json", "tiles": len(tasks), "text": "new.txt",
                                  "paragraphs": sums["paragraphs"]})
        self.assertEqual(hashlib.sha256(self.get("new.txt")).digest(), text.digest())


class Small(Case):
    def check(self, data, **event):
        """Every size of range; the same as in one pass."""
        self.put("text.txt", data)
        wanted = [figures_of(*paragraph) for paragraph in paragraphs_of(data)]
        new = b"\n\n".join(paragraph for _, paragraph in paragraphs_of(data))
        tasks = self.plan(text="new.txt", overwrite=True, **event)
        self.map(tasks)
        records = self.records(tasks)
        for record in records:
            del record["xxh3"]
        self.assertEqual(records, wanted)
        self.assertEqual(self.assemble()["paragraphs"], len(wanted))
        self.assertEqual(self.get("new.txt"), new + b"\n" if wanted else b"")
        return tasks

    def test_texts_without_paragraphs(self):
        for data in b"", b"\n", b" \t\r\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n \n":
            tasks = self.check(data, range=1)
            self.assertEqual([task["range"] for task in tasks], [[0, len(data)]])

    def test_sizes_of_ranges(self):
        data = b"\xef\xbb\xbfOne\r\ntwo.\r\n\r\n \xc3\xa9\xff\n\n\n\tThree\n \n\nFour\n\r\nFive\r\n"
        for size in [*range(1, 12), 30, len(data), 1000]:
            tasks = self.check(data, range=size)
            self.assertEqual(len(tasks), 5 if size == 1 else 1 if size >= len(data) else len(tasks))

    def test_more_lines_than_text(self):
        # Some 20 MB of records of 0.5 MB of text: more than are kept in memory.
        self.check(b"a\n\n" * 190000)
        self.assertGreater(os.path.getsize(self.path("out/part_00000.jsonl")), 16 << 20)

    def test_runs_are_repeatable(self):
        self.put("text.txt", b"One.\n\nTwo.\n\nThree.\n")
        event = {"range": 6, "text": "new.txt"}
        self.map(self.plan(**event))
        self.assemble()
        names = ["out/plan.jsonl", "out/job.json", "out/manifest.json", "out/part_00001.jsonl", "new.txt"]
        before = [self.get(name) for name in names]
        self.map(self.plan(**event))
        self.assemble()
        self.assertEqual([self.get(name) for name in names], before)
        for other in {"range": 100}, {"range": 6, "figures": True}:
            self.fails("OutputDenied", "another job", "plan",
                       {"source": "text.txt", "output": "out", "text": "new.txt", **other})
        self.fails("OutputDenied", "new.txt", "plan", {"source": "text.txt", "output": "other", "text": "new.txt"})
        self.done("plan", {"source": "text.txt", "output": "out", "range": 100, "overwrite": True})

    def test_type(self):
        self.put("readme", b"One.\n")
        event = {"source": "readme", "output": "out", "type": "text/plain"}
        self.assertEqual(self.done("plan", event)["kind"], "text")

    def huge(self, size, **event):
        # A hole in a file is NUL bytes: characters like others, all in one line.
        with open(self.path("text.txt"), "wb") as file:
            file.truncate(size - 7)
            file.seek(size - 7)
            file.write(b"\n\nLast.")
        tasks = self.plan(**event)
        if not sanitized():
            self.memory = 256 << 20
        self.assertEqual([task["range"] for task in tasks], [[0, size - 5], [size - 5, 5]])
        self.map(tasks)
        first, last = self.records(tasks)
        self.assertEqual((first["bytes"], first["code_points"], first["words"], first["sentences"]),
                         (size - 7, size - 7, 1, 1))
        self.assertEqual((last["offset"], last["bytes"]), (size - 5, 5))
        with open(self.path("text.txt"), "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as whole:
            paragraph = (ctypes.c_char * (size - 7)).from_buffer(whole)
            digest = xxh3(paragraph)
            del paragraph
        self.assertIn(digest, (first["xxh3"], None))
        self.assertEqual(self.assemble()["paragraphs"], 2)
        return sum(len(self.get(task["output"])) for task in tasks)

    def test_huge_paragraph(self):
        self.huge(16 << 20 if sanitized() else 1 << 30)

    def test_huge_paragraph_in_new_text(self):
        size = 16 << 20 if sanitized() else 400 << 20
        lines = self.huge(size, text="new.txt", figures=True)
        self.assertEqual(os.path.getsize(self.path("new.txt")), lines + size + 1)


# ---- What goes wrong ----

class Wrong(Case):
    TEXT = b"One.\n\nTwo is here.\n \nThree.\n"

    def setUp(self):
        super().setUp()
        self.put("text.txt", self.TEXT)

    def task(self, **members):
        return {"source": "text.txt", "output": "out/part.jsonl", "range": [0, len(self.TEXT)], **members}

    def test_ranges(self):
        begins = [0, 6, 21]
        for offset in range(len(self.TEXT) + 3):
            for end in range(offset, len(self.TEXT) + 3):
                right = offset in begins and end in begins + [len(self.TEXT)] and end > offset
                if right:
                    self.done("text", self.task(range=[offset, end - offset]))
                elif offset in begins or end in begins or (offset + end) % 7 == 0:
                    self.fails("BadRequest", "^range: ", "text", self.task(range=[offset, end - offset]))
        for bad in [], [0], [0, 5, 5], [-1, 7], [0, 1.5], ["0", "5"], {}, 5, [1 << 62, 1 << 62], [0, (1 << 63) - 1]:
            self.fails("BadRequest", "^range: ", "text", self.task(range=bad))

    def test_events(self):
        for event, pattern in [
                ({}, "task"), ([], "task"), (5, "task"), (None, "task"), ({"Items": []}, "Items"), ({"Items": {}}, "Items"),
                ({"Items": [5]}, r"Items\[0\]"), ({"Items": [self.task(range=[1, 2])]}, r"Items\[0\]: range"),
                ({"Items": [self.task()], "BatchInput": 5}, "BatchInput"), ({"Items": [self.task()], "more": 5}, "more"),
                ({"source": "text.txt"}, "output"), (self.task(sorce=1), "sorce"), (self.task(source=5), "source"),
                (self.task(etag=""), "etag"), (self.task(size=-1), "size"), (self.task(part=1 << 40), "part"),
                (self.task(output="text.txt"), "source"), (self.task(source="../text.txt"), "text.txt"),
                (self.task(output="../out"), "out"), (self.task(output="http://host/out"), "http")]:
            self.fails("BadRequest", pattern, "text", event)
        self.put("out/plan.jsonl", b"A text of this name.")
        for members, pattern in [({"range": 0}, "range"), ({"range": 1 << 40}, "range"), ({"range": [1, 2]}, "range"),
                                 ({"text": "text.txt"}, "source"), ({"text": "../x"}, "x"),
                                 ({"text": "out/job.json"}, "text"), ({"text": "out/part_00001.jsonl"}, "text"),
                                 ({"source": "out/plan.jsonl", "type": "text/x"}, "source"), ({"figures": True}, "text"),
                                 ({"figures": 1, "text": "x"}, "figures"), ({"tile": [1, 1]}, "tile"),
                                 ({"function": {"seconds": 0}}, "function"), ({"overwrite": "no"}, "overwrite")]:
            self.fails("BadRequest", pattern, "plan", {"source": "text.txt", "output": "out", **members})
        self.fails("BadRequest", "output", "plan", {"source": "text.txt"})
        self.fails("LimitExceeded", "function", "plan",
                   {"source": "text.txt", "output": "out", "function": {"seconds": 1}})
        self.assertEqual(sorted(os.listdir(self.folder)), ["out", "temporary", "text.txt"])
        self.assertEqual(os.listdir(self.path("out")), ["plan.jsonl"])

    def test_batch_has_common_members(self):
        items = [{"range": [0, 6], "output": "a"}, {"range": [6, 15], "output": "b", "part": 4}]
        answer = self.done("text", {"BatchInput": {"source": "text.txt", "part": 3}, "Items": items})
        self.assertEqual(answer, {"tiles": 2, "bytes": len(self.get("a") + self.get("b"))})
        self.assertEqual([json.loads(self.get(f".tile/{name}.json"))["part"] for name in "ab"], [3, 4])

    def test_source(self):
        self.fails("SourceNotFound", "none.txt", "text", self.task(source="none.txt"))
        self.fails("SourceNotFound", "none.txt", "plan", {"source": "none.txt", "output": "out"})
        tasks = self.plan(text="new.txt", range=1)
        self.map(tasks)
        self.put("text.txt", self.TEXT.replace(b"Two", b"2.0"))
        self.fails("SourceChanged", "text.txt", "text", tasks[1])
        self.fails("SourceChanged", "text.txt", "assemble", {"job": "out/job.json"})
        self.assertFalse(os.path.exists(self.path("new.txt")) or os.path.exists(self.path("out/manifest.json")))

    def open_to_all(self):
        """A folder that every user may enter and run a copy of the handler in, and the copy: what is below /root, as the
        checkout or $TMPDIR may be, is closed to all but root, and memory may be mounted noexec."""
        for place in os.environ.get("TMPDIR"), "/tmp", "/var/tmp", "/dev/shm":
            if place and os.access(place, os.W_OK):
                folder = tempfile.mkdtemp(dir=place)
                self.addCleanup(shutil.rmtree, folder)
                os.chmod(folder, 0o755)
                handler = shutil.copy(HANDLER, folder)
                os.chmod(handler, 0o755)
                try:
                    subprocess.run([handler, "--version"], user=65534, stdout=subprocess.DEVNULL, check=True)
                    return folder, handler
                except PermissionError:
                    pass
        self.skipTest("there is no place where another user can run the handler")

    @unittest.skipIf(os.geteuid() != 0, "only root can be someone else")
    def test_denied(self):
        self.folder, handler = self.open_to_all()
        other = {"user": 65534, "handler": handler}
        self.put("text.txt", self.TEXT)
        self.temporary = self.path("temporary")
        os.mkdir(self.temporary)
        os.chmod(self.temporary, 0o777)
        os.chmod(self.path("text.txt"), 0)
        self.fails("SourceDenied", "text.txt", "text", self.task(), **other)
        os.chmod(self.path("text.txt"), 0o644)
        self.fails("OutputDenied", "part.jsonl", "text", self.task(), **other)

    def test_output_in_the_way(self):
        self.put("out", b"a file")
        for name, event in ("text", self.task()), ("plan", {"source": "text.txt", "output": "out"}):
            answer = self.call(name, event)
            self.assertIn(answer[0], ("Function.OutputDenied", "Function.OutputUnwritable"), answer)
        self.assertEqual(self.get("out"), b"a file")


class Incomplete(Case):
    """Parts that are not those of the job, one after the other; the run is right again in between."""

    def setUp(self):
        super().setUp()
        self.put("text.txt", b"One.\n\nTwo is here.\n\nThree.\n\nFour.\n")
        self.tasks = self.plan(range=17, text="new.txt")
        self.assertEqual([task["range"][0] for task in self.tasks], [0, 20])
        self.map(self.tasks)

    def refused(self, pattern="part_0000"):
        # It is seen without a new text, too: what that finds besides is in a test of its own.
        job = self.get("out/job.json")
        self.put("out/job.json", job.replace(b',"text":"new.txt"', b""))
        self.fails("Incomplete", pattern, "assemble", {"job": "out/job.json"})
        self.put("out/job.json", job)
        self.refused_with_text(pattern)

    def refused_with_text(self, pattern="part_0000"):
        self.fails("Incomplete", pattern, "assemble", {"job": "out/job.json"})
        self.assertFalse(os.path.exists(self.path("new.txt")) or os.path.exists(self.path("out/manifest.json")))
        self.map(self.tasks)

    def forge(self, part, lines, note=None):
        """Another content, with a note that agrees."""
        data = b"".join(line + b"\n" for line in lines)
        name = f"part_{part:05}.jsonl"
        self.put("out/" + name, data)
        note = {"part": part, "bytes": len(data), "xxh3_file": xxh3(data), "paragraphs": len(lines),
                **(note or {})}
        self.put(f"out/.tile/{name}.json", json.dumps(note).encode())

    def test_missing(self):
        for name in "out/part_00000.jsonl", "out/part_00001.jsonl", "out/.tile/part_00001.jsonl.json":
            os.remove(self.path(name))
            self.refused(name[-16:-6] if ".tile" in name else name)

    def test_bytes(self):
        whole = self.get("out/part_00001.jsonl")
        lines = whole.splitlines(keepends=True)
        for data in (b"", lines[0], whole[:-1], whole + whole, whole.replace(b"words\":1", b"words\":2"),
                     whole.replace(b"\"xxh3\":\"", b"\"xxh3\":\"0"), whole.replace(b":", b": "), b"\0" * 1000, b"x" * 10**6,
                     whole.replace(b"}\n", b"}\0\n")):
            self.assertNotEqual(data, whole)
            self.put("out/part_00001.jsonl", data)
            self.refused()

    @unittest.skipIf(not xxhash, "no XXH3 to forge a note with")
    def test_forged(self):
        one, two = self.get("out/part_00000.jsonl").splitlines()
        three, four = self.get("out/part_00001.jsonl").splitlines()
        forge = self.forge
        forge(1, [three, four])
        self.assemble()
        os.remove(self.path("new.txt"))
        os.remove(self.path("out/manifest.json"))
        for part, lines, note in [
                (1, [four, three], {}), (1, [three, three], {}), (1, [four], {}), (1, [], {}), (0, [one, two, three], {}),
                (1, [two, three, four], {}), (0, [one, two.replace(b"bytes\":12", b"bytes\":15")], {}),
                (0, [one, two.replace(b"bytes\":12", b"bytes\":0")], {}),
                (0, [one, two.replace(b"bytes\":12", b"bytes\":18446744073709551615")], {}),
                (0, [one, two.replace(b"bytes\":12", b"bytes\":99999999999999999999")], {}),
                (1, [three + b"\0x", four], {}), (1, [three + b"x", four], {}), (1, [three[:-1], four], {}),
                (1, [three.replace(b"words\":1", b"words\":18446744073709551617"), four], {}),
                (0, [one, two.replace(b"offset\":6", b"offset\":-6")], {}), (1, [three, four], {"part": 0}),
                (1, [three, four], {"paragraphs": 3}), (1, [three, four], {"bytes": 5}), (1, [three, four], {"xxh3_file": 5})]:
            forge(part, lines, note)
            self.refused()
        for other in two.replace(b"bytes\":12", b"bytes\":11"), two.replace(b"xxh3\":\"", b"xxh3\":\"0", 1)[:-3] + b"\"}":
            forge(0, [one, other])
            self.refused_with_text("byte 6 of text.txt")

    def test_jobs(self):
        job = json.loads(self.get("out/job.json"))
        for members, pattern in [
                ({"ranges": [[0, 20], [21, 14]]}, "ranges"), ({"ranges": [[0, 20], [20, 13]]}, "ranges"),
                ({"ranges": [[0, 20]]}, "ranges"), ({"ranges": [[0, 20], [20, 14], [34, 0]], "tiles": 3}, "ranges"),
                ({"ranges": []}, "ranges"), ({"ranges": 5, "tiles": 0}, "tiles"), ({"tiles": 1 << 50}, "tiles"),
                ({"ranges": [[0, 20], [20, "15"]]}, "ranges"), ({"size": 99}, "ranges"), ({"size": "99"}, "size"),
                ({"job": 2}, "job"), ({"source": None}, "source"), ({"etag": 5}, "etag"), ({"output": ""}, "output"),
                ({"output": "../out"}, "out"), ({"text": "text.txt"}, "source"), ({"text": None}, "text"),
                ({"figures": 1}, "figures"), ({"kind": "texts"}, "kind")]:
            self.put("out/job.json", json.dumps({**job, **members}).encode())
            self.fails("BadRequest", pattern, "assemble", {"job": "out/job.json"})
        for name in job:
            if name not in ("text", "figures"):
                self.put("out/job.json", json.dumps({key: job[key] for key in job if key != name}).encode())
                self.fails("BadRequest", ".", "assemble", {"job": "out/job.json"})


# ---- S3 ----

class Store(Case):
    @classmethod
    def setUpClass(cls):
        try:
            cls.server = Server()
        except SystemExit as ended:
            raise unittest.SkipTest("there is no S3 server") from ended
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        super().setUp()
        self.bucket = Bucket(self.server.endpoint, "tile")
        self.proxy = Proxy(self.server.endpoint)
        self.addCleanup(self.proxy.stop)
        self.environment = environment(self.proxy.endpoint)
        self.prefix = os.path.basename(self.folder) + "/"
        self.addCleanup(lambda: [self.bucket.delete(key) for key in self.bucket.list(self.prefix)])
        self.data = large_text(2 << 20 if sanitized() else 8 << 20)
        self.put("text.txt", self.data)
        self.bucket.put(self.prefix + "text", self.data)

    def url(self, name):
        return "s3://tile/" + self.prefix + name

    def lines(self, name):
        return [json.loads(line) for line in self.bucket.get(self.prefix + name)[0].splitlines()]

    def read_by_now(self):
        return self.proxy.count("/tile/" + self.prefix + "text")

    def test_run(self):
        size = len(self.data) // 40
        self.done("plan", {"source": self.url("text"), "type": "text/plain", "output": self.url("out/"), "range": size,
                           "text": self.url("new.txt")})
        tasks = self.lines("out/plan.jsonl")
        self.assertGreater(len(tasks), 30)
        planned = self.read_by_now()
        self.assertTrue(0 < planned <= len(tasks) * (16 << 10), planned)
        self.map(tasks)
        mapped = self.read_by_now() - planned
        self.assertTrue(len(self.data) <= mapped <= len(self.data) + len(tasks) * (8 << 10), mapped)
        answer = self.done("assemble", {"job": self.url("out/job.json")})
        self.assertLessEqual(self.read_by_now() - planned - mapped, len(self.data))
        paragraphs = [paragraph for _, paragraph in paragraphs_of(self.data)]
        self.assertEqual(answer["paragraphs"], len(paragraphs))
        self.assertEqual(self.bucket.get(self.prefix + "new.txt")[0], b"\n\n".join(paragraphs) + b"\n")
        # Of a local file, the same.
        local = self.plan(range=size)
        self.map(local)
        for task in local:
            self.assertEqual(self.bucket.get(self.prefix + task["output"])[0], self.get(task["output"]))

    def test_what_goes_wrong(self):
        self.done("plan", {"source": self.url("text"), "type": "text/plain", "output": self.url("out"),
                           "range": len(self.data) // 3, "text": self.url("new.txt")})
        tasks = self.lines("out/plan.jsonl")
        job = {"job": self.url("out/job.json")}
        self.fails("Incomplete", "part_0000", "assemble", job)
        self.map(tasks)
        self.bucket.put(self.prefix + "text", self.data.swapcase())
        for task in tasks[0], tasks[-1]:
            self.fails("SourceChanged", "/text: ", "text", task)
        self.fails("SourceChanged", "/text: ", "assemble", job)
        self.bucket.delete(self.prefix + "text")
        for task in tasks[0], tasks[-1]:
            self.fails("SourceNotFound", "/text: ", "text", task)
        self.fails("SourceNotFound", "/text: ", "assemble", job)
        self.bucket.put(self.prefix + "text", self.data)
        self.environment["AWS_SECRET_ACCESS_KEY"] = "another"
        self.fails("SourceDenied", "/text: ", "text", tasks[0])
        self.assertNotIn(self.prefix + "new.txt", self.bucket.list(self.prefix))
        self.assertNotIn(self.prefix + "out/manifest.json", self.bucket.list(self.prefix))


if __name__ == "__main__":
    HANDLER = os.path.abspath(sys.argv.pop(1))
    unittest.main(warnings="ignore", verbosity=2)  # connections to the store stay open
