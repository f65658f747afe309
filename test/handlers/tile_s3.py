#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The tile handler on objects: tile_s3.py TILE-HANDLER TILE-CONVERT FIXTURES.

The store is a small one in this process, which believes any signature and notes which bytes of what it gave away.
"""
import base64
import hashlib
import http.server
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
import zlib

import scratch
from noise import noise
from scratch import FORMAT
from simulator import Function

HANDLER, CONVERT, FIXTURES = sys.argv[1:4]


class Store(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Request)
        self.objects = {}  # "bucket/key" -> (bytes, headers)
        self.requests = 0
        self.given = []  # (name, first, end)
        self.broken = set()  # names that are answered with 500
        self.locked = set()  # names that may not be written
        self.versions = {}  # (name, versionId) -> (bytes, headers), of buckets that keep them
        self.checksums = False  # whether it vouches for what it holds, as S3 does
        self.gone = {}  # name -> (GETs that are answered, status and code of those after them)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, address):
        pass  # reads ahead are given up when a handler ends

    def put(self, name, body, headers=None):
        self.objects[name] = (body, headers or {})

    def put_versions(self, name, bodies):
        """The last one's is the newest."""
        self.versions.update({(name, version): (body, {}) for version, body in bodies.items()})
        self.put(name, list(bodies.values())[-1])

    def etag(self, name):
        return hashlib.md5(self.objects[name][0]).hexdigest()


class Request(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def parse_request(self):
        self.server.requests += 1
        return super().parse_request()

    def name(self):
        return urllib.parse.unquote(self.path.split("?")[0])[1:]

    def answer(self, status, body=b"", headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if "Content-Length" not in (headers or {}):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status, code):
        self.answer(status, f"<Error><Code>{code}</Code></Error>".encode(), {"Content-Type": "application/xml"})

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        name = self.name()
        if name in self.server.broken:
            return self.refuse(500, "InternalError")
        if name not in self.server.objects:
            return self.refuse(404, "NoSuchKey")
        found = self.server.objects[name]
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        if "versionId" in query:
            found = self.server.versions.get((name, query["versionId"][0]))
            if not found:
                return self.refuse(404, "NoSuchVersion")
        after, refusal = self.server.gone.get(name, (1 << 30, None))
        if self.command == "GET" and after == 0:
            return self.refuse(*refusal)
        self.server.gone[name] = (after - (self.command == "GET"), refusal)
        body, headers = found
        etag = f'"{hashlib.md5(body).hexdigest()}"'
        if self.headers.get("If-Match", etag) != etag:
            return self.refuse(412, "PreconditionFailed")
        headers = dict(headers, ETag=etag)
        if self.server.checksums and self.headers.get("x-amz-checksum-mode") == "ENABLED":
            headers["x-amz-checksum-sha256"] = base64.b64encode(hashlib.sha256(body).digest()).decode()
        first, end, status = 0, len(body), 200
        if "Range" in self.headers:
            first, last = self.headers["Range"].removeprefix("bytes=").split("-")
            first, end, status = int(first), min(int(last) + 1, len(body)), 206
            headers["Content-Range"] = f"bytes {first}-{end - 1}/{len(body)}"
        if self.command == "HEAD":
            headers["Content-Length"] = str(len(body))
        else:
            self.server.given.append((name, first, end))
        self.answer(status, body[first:end], headers)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.name() in self.server.locked:
            return self.refuse(403, "AccessDenied")
        kept = {n: v for n, v in self.headers.items() if n.lower().startswith("x-amz-meta-")}
        self.server.put(self.name(), body, dict(kept, **{"Content-Type": self.headers.get("Content-Type", "")}))
        self.answer(200, b"", {"ETag": f'"{self.server.etag(self.name())}"'})


def read(name):
    with open(os.path.join(FIXTURES, name), "rb") as file:
        return file.read()


def png(width, height):
    """Smooth with noise in it: it has some bytes everywhere, as a JPEG too."""
    noise = random.Random(5)
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        rows += bytes((x + y + n) & 255 for x, n in zip(range(width), noise.randbytes(width)))
    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(rows), 1)) +
            chunk(b"IEND", b""))


class Objects(unittest.TestCase):
    def setUp(self):
        self.store = Store()
        self.store.put("in-bucket/in/a b+c\u00e9.jpg", read("photo.jpg"))
        self.folder = scratch.make()

    def tearDown(self):
        self.store.shutdown()
        self.store.server_close()
        shutil.rmtree(self.folder)

    def run_handler(self, name, event, **environment):
        variables = {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{self.store.server_port}", "AWS_ACCESS_KEY_ID": "a",
                     "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1", "PATH": os.environ["PATH"]}
        variables.update({n: v for n, v in os.environ.items() if n.endswith("SAN_OPTIONS")})
        variables.update(environment)
        return subprocess.run([HANDLER, "--local", name], input=json.dumps(event).encode(), capture_output=True,
                              env=variables)

    def invoke(self, event, name="tile", **environment):
        done = self.run_handler(name, event, **environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def fails(self, event, kind, **environment):
        done = self.run_handler("tile", event, **environment)
        self.assertEqual(done.returncode, 1, done.stdout)
        why = json.loads(done.stderr.splitlines()[-1])
        self.assertEqual(why["errorType"], "Function." + kind, why)
        return why["errorMessage"]

    def whole(self, source, *options):
        """The one tile that tile-convert makes of all of it, and its record."""
        path = os.path.join(self.folder, "source" + os.path.splitext(source)[1])
        out = tempfile.mkdtemp(dir=self.folder)
        with open(path, "wb") as file:
            file.write(self.store.objects[source][0])
        subprocess.run([CONVERT, path, "-s", "65000", *options, "-o", out], check=True, capture_output=True)
        names = [n for n in os.listdir(out) if n.startswith("r0_c0.")]
        with open(os.path.join(out, names[0]), "rb") as file:
            tile = file.read()
        with open(os.path.join(out, "manifest.json")) as file:
            return tile, json.load(file)["tiles"][0]

    def notification(self, key, etag=None, name="ObjectCreated:Put"):
        described = {"key": key, "size": len(read("photo.jpg"))}
        if etag:
            described["eTag"] = etag
        return {"Records": [{"eventSource": "aws:s3", "eventName": name,
                             "s3": {"bucket": {"name": "in-bucket"}, "object": described}}]}

    TASK = json.dumps({"to": "lab", "format": FORMAT, "output": "s3://out-bucket/o/"})
    KEY = "in/a+b%2Bc%C3%A9.jpg"
    NAME = "in-bucket/in/a b+c\u00e9.jpg"
    OUT = "out-bucket/o/in/a b+c\u00e9." + FORMAT

    def check_output(self, name=OUT):
        tile, record = self.whole(self.NAME, "-t", "lab", "-f", FORMAT)
        body, headers = self.store.objects[name]
        self.assertEqual(body, tile)
        self.assertEqual(headers["Content-Type"], scratch.MEDIA_TYPE)
        notes = [v for n, v in headers.items() if n.lower().startswith("x-amz-meta-")]
        self.assertIn(record, [json.loads(n) for n in notes if n.startswith("{")])

    def test_an_object_is_told_of(self):
        answer = self.invoke(self.notification(self.KEY, self.store.etag(self.NAME)), TILE_TASK=self.TASK)
        self.assertEqual(answer["tiles"], 1)
        self.check_output()
        self.assertEqual(len(self.store.objects), 2)

    def test_one_output_for_all(self):
        task = json.dumps({"to": "lab", "output": "s3://out-bucket/latest." + FORMAT})
        self.invoke(self.notification(self.KEY), TILE_TASK=task)
        self.check_output("out-bucket/latest." + FORMAT)

    def test_an_older_object_is_not_taken_for_it(self):
        message = self.fails(self.notification(self.KEY, "0" * 32), "SourceChanged", TILE_TASK=self.TASK)
        self.assertIn("s3://in-bucket/in/a b+c\u00e9.jpg", message)
        self.fails(self.notification("in/b.jpg"), "SourceNotFound", TILE_TASK=self.TASK)
        self.fails(self.notification("in/b.jpg", "0" * 32), "SourceNotFound", TILE_TASK=self.TASK)
        self.assertEqual(len(self.store.objects), 1)

    def test_the_source_is_not_written_over(self):
        task = {"source": "s3://" + self.NAME, "output": "s3://" + self.NAME, "to": "gray"}
        self.assertIn("output: is the source", self.fails(task, "BadRequest"))
        self.assertEqual(self.store.objects[self.NAME][0], read("photo.jpg"))

    def test_told_of_by_messages(self):
        bodies = {"a": self.notification(self.KEY), "b": self.notification("in/missing.jpg"),
                  "c": {"Service": "Amazon S3", "Event": "s3:TestEvent"}, "d": self.notification("in/second.jpg")}
        self.store.put("in-bucket/in/second.jpg", read("photo.jpg"))
        bodies["d"]["Records"] += self.notification("%zz")["Records"]
        event = {"Records": [{"eventSource": "aws:sqs", "messageId": n, "body": json.dumps(b)}
                             for n, b in bodies.items()]}
        answer = self.invoke(event, TILE_TASK=self.TASK)
        self.assertEqual(answer, {"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "d"}]})
        self.check_output()
        self.assertNotIn("out-bucket/o/in/second." + FORMAT, self.store.objects)  # a message is done as a whole or not

    def test_batch_operations(self):
        self.store.broken.add("in-bucket/in/broken.jpg")
        tasks = [{"taskId": "1", "s3Key": self.KEY, "s3Bucket": "in-bucket"},
                 {"taskId": "2", "s3Key": "in/missing.jpg", "s3Bucket": "in-bucket"},
                 {"taskId": "3", "s3Key": "in/broken.jpg", "s3BucketArn": "arn:aws:s3:::in-bucket"}]
        answer = self.invoke({"invocationSchemaVersion": "2.0", "invocationId": "x", "job": {"id": "y"},
                              "tasks": tasks}, TILE_TASK=self.TASK)
        self.assertEqual([(r["taskId"], r["resultCode"]) for r in answer["results"]],
                         [("1", "Succeeded"), ("2", "PermanentFailure"), ("3", "TemporaryFailure")])
        self.assertEqual(answer["results"][0]["resultString"], "s3://" + self.OUT)
        self.assertIn("s3://in-bucket/in/missing.jpg", answer["results"][1]["resultString"])
        self.check_output()

    def test_large_tiles_end_by_the_deadline(self):
        """And they are not called passing: the next invocation would have no more time."""
        self.store.put("in-bucket/in/large.png", noise(4096))
        task = json.dumps({"format": "png", "compression": 9, "output": "s3://out-bucket/o/"})
        function = Function(HANDLER, "tile", env={
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{self.store.server_port}", "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b", "TILE_TASK": task})
        self.addCleanup(lambda: function.__exit__(None))
        function.wait_for_next()
        batch = {"invocationSchemaVersion": "2.0", "invocationId": "x", "job": {"id": "y"},
                 "tasks": [{"taskId": "1", "s3Key": "in/large.png", "s3Bucket": "in-bucket"}]}
        for event in batch, self.notification("in/large.png"):
            for _ in range(3):  # on a machine that has much else to do
                ok, answer = function.invoke(event, deadline=2.0)
                late = time.time() - function.last.deadline
                if late < 0:
                    break
            self.assertLess(late, 0)
            if event is batch:
                self.assertEqual(answer["results"][0]["resultCode"], "PermanentFailure", answer)
            else:
                self.assertEqual((ok, answer["errorType"]), (False, "Function.TimeoutTooShort"))
        self.assertEqual(len(self.store.objects), 2)

    BATCH = {"invocationSchemaVersion": "2.0", "invocationId": "x"}

    def put_two(self):
        """Two versions of an object, of which the older one is a PNG of gray; their pixels, as tile-convert has them."""
        bodies = {"old/+=": png(40, 30), "new": read("photo.jpg")}
        self.store.put_versions("in-bucket/v.jpg", bodies)
        pixels = {}
        for version, body in bodies.items():
            self.store.put("in-bucket/one", body)
            pixels[version] = self.whole("in-bucket/one", "-t", "srgb", "-f", "png")[0]
        return bodies, pixels

    def test_batch_operations_read_the_version_that_is_listed(self):
        _, pixels = self.put_two()
        task = json.dumps({"to": "srgb", "format": "png", "output": "s3://out-bucket/o/"})
        for schema in "1.0", "2.0":
            for version, content in (("old/+=", "old/+="), ("new", "new"), (None, "new"), ("", "new")):
                tasks = [{"taskId": "1", "s3Key": "v.jpg", "s3Bucket": "in-bucket", "s3VersionId": version}]
                event = dict(self.BATCH, invocationSchemaVersion=schema, job={"id": "y"}, tasks=tasks)
                answer = self.invoke(event, TILE_TASK=task)
                self.assertEqual(answer["results"][0]["resultCode"], "Succeeded", answer)
                self.assertEqual(self.store.objects["out-bucket/o/v.png"][0], pixels[content], version)
        for version in "none", "a\r\nb", 7:
            tasks = [{"taskId": "1", "s3Key": "v.jpg", "s3Bucket": "in-bucket", "s3VersionId": version}]
            answer = self.invoke(dict(self.BATCH, job={"id": "y"}, tasks=tasks), TILE_TASK=task)
            self.assertEqual(answer["results"][0]["resultCode"], "PermanentFailure", answer)

    def test_a_notification_is_of_its_version(self):
        bodies, pixels = self.put_two()
        task = json.dumps({"to": "srgb", "format": "png", "output": "s3://out-bucket/o/"})
        for version, body in bodies.items():
            for size in len(body), None:
                event = self.notification("v.jpg", hashlib.md5(body).hexdigest())
                event["Records"][0]["s3"]["object"].update({"versionId": version, "size": size})
                if size is None:
                    del event["Records"][0]["s3"]["object"]["size"]
                self.invoke(event, TILE_TASK=task)
                self.assertEqual(self.store.objects["out-bucket/o/v.png"][0], pixels[version])
        event = self.notification("v.jpg")
        event["Records"][0]["s3"]["object"].update({"versionId": None, "size": len(bodies["new"])})
        self.invoke(event, TILE_TASK=task)
        self.assertEqual(self.store.objects["out-bucket/o/v.png"][0], pixels["new"])

    def test_a_batch_of_tasks_of_both_versions(self):
        _, pixels = self.put_two()
        tasks = [{"source": "s3://in-bucket/v.jpg", "version": version, "to": "srgb",
                  "output": f"s3://out-bucket/{number}.png"} for number, version in enumerate(pixels)]
        self.invoke({"Items": tasks})
        for number, content in enumerate(pixels.values()):
            self.assertEqual(self.store.objects[f"out-bucket/{number}.png"][0], content)
        self.assertIn("s3://in-bucket/v.jpg", self.fails(dict(tasks[0], version="none"), "SourceNotFound"))
        self.fails(dict(tasks[0], version=7), "BadRequest")
        self.fails({"image": "AAAA", "version": "new", "output": "s3://out-bucket/a.png"}, "BadRequest")

    def test_a_jobs_arguments_are_the_tasks_options(self):
        tasks = [{"taskId": "1", "s3Key": self.KEY, "s3Bucket": "in-bucket"}]

        def results(arguments, **environment):
            event = dict(self.BATCH, job={"id": "y", "userArguments": arguments}, tasks=tasks)
            return self.invoke(event, **environment)["results"][0]

        gray = {"to": "gray", "format": FORMAT, "output": "s3://out-bucket/o/", "region": [0, 0, 8, 8]}
        arguments = {"to": "lab", "region": "0,0,64,64", "lenient": "true"}
        self.assertEqual(results(arguments, TILE_TASK=json.dumps(gray))["resultCode"], "Succeeded")
        self.assertEqual(self.store.objects[self.OUT][0], self.whole(self.NAME, "-t", "lab", "-f", FORMAT,
                                                                     "--region", "0,0,64,64")[0])
        # All of it may be the job's.
        whole = {"to": "lab", "format": FORMAT, "output": "s3://out-bucket/o/"}
        self.assertEqual(results(whole)["resultCode"], "Succeeded")
        self.check_output()
        self.assertEqual(results(None, TILE_TASK=self.TASK)["resultCode"], "Succeeded")
        for arguments, word in (({"quallity": "90"}, "quallity"), ({"quality": "many"}, "quality"), ([], "userArguments"),
                                ("to", "userArguments"), ({"source": "s3://in-bucket/other"}, "source"),
                                ({"version": "1"}, "version"), ({"etag": "1"}, "etag")):
            result = results(arguments, TILE_TASK=self.TASK)
            self.assertEqual(result["resultCode"], "PermanentFailure")
            self.assertIn(word, result["resultString"])
        self.assertIn("TILE_TASK", results(None)["resultString"])

    def put_large(self):
        """A JPEG of some megabytes."""
        paths = [os.path.join(self.folder, n) for n in ("large.png", "large.jpg")]
        with open(paths[0], "wb") as file:
            file.write(png(2400, 2400))
        subprocess.run([CONVERT, paths[0], "-Q", "95", "-o", paths[1]], check=True, capture_output=True)
        with open(paths[1], "rb") as file:
            self.store.put("in-bucket/large.jpg", file.read())
        self.assertGreater(len(self.store.objects["in-bucket/large.jpg"][0]), 4 << 20)

    def check_reads(self, most):
        """No byte of it is asked for twice, and only this share of all."""
        given = sorted((first, end) for name, first, end in self.store.given if name == "in-bucket/large.jpg")
        for (_, end), (first, _) in zip(given, given[1:]):
            self.assertLessEqual(end, first)
        read_bytes = sum(end - first for first, end in given)
        self.assertLess(read_bytes, most * len(self.store.objects["in-bucket/large.jpg"][0]))

    def test_every_byte_is_read_once(self):
        self.put_large()
        self.invoke({"source": "s3://in-bucket/large.jpg", "tile": [200, 200], "format": "png",
                     "output": "s3://out-bucket/tiles/"}, "plan")
        plan = self.store.objects["out-bucket/tiles/plan.jsonl"][0].decode().splitlines()
        tasks = [json.loads(line) for line in plan]
        self.assertEqual(len(tasks), 144)
        top, row = ([t for t in tasks if t["row"] == n] for n in (0, 6))
        for batch, most in (([row[5]], .15), (row, .15), (top, .15), (tasks, 1.001)):
            self.store.given.clear()
            self.assertEqual(self.invoke({"Items": batch})["tiles"], len(batch))
            if len(batch) < len(tasks):  # more are worked on in parts
                self.check_reads(most)
        out = os.path.join(self.folder, "run")
        subprocess.run([CONVERT, os.path.join(self.folder, "large.jpg"), "-s", "200", "-f", "png", "-o", out],
                       check=True, capture_output=True)
        for task in tasks:
            with open(os.path.join(out, task["output"].rsplit("/", 1)[1]), "rb") as file:
                self.assertEqual(self.store.objects[task["output"].removeprefix("s3://")][0], file.read())

    def test_a_profile_is_read_once(self):
        profile = read("p3-profile.png")
        at = profile.index(b"iCCP")
        size = int.from_bytes(profile[at - 4:at], "big")
        self.store.put("in-bucket/p3.icc", zlib.decompress(profile[at + 4:at + 4 + size].split(b"\0", 1)[1][1:]))
        plan = self.invoke({"source": "s3://" + self.NAME, "output": "s3://out-bucket/o/", "tile": 100,
                            "to-profile": "s3://in-bucket/p3.icc"}, "plan")
        tasks = [json.loads(line) for line in self.store.objects["out-bucket/o/plan.jsonl"][0].splitlines()]
        self.assertEqual(len(tasks), 35)
        messages = [{"eventSource": "aws:sqs", "messageId": task["output"], "body": json.dumps(task)} for task in tasks]
        for event in ({"BatchInput": {}, "Items": tasks}, {"Records": messages}):
            self.store.given.clear()
            self.invoke(event)
            self.assertEqual([name for name, _, _ in self.store.given].count("in-bucket/p3.icc"), 1)
        self.store.given.clear()
        self.invoke({"job": plan["job"]}, "assemble")
        self.assertNotIn("in-bucket/p3.icc", [name for name, _, _ in self.store.given])
        # Each is of the version that was planned, whichever was read before it.
        tasks[3]["to-profile-etag"] = "0" * 32
        self.assertIn("p3.icc", self.fails({"BatchInput": {}, "Items": tasks}, "SourceChanged"))

    def test_an_index_that_is_shared_is_read_once(self):
        self.store.put("in-bucket/a.png", png(1200, 1200))
        self.invoke({"source": "s3://in-bucket/a.png", "tile": [200, 200], "format": "npy",
                     "output": "s3://out-bucket/tiles/"}, "plan")
        tasks = [json.loads(line) for line in self.store.objects["out-bucket/tiles/plan.jsonl"][0].splitlines()]
        self.assertEqual({t["index"] for t in tasks}, {"s3://out-bucket/tiles/index.tix"})
        self.store.given.clear()
        self.assertEqual(self.invoke({"Items": tasks})["tiles"], 36)
        index = [end - first for name, first, end in self.store.given if name.endswith(".tix")]
        self.assertEqual(index, [len(self.store.objects["out-bucket/tiles/index.tix"][0])])

    def test_without_an_index_it_is_read_once_too(self):
        self.put_large()
        tasks = [{"source": "s3://in-bucket/large.jpg", "region": [300 * i, 300 * j, 300, 300], "format": "png",
                  "output": f"s3://out-bucket/{i}-{j}.png"} for i in (4, 1) for j in (3, 0, 2)]
        self.store.given.clear()
        self.assertEqual(self.invoke({"Items": tasks})["tiles"], 6)
        self.check_reads(1.001)

    def test_a_source_that_changed_since_the_plan(self):
        self.store.put("in-bucket/a.jpg", read("photo.jpg"))
        self.invoke({"source": "s3://in-bucket/a.jpg", "tile": 64, "output": "s3://out-bucket/tiles/"}, "plan")
        tasks = [json.loads(line) for line in self.store.objects["out-bucket/tiles/plan.jsonl"][0].splitlines()]
        self.store.put("in-bucket/a.jpg", read("photo.jpg")[:-9] + b"123456789")
        there = set(self.store.objects)
        self.fails({"Items": tasks}, "SourceChanged")
        self.fails(tasks[0], "SourceChanged")
        del self.store.objects["in-bucket/a.jpg"]
        self.fails(tasks[0], "SourceNotFound")
        self.assertEqual(set(self.store.objects), there - {"in-bucket/a.jpg"})

    def run_job(self):
        """Plans and makes all tiles; their names and the event to assemble them with."""
        plan = self.invoke({"source": "s3://" + self.NAME, "output": "s3://out-bucket/o/", "tile": 200}, "plan")
        lines = self.store.objects["out-bucket/o/plan.jsonl"][0].splitlines()
        tasks = [json.loads(line) for line in lines]
        self.invoke({"Items": tasks})
        self.store.given.clear()
        return [task["output"].removeprefix("s3://") for task in tasks], {"job": plan["job"]}

    def tiles_read(self, tiles):
        return [name for name, _, _ in self.store.given if name in tiles]

    def test_a_store_that_vouches_is_believed(self):
        self.store.checksums = True
        tiles, event = self.run_job()
        self.assertEqual(self.invoke(event, "assemble")["tiles"], len(tiles))
        self.assertEqual(self.tiles_read(tiles), [])
        believed = self.store.objects["out-bucket/o/manifest.json"][0]
        self.store.checksums = False
        self.invoke(dict(event, verify=True), "assemble")
        self.assertEqual(sorted(self.tiles_read(tiles)), sorted(tiles))
        self.assertEqual(self.store.objects["out-bucket/o/manifest.json"][0], believed)

    def test_notes_of_other_bytes_are_found_out(self):
        for checksums in (True, False):
            self.store.checksums = checksums
            tiles, event = self.run_job()
            body, headers = self.store.objects[tiles[5]]
            self.store.put(tiles[5], body[:-1] + bytes([body[-1] ^ 1]), headers)
            done = self.run_handler("assemble", event)
            self.assertIn("Function.Incomplete", done.stderr.decode())
            self.assertIn(os.path.basename(tiles[5]), done.stderr.decode())


    def test_gone_or_denied_while_it_is_read(self):
        """The kind of a failure is the store's, though it is the library that reads."""
        self.store.put("in-bucket/a.png", png(500, 500))
        task = {"source": "s3://in-bucket/a.png", "region": [400, 400, 64, 64], "output": "s3://out-bucket/a.npy"}
        plan = {"source": "s3://in-bucket/a.png", "tile": 200, "format": "npy", "output": "s3://out-bucket/tiles/"}
        answer = self.invoke(dict(plan, image="s3://out-bucket/one.png"), "plan")
        tasks = [json.loads(line) for line in self.store.objects["out-bucket/tiles/plan.jsonl"][0].splitlines()]
        self.invoke({"Items": tasks})
        before = set(self.store.objects)
        for refusal, kind in (((404, "NoSuchKey"), "SourceNotFound"), ((403, "AccessDenied"), "SourceDenied"),
                              ((412, "PreconditionFailed"), "SourceChanged")):
            for after in (0, 1):  # its first bytes come, or not even these
                for handler, event, name in (("tile", task, "a.png"), ("tile", dict(task, lenient=True), "a.png"),
                                             ("plan", dict(plan, tile=100, lenient=True), "a.png"),
                                             ("plan", dict(plan, tile=100), "a.png"),
                                             ("tile", tasks[0], "a.png"), ("assemble", {"job": answer["job"]}, "a.png")):
                    with self.subTest(kind=kind, after=after, handler=handler):
                        if after and event is tasks[0]:
                            continue  # that is all that it reads
                        self.store.gone["in-bucket/" + name] = (after, refusal)
                        done = self.run_handler(handler, event)
                        why = json.loads(done.stderr.splitlines()[-1])
                        self.assertEqual(why["errorType"], "Function." + kind, why)
                        self.assertIn("s3://in-bucket/" + name, why["errorMessage"])
            self.store.gone = {"out-bucket/tiles/index.tix": (0, refusal)}
            self.assertIn("index: s3://out-bucket/tiles/index.tix: ", self.fails(tasks[0], kind))
            self.store.gone = {}
        self.assertEqual({name for name in self.store.objects if "/runs/" not in name}, before)

    def test_a_url_stands_once_in_a_message(self):
        """Whoever it is that tells of it: the store, what waits for it, the library that reads, or the batch."""
        long = "in-bucket/" + "/".join(["folder" * 10] * 6) + "/a.jpg"
        names = [self.NAME, long, "in-bucket/a\u0085b\nc.jpg", "in-bucket/a: b.jpg"]
        for name in names:
            self.store.put(name, read("photo.jpg"))
        self.store.put("in-bucket/bad.jpg", read("photo.jpg")[:999] + bytes(9999))
        self.store.put("in-bucket/no.icc", b"no profile")
        self.store.put("in-bucket/no.tix", b"no index" * 100)
        refusals = [(404, "NoSuchKey"), (412, "PreconditionFailed")]

        def fails(name, event, handler="tile"):
            for batch in (False, True) if handler == "tile" else (False,):
                other = dict(event, output="s3://out-bucket/other.png")
                done = self.run_handler(handler, {"Items": [other, event]} if batch else event)
                self.assertEqual(done.returncode, 1, done.stdout)
                message = json.loads(done.stderr.splitlines()[-1])["errorMessage"]
                shown = re.sub("[\x00-\x1f\x7f-\x9f]", " ", "s3://" + name)
                tail = shown[-200:] + ":" if len(shown) > 255 else shown
                self.assertLessEqual(message.count(tail), 1, message)
                self.assertLessEqual(message.count("s3://out-bucket/b.png"), 1, message)

        for name in names:
            task = {"source": "s3://" + name, "output": "s3://out-bucket/b.png"}
            plan = {"source": "s3://" + name, "output": "s3://out-bucket/tiles/", "tile": 64}
            for after in (0, 1):
                for refusal in refusals:
                    self.store.gone[name] = (after, refusal)
                    fails(name, dict(task, region=[400, 400, 64, 64]))
                    self.store.gone[name] = (after, refusal)
                    fails(name, plan, "plan")
            self.store.gone = {}
            self.store.locked = {"out-bucket/b.png"}
            fails("out-bucket/b.png", task)
            self.store.locked = set()
            fails(name, dict(task, etag="0" * 32))
            fails(name, dict(task, region=[640, 0, 9, 9]))
        for event in ({"source": "s3://in-bucket/bad.jpg", "to-profile": "s3://in-bucket/no.icc"},
                      {"source": "s3://in-bucket/bad.jpg"}, {"source": "s3://in-bucket/none.jpg"},
                      {"source": "s3://" + self.NAME, "index": "s3://in-bucket/no.tix"},
                      {"source": "s3://" + self.NAME, "index": "s3://in-bucket/none.tix"},
                      {"source": "s3://" + self.NAME, "to-profile": "s3://in-bucket/none.icc"}):
            named = event.get("index", event.get("to-profile", event["source"])).removeprefix("s3://")
            fails(named, dict(event, output="s3://out-bucket/b.png"))

    def test_a_tile_that_goes_while_it_is_checked(self):
        answer = self.invoke({"source": "s3://in-bucket/" + self.NAME.split("/", 1)[1], "format": "png",
                              "output": "s3://out-bucket/tiles/"}, "plan")
        plan = self.store.objects["out-bucket/tiles/plan.jsonl"][0].splitlines()
        self.invoke({"Items": [json.loads(line) for line in plan]})
        self.store.gone["out-bucket/tiles/r0_c0.png"] = (0, (404, "NoSuchKey"))
        why = json.loads(self.run_handler("assemble", {"job": answer["job"]}).stderr.splitlines()[-1])
        self.assertEqual(why["errorType"], "Function.Incomplete", why)
        self.assertIn("r0_c0.png", why["errorMessage"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
