# SPDX-License-Identifier: MIT
"""many.py TILE-HANDLER TILE-CONVERT FIXTURES: what assemble asks of the store, of a run of 200,000 tiles.

The tiles are not made: what their batches would have left of them is put into the store.
"""
import hashlib
import json
import time
import unittest
import urllib.parse

import tile_s3

WIDTH, HEIGHT = 500, 400


class Request(tile_s3.Request):
    """Takes objects in parts, too."""

    def query(self):
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query, keep_blank_values=True))

    def do_PUT(self):
        if "partNumber" not in self.query():
            return super().do_PUT()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.parts[self.name(), int(self.query()["partNumber"])] = body
        self.answer(200, b"", {"ETag": '"%s"' % hashlib.md5(body).hexdigest()})

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "uploads" in self.query():
            return self.answer(200, b"<InitiateMultipartUploadResult><UploadId>1</UploadId>"
                                    b"</InitiateMultipartUploadResult>")
        parts = sorted(part for part in self.server.parts if part[0] == self.name())
        self.server.put(self.name(), b"".join(self.server.parts.pop(part) for part in parts))
        self.answer(200, b'<CompleteMultipartUploadResult><ETag>"1-1"</ETag></CompleteMultipartUploadResult>')


tile_s3.Request = Request


class Many(tile_s3.Objects):
    def setUp(self):
        super().setUp()
        self.store.parts = {}
        self.store.put("in-bucket/a.png", tile_s3.png(WIDTH, HEIGHT))
        self.plan = self.invoke({"source": "s3://in-bucket/a.png", "tile": 1, "format": "bmp",
                                 "output": "s3://out-bucket/o/"}, "plan")
        self.names = [self.name(first) for first in range(0, WIDTH * HEIGHT, self.plan["batch"])]
        for name in self.names:
            self.store.put(name, self.records(name))

    def name(self, first):
        last = min(first + self.plan["batch"], WIDTH * HEIGHT) - 1
        return "%s%d-%d.json" % (self.plan["records"].removeprefix("s3://"), first, last)

    @staticmethod
    def record(number):
        row, column = divmod(number, WIDTH)
        return ('{"row":%d,"column":%d,"rect":[%d,%d,1,1],"size":[1,1],"file":"r%d_c%d.bmp","bytes":58,'
                '"xxh3_file":"%032x"}' % (row, column, column, row, row, column, number))

    def records(self, name):
        first, last = map(int, name.rsplit("/", 1)[1][:-5].split("-"))
        text = '{"job":"%s","first":%d,"last":%d,"tiles":[\n' % (name.rsplit("/", 2)[1], first, last)
        text += ",\n".join(self.record(number) for number in range(first, last + 1)) + "\n]"
        return (text + ',"sha256":"%s"}\n' % hashlib.sha256(text.encode()).hexdigest()).encode()

    def test_requests(self):
        self.assertEqual(self.plan["tiles"], WIDTH * HEIGHT)
        before, begun = self.store.requests, time.monotonic()
        answer = self.invoke({"job": self.plan["job"]}, "assemble")
        requests = self.store.requests - before
        print("%d batches, %d requests, %.1f s" % (len(self.names), requests, time.monotonic() - begun))
        self.assertEqual(answer["tiles"], WIDTH * HEIGHT)
        self.assertLessEqual(requests, len(self.names) + 20)
        lines = self.store.objects["out-bucket/o/manifest.json"][0].decode().splitlines()
        self.assertEqual(len(lines), WIDTH * HEIGHT + 2)
        self.assertEqual([line.rstrip(",") for line in lines[1:-1]], [self.record(i) for i in range(WIDTH * HEIGHT)])

        # Of a batch that left nothing, each tile is asked for. They are not there: their tasks are listed.
        lost = self.names[7]
        del self.store.objects[lost], self.store.objects["out-bucket/o/manifest.json"]
        before = self.store.requests
        done = self.run_handler("assemble", {"job": self.plan["job"]})
        self.assertIn("Function.Incomplete", done.stderr.decode())
        self.assertLessEqual(self.store.requests - before, len(self.names) + self.plan["batch"] + 40)
        listed = self.store.objects[self.plan["records"].removeprefix("s3://") + "missing.jsonl"][0].splitlines()
        tasks = self.store.objects["out-bucket/o/plan.jsonl"][0].splitlines()
        self.assertEqual(listed, tasks[7 * self.plan["batch"]:8 * self.plan["batch"]])
        self.assertNotIn("out-bucket/o/manifest.json", self.store.objects)


if __name__ == "__main__":
    unittest.main(argv=["many.py", "Many.test_requests"])
