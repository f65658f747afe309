# SPDX-License-Identifier: MIT
"""run_refused.py TILE-HANDLER TILE-CONVERT FIXTURES: what plan, tiles and assemble refuse, and what they hold
in memory."""
import json
import os
import random
import shutil
import subprocess

from scratch import FORMAT
from runs import Case, FIXTURES, HANDLER, fixture, interlaced, main, png, read, write


class Memory(Case):
    def test_an_image_that_does_not_fit(self):
        write(self.path("a.png"), interlaced(3000))
        plan = self.done("plan", {"source": "a.png", "output": "out", "image": "one." + FORMAT, "tile": 3000})
        self.work(self.tasks(plan))
        self.environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = "32"
        self.refused("LimitExceeded", "assemble", {"job": plan["job"]}, "a.png", "memory")
        self.assertFalse(os.path.exists(self.path("one." + FORMAT)))

    def test_sources_are_not_all_held(self):
        """Eight times 27 MB, in a function of 128."""
        with open(HANDLER, "rb") as file:
            if b"__asan_init" in file.read():
                self.skipTest("what a sanitizer keeps is counted, too")
        png = interlaced(3000)
        items = []
        for i in range(8):
            write(self.path("%d.png" % i), png)
            items.append({"source": "%d.png" % i, "region": [0, 0, 9, 9], "output": "out/%d.png" % i})
        self.environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = "128"
        run = subprocess.Popen([HANDLER, "--local", "tile"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               env=self.environment, cwd=self.folder)
        run.stdin.write(json.dumps({"Items": items}).encode())
        run.stdin.close()
        _, status, usage = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(run.returncode, 0)
        self.assertLess(usage.ru_maxrss, 128 << 10)


class Job(Case):
    """job.json comes out of a bucket: anything may be in it."""

    def setUp(self):
        super().setUp()
        self.plan = self.planned(tile=200, to="lab")
        self.text = read(self.path("out", "job.json"))
        self.job = json.loads(self.text)

    def assemble(self, job):
        write(self.path("out", "job.json"), job if isinstance(job, bytes) else json.dumps(job).encode())
        answer = self.call("assemble", {"job": "out/job.json"})
        if not answer[0]:
            self.assertFalse(os.path.exists(self.path("out", "manifest.json")), answer)
        return answer

    def test_members(self):
        head = self.job["head"]
        wrong = {
            "job": [0, 2, "1"], "kind": [0, "video", "text "], "source": [0, ""], "etag": [5, ""],
            "size": [0, -1, "1", 1.5, 7], "output": [1, "", "else", "ftp://x/y", "s3://-/y"],
            "tiles": [0, -1, 11, 13, "12", 1 << 62], "options": [1, [], {"tile": 3, "x": 1}, {"edge": 7}],
            "plan": [1, [], "", {}, {"grid": {}}, {"rectangles": [[0, 0, 640, 427]]}, dict(self.job["plan"], size=1)] +
                    [{"grid": dict(self.job["plan"]["grid"], **{name: value})} for name, value in [
                        ("area", 1), ("area", []), ("area", [0, 0, 640]), ("area", [0, 0, 640, 427, 1]),
                        ("area", [0, 0, 0, 427]), ("area", [1, 0, 639, 427]), ("area", [0, 0, 1 << 33, 427]),
                        ("area", [4294967295, 0, 640, 427]), ("area", [0, 0, -1, -1]), ("area", [0, 0, "640", 427]),
                        ("tile", 200), ("tile", []), ("tile", [200]), ("tile", [0, 200]), ("tile", [200, 0]),
                        ("tile", [201, 200]), ("tile", [1, 1]), ("tile", [1 << 40, 200]), ("tile", [-1, 5]),
                        ("overlap", 1), ("overlap", -1), ("edge", "pad"), ("edge", 7), ("layout", "other"), ("x", 1)]],
            "suffix": [1, "", "tiff", "gif", "png/../../x", "jpeg"],
            "head": [1, "", "{", "{}", head + "}", head.replace("1", "2", 1), head.replace("[200,200]", "[201,200]"),
                     head.replace("[0,0,640,427]", "[0,0,640,428]"), head.replace(",", "\n,", 1), head + ",\"size\":1}{",
                     "[" * 5000],
            "image": [1, "", []], "damage": [1, "", []], "batch": [0, -1, "7", 10001], "verify": [0, "true"],
            "replaces": [1, ""],
        }
        self.assertEqual(set(self.job) - set(wrong), set())
        for name, values in wrong.items():
            for value in values + [None]:
                with self.subTest(name=name, value=value):
                    done, answer = self.assemble(dict(self.job, **{name: value}))
                    self.assertFalse(done, answer)
                    self.assertEqual(answer["errorType"], "Function.BadRequest", answer)
                    self.assertTrue(answer["errorMessage"].startswith("out/job.json: "), answer)
        for name in self.job:
            with self.subTest("without " + name):
                done, answer = self.assemble({key: value for key, value in self.job.items() if key != name})
                self.assertFalse(done, answer)
                self.assertEqual(answer["errorType"], "Function.BadRequest", answer)
        self.assertTrue(self.assemble(self.text)[0])

    def test_more_tiles_than_a_run_has(self):
        head = self.job["head"].replace("[200,200]", "[1,1]").replace("[0,0,640,427]", "[0,0,65535,65535]")
        plan = {"grid": dict(self.job["plan"]["grid"], tile=[1, 1], area=[0, 0, 65535, 65535])}
        done, answer = self.assemble(dict(self.job, head=head, plan=plan, tiles=65535 ** 2))
        self.assertFalse(done)
        self.assertEqual(answer["errorType"], "Function.BadRequest")

    def test_a_hundred_thousand_rectangles(self):
        plan = {"rectangles": [[i % 640, i % 427, 1, 1] for i in range(100000)]}
        grid, rectangles = (json.dumps(p, separators=(",", ":"))[1:-1] for p in (self.job["plan"], plan))
        self.assertIn(grid, self.job["head"])
        head = self.job["head"].replace(grid, rectangles)
        done, answer = self.assemble(dict(self.job, head=head, plan=plan, tiles=100000))
        self.assertFalse(done)
        self.assertEqual(answer["errorType"], "Function.Incomplete", answer)
        plan["rectangles"][77][0] += 1
        done, answer = self.assemble(dict(self.job, head=head, plan=plan, tiles=100000))
        self.assertIn("head: ", answer["errorMessage"])

    def test_no_json(self):
        for text in (b"", b"[]", b"1", b"null", b"{\"job\":1}", self.text + b"x", b"[" * 100000, b"\xff" * 100,
                     self.text.replace(b"{", b"{\"job\":1,", 1)):
            done, answer = self.assemble(text)
            self.assertFalse(done)
            self.assertEqual(answer["errorType"], "Function.BadRequest")
        for size in range(0, len(self.text) - 2, 41):
            self.assertFalse(self.assemble(self.text[:size])[0])

    def test_random_bytes(self):
        chance = random.Random(5)
        for _ in range(150):
            text = bytearray(self.text)
            for _ in range(chance.randrange(1, 4)):
                text[chance.randrange(len(text))] = chance.choice(b"\"\\{}[],:0129-aA\n\0\xff")
            done, answer = self.assemble(bytes(text))
            if done:
                os.remove(self.path("out", "manifest.json"))
            else:
                self.assertRegex(answer["errorType"], r"Function\.(BadRequest|Incomplete)", answer)

    def test_elsewhere(self):
        shutil.copytree(self.path("out"), self.path("copy"))
        self.refused("BadRequest", "assemble", {"job": "copy/job.json"}, "copy/job.json", "output")
        self.refused("SourceNotFound", "assemble", {"job": "none/job.json"}, "none/job.json")
        self.refused("BadRequest", "assemble", {"job": "out/job.json", "image": "one.png"}, "image")
        for event in ({}, {"job": 1}, [], 7, {"job": None}):
            self.refused("BadRequest", "assemble", event, "job")


# ---- What a plan refuses --------------------------------------------------------------------------------------


class Refused(Case):
    def refuse(self, kind, *words, **members):
        event = dict({"source": fixture("photo.jpg"), "output": "out"}, **members)
        self.refused(kind, "plan", {key: value for key, value in event.items() if value is not None}, *words)
        self.assertFalse(os.path.exists(self.path("out")))

    def test_members(self):
        self.refuse("BadRequest", "source", source=None)
        self.refuse("BadRequest", "source", source=7)
        self.refuse("BadRequest", "output", output=None)
        self.refuse("BadRequest", "output", output=["x"])
        self.refuse("BadRequest", "colour", colour="lab")
        self.refuse("BadRequest", "to: ", to="colab")
        self.refuse("BadRequest", "etag", etag=1)
        self.refuse("BadRequest", "function", function=7)
        self.refuse("BadRequest", "memory_mb", function={"memory_mb": 0})
        self.refuse("BadRequest", "seconds", function={"seconds": "many"})
        self.refuse("BadRequest", "memory", function={"memory": 512})
        self.refuse("BadRequest", "type", type=7)
        for event in ([], "plan", None, 3):
            self.refused("BadRequest", "plan", event, "source")

    def test_sources(self):
        write(self.path("none.jpg"), b"\x89PNG\r\n\x1a\nno image")
        self.refuse("SourceNotFound", "missing.jpg", source="missing.jpg")
        self.refuse("BadSource", "none.jpg", source="none.jpg")
        self.refuse("BadRequest", "scheme", source="gopher://host/photo.jpg")
        self.refuse("SourceChanged", "photo.jpg", etag="another")
        self.refuse("BadRequest", "folder", source=FIXTURES)

    def test_a_tile_that_is_the_source(self):
        os.mkdir(self.path("tiles"))
        shutil.copy(fixture("photo.jpg"), self.path("tiles", "r0_c0.jpg"))
        event = {"source": "tiles/r0_c0.jpg", "output": "tiles", "format": "jpg"}
        self.refused("BadRequest", "plan", event, "source: tiles/r0_c0.jpg")
        self.assertEqual(os.listdir(self.path("tiles")), ["r0_c0.jpg"])

    def test_jobs_that_cannot_be(self):
        self.refuse("BadRequest", "600,0,100,100", region=[600, 0, 100, 100])
        self.refuse("BadRequest", "region", region=[600, 0, 4294967295, 100], tile=100)
        self.refuse("Unsupported", "hdr", format="hdr")
        self.refuse("BadRequest", "multiples", lossless=True, tile=100)
        self.refuse("BadSource", "ends early", lossless=True, lenient=True, source=fixture("truncated.jpg"))
        self.refuse("Unsupported", "progressive", lossless=True, source=fixture("progressive.jpg"))
        self.refuse("Unsupported", "no JPEG", lossless=True, source=fixture("rgb8.png"))
        self.refuse("LimitExceeded", "photo.jpg", **{"max-pixels": 1000})
        self.refuse("BadRequest", "photo.jpg", assume="cmyk")

    def test_before_the_source_is_read(self):
        """What is wrong with a job of a damaged file is told first: its data was not looked at."""
        write(self.path("cut.jpg"), read(fixture("photo.jpg"))[:20000])
        self.refuse("BadRequest", "600,0,100,100", source="cut.jpg", region=[600, 0, 100, 100])

    def test_what_does_not_fit(self):
        self.refuse("LimitExceeded", "1 MB", "MB and", function={"memory_mb": 1})
        self.refuse("LimitExceeded", "1 s", function={"seconds": 1})
        self.environment["TILE_FUNCTION_MEMORY_MB"] = "100"
        self.refuse("LimitExceeded", "100 MB")
        self.environment["TILE_FUNCTION_MEMORY_MB"] = "-100"
        self.refuse("BadRequest", "TILE_FUNCTION_MEMORY_MB")
        self.environment["TILE_FUNCTION_MEMORY_MB"] = "100"
        self.done("plan", {"source": fixture("photo.jpg"), "output": "out", "function": {"memory_mb": 200}})

    def test_what_fits_is_not_refused(self):
        """By its number of pixels, such a tile was taken to need 679 s; deflated it is in less than half a minute."""
        write(self.path("a.png"), png(4096, (b"\0" + random.Random(1).randbytes(3 * 4096)) * 4096))
        plan = self.done("plan", {"source": "a.png", "output": "out", "tile": 4096, "format": "png", "compression": 9,
                                  "function": {"seconds": 400}})
        self.assertEqual(plan["tiles"], 1)

    def test_more_memory_is_said_of_larger_tiles(self):
        source = self.path("large.png")
        write(source, png(6000, (b"\0" + bytes(3 * 6000)) * 6000))
        plans = [self.done("plan", {"source": source, "output": "out%d" % tile, "tile": tile, "to": "oklab", "depth": "f32"})
                 for tile in (256, 1024, 6000)]
        self.assertLess(plans[1]["memory_mb"], plans[2]["memory_mb"])
        self.assertLess(plans[0]["seconds"], plans[2]["seconds"])
        self.assertGreater(plans[2]["memory_mb"], 6000 * 6000 * 12 >> 20)  # it holds that many samples, at least
        self.refused("LimitExceeded", "plan", {"source": source, "output": "out", "tile": 1}, "36000000 tiles", "10000000")

    def test_outputs(self):
        write(self.path("file"), b"")
        event = {"source": fixture("photo.jpg")}
        self.refused("OutputDenied", "plan", dict(event, output="file/out"), "file/out")
        self.refused("BadRequest", "plan", dict(event, output=""), "prefix")
        self.refused("BadRequest", "plan", dict(event, output="x" * 3000), "longer")
        self.refused("BadRequest", "plan", dict(event, output="ftp://host/out"), "scheme")
        done, answer = self.call("plan", dict(event, output="/proc/self/out"))
        self.assertFalse(done)
        self.assertRegex(answer["errorType"], r"Function\.Output(Denied|Unwritable)")

    def test_no_temporary_files(self):
        self.environment["TMPDIR"] = self.path("not there")
        self.done("plan", {"source": fixture("photo.jpg"), "output": "out", "tile": 3})
        self.assertGreater(os.path.getsize(self.path("out/plan.jsonl")), 8 << 20)  # more than is kept in memory

    def test_source_changes_between_plan_and_tile(self):
        shutil.copy(fixture("photo.jpg"), self.path("photo.jpg"))
        plan = self.done("plan", {"source": "photo.jpg", "output": "out", "tile": 100})
        write(self.path("photo.jpg"), read(fixture("photo.jpg"))[::-1])
        for task in self.tasks(plan)[:3]:
            self.refused("SourceChanged", "tile", task, "photo.jpg")
        self.assertEqual(sorted(os.listdir(self.path("out"))), ["job.json", "plan.jsonl"])


if __name__ == "__main__":
    main()
