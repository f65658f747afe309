# SPDX-License-Identifier: MIT
"""run.py TILE-HANDLER TILE-CONVERT FIXTURES: plan, tiles and assemble on local files, against one run of tile-convert."""
import base64
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
import unittest
import zlib

import scratch

HANDLER = CONVERT = FIXTURES = None
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


# ---- The same bytes -------------------------------------------------------------------------------------------


class Same(Case):
    def check(self, source, **options):
        source = source if os.path.isabs(source) else fixture(source)
        self.convert(source, "wanted", options)
        plan, answer = self.run_all(dict(options, source=source, output="out"))
        self.assertEqual(contents(self.path("out"), BESIDE), contents(self.path("wanted")))
        self.assertEqual(answer, {"manifest": "out/manifest.json", "tiles": plan["tiles"]})
        return plan

    def test_baseline(self):
        plan = self.check("photo.jpg", to="lab", format="tif", tile=128)
        self.assertEqual(sorted(plan), ["batch", "job", "kind", "memory_mb", "plan", "records", "seconds", "tiles"])
        self.assertEqual(plan["tiles"], 20)
        self.assertFalse(os.path.exists(self.path("out", "index.tix")))
        for task in self.tasks(plan):
            self.assertLess(len(json.dumps(task)), 2500)
            base64.b64decode(task["index"], validate=True)

    def test_kept_color(self):
        self.check("photo.jpg", tile=[200, 90])

    def test_one_tile(self):
        self.check("photo.jpg", tile=1000, to="oklab", depth="f32")

    def test_many_options(self):
        self.check("photo.jpg", tile=100, to="ycbcr", format="jpg", quality=30, subsampling="444", optimize=True)

    def test_texts_as_in_a_query(self):
        self.convert(fixture("photo.jpg"), "wanted", dict(tile=100, quality=30, format="jpg", optimize=True))
        self.run_all({"source": fixture("photo.jpg"), "output": "out", "tile": "100", "quality": "30", "format": "jpg",
                      "optimize": ""})
        self.assertEqual(contents(self.path("out"), BESIDE), contents(self.path("wanted")))

    def test_progressive(self):
        plan = self.check("progressive.jpg", tile=32, to="luv", format="tif", compression=6)
        self.assertEqual(plan["index"], "none: progressive")

    def test_separate_scans(self):
        self.check("separate-scans.jpg", tile=40)

    def test_arithmetic(self):
        self.check("arithmetic.jpg", tile=40)

    def test_restart_markers(self):
        self.check("restart.jpg", tile=33)

    def test_colors_of_jpeg(self):
        self.check("cmyk.jpg", tile=50)

    def test_ycck(self):
        self.check("ycck.jpg", tile=50, to="srgb")

    def test_profile(self):
        self.check("adobe-rgb-profile.jpg", tile=64, to="lab", depth="u16", format="tif")

    def test_ignored_profile(self):
        self.check("adobe-rgb-profile.jpg", **{"tile": 64, "ignore-profile": True})

    def test_png(self):
        plan = self.check("rgb8.png", tile=32, to="hsv", format="npy")
        for task in self.tasks(plan):
            self.assertEqual(task["index"], "out/index.tix")

    def test_png_of_16_bits(self):
        self.check("rgb-alpha16.png", tile=[40, 20])

    def test_png_without_alpha(self):
        self.check("rgb-alpha8.png", **{"tile": 30, "drop-alpha": True, "to": "gray", "depth": "u16"})

    def test_png_interlaced(self):
        plan = self.check("rgb-interlaced.png", tile=30)
        self.assertEqual(plan["index"], "none: interlaced")

    def test_png_palette(self):
        self.check("palette-trns.png", tile=30, overlap=7)

    def test_png_assumed(self):
        self.check("rgb8.png", tile=64, assume="display-p3", to="srgb")

    def test_orientations(self):
        for orientation in range(1, 9):
            with self.subTest(orientation):
                self.check("orientation-%d.jpg" % orientation, tile=[24, 16], overlap=3)
                shutil.rmtree(self.path("out"))
                shutil.rmtree(self.path("wanted"))

    def test_orientation_of_png(self):
        self.check("orientation-6.png", tile=[24, 16], edge="replicate")

    def test_orientation_ignored(self):
        self.check("orientation-8.jpg", **{"tile": 24, "ignore-orientation": True})

    def test_padded(self):
        plan = self.check("photo.jpg", tile=150, edge="pad=#40ff0080", overlap=20, to="lab", format="tif")
        places = [task.get("place") for task in self.tasks(plan)]
        self.assertEqual(places[0], [20, 20, 190, 190])  # at the corner, as the grid's own definition says
        self.assertIsNone(places[6])  # a tile in the middle has no edge
        self.assertEqual(sum(place is None for place in places), 1 * 3)

    def test_replicated(self):
        self.check("photo.jpg", tile=150, edge="replicate")

    def test_padded_with_alpha(self):
        self.check("rgb-alpha8.png", tile=64, edge="pad")

    def test_lossless(self):
        self.check("photo.jpg", tile=128, lossless=True)

    def test_lossless_and_optimized(self):
        self.check("420.jpg", tile=32, lossless=True, optimize=True)

    def test_region(self):
        plan = self.check("photo.jpg", region=[11, 22, 333, 144])
        self.assertEqual(plan["tiles"], 1)

    def test_region_in_tiles(self):
        self.check("photo.jpg", region=[100, 22, 333, 144], tile=64, edge="pad", overlap=5)

    def make_profile(self, name):
        png = read(fixture("p3-profile.png"))
        at = png.index(b"iCCP")
        size = int.from_bytes(png[at - 4:at], "big")
        profile = zlib.decompress(png[at + 4:at + 4 + size].split(b"\0", 1)[1][1:])
        write(self.path(name), profile)

    def test_profile_of_the_target(self):
        self.make_profile("p3.icc")
        self.check("photo.jpg", **{"tile": 128, "to-profile": "p3.icc", "intent": "absolute", "black-point": True})

    def test_profile_of_the_target_changed(self):
        """All tiles are of the profile that the manifest's head tells of, or none is made."""
        self.make_profile("p3.icc")
        event = {"source": fixture("photo.jpg"), "output": "out", "tile": 300, "to-profile": "p3.icc",
                 "image": "one.png"}
        plan = self.done("plan", event)
        self.work(self.tasks(plan))
        data = read(self.path("p3.icc"))
        os.remove(self.path("p3.icc"))
        write(self.path("p3.icc"), data)
        for task in self.tasks(plan):
            self.refused("SourceChanged", "tile", task, "to-profile: p3.icc")
        self.refused("SourceChanged", "assemble", {"job": plan["job"]}, "to-profile: p3.icc")
        self.refused("OutputDenied", "plan", event, "another job")
        self.refused("BadRequest", "plan", {"source": fixture("photo.jpg"), "output": "else", "to-profile-etag": "x"},
                     "to-profile-etag")
        self.refused("BadRequest", "plan", dict(event, **{"to-profile-etag": 7}), "to-profile-etag")

    def test_lenient(self):
        for name in ("truncated.jpg", "truncated-progressive.jpg", "truncated.png", "photo.jpg"):
            with self.subTest(name):
                plan = self.check(name, tile=64, lenient=True)
                self.assertEqual("index" in plan, name != "photo.jpg")
                self.assertEqual(b"damage" in read(self.path("out", "manifest.json")), name != "photo.jpg")
                shutil.rmtree(self.path("out"))
                shutil.rmtree(self.path("wanted"))

    def test_names(self):
        os.mkdir(self.path("a folder, \u00e4"))
        source = self.path("a folder, \u00e4", "b \"c\" #%41.jpg")
        shutil.copy(fixture("photo.jpg"), source)
        self.check(source, tile=256)


class Image(Case):
    def check(self, source, name, region=None, **options):
        common = {key: value for key, value in options.items() if key not in ("tile", "overlap", "edge", "format")}
        if region:
            common["region"] = options["region"] = region
        self.convert(fixture(source), "wanted-" + name, common)
        event = dict(options, source=fixture(source), output="out", image=name)
        answer = self.run_all(event)[1]
        self.assertEqual(answer["image"], name)
        self.assertEqual(digest(read(self.path(name))), digest(read(self.path("wanted-" + name))))
        self.done("assemble", {"job": "out/job.json"})
        self.assertEqual(digest(read(self.path(name))), digest(read(self.path("wanted-" + name))))

    def test_tiff(self):
        self.check("photo.jpg", "one.tif", to="lab", tile=200, overlap=2, edge="pad", format="npy")

    def test_image_beyond_memory(self):
        """14 MB, of which 8 are held, and no folder for the rest."""
        self.environment["TMPDIR"] = self.path("not there")
        write(self.path("a.png"), interlaced(1100))
        self.check(self.path("a.png"), "one.npy", to="oklab", depth="f32", tile=500)
        self.assertGreater(os.path.getsize(self.path("one.npy")), 14e6)

    def test_jpeg(self):
        self.check("orientation-5.jpg", "one.jpg", tile=16, quality=50)

    def test_png(self):
        self.check("rgb-alpha16.png", "one.png", tile=64, depth="u8")

    def test_region(self):
        self.check("progressive.jpg", "one.png", region=[5, 6, 30, 20], tile=16)

    def test_refused(self):
        event = {"source": fixture("photo.jpg"), "output": "out", "tile": 128}
        for image, words in ((7, "image: "), ("one.webp", "suffix"), ("one", "suffix"), ("ftp://a/b.jpg", "scheme")):
            self.refused("BadRequest", "plan", dict(event, image=image), words)
        self.refused("BadRequest", "plan", dict(event, image="one.jpg", lossless=True), "lossless")
        os.mkdir(self.path("sub"))
        shutil.copy(event["source"], self.path("sub", "photo.jpg"))
        for image in ("sub/photo.jpg", "sub/../sub//photo.jpg", "file://" + self.path("sub", "photo.jpg")):
            self.refused("BadRequest", "plan", dict(event, source="sub/photo.jpg", image=image), "image: is the source")
            self.refused("BadRequest", "tile", {"source": "sub/photo.jpg", "output": image}, "output: is the source")
            self.refused("BadRequest", "text", {"source": "sub/photo.jpg", "output": image}, "output: is the source")
            self.refused("BadRequest", "plan", dict(source="sub/photo.jpg", type="text/plain", output="o", text=image),
                         "text: is the source")
        self.assertEqual(read(self.path("sub", "photo.jpg")), read(event["source"]))
        for image in ("out/r0_c0.png", "out/r12_c3.tif"):
            self.refused("BadRequest", "plan", dict(event, image=image), "image: " + image)
        self.refused("BadRequest", "plan", dict(event, output="out/", image="out/r0_c0.jpg"), "where a tile may go")
        self.assertFalse(os.path.exists(self.path("out")))

    def test_what_cannot_be_made(self):
        """It is refused before a tile is paid for, by what the library says of the image itself."""
        for kind, image, words, options in (
                ("Unsupported", "one.png", "png cannot carry lab", {"to": "lab"}),
                ("Unsupported", "one.jpg", "jpg holds only 8-bit", {"depth": "u16"}),
                ("Unsupported", "one.hdr", "hdr holds only float", {}),
                ("Unsupported", "one.bmp", "bmp holds only 8-bit", {"depth": "f32"}),
                ("Unsupported", "one.png", "png cannot carry cmyk", {"source": fixture("cmyk.jpg")}),
                ("LimitExceeded", "one.bmp", "max-memory", {"max-memory": "400K"})):
            event = dict({"source": fixture("photo.jpg"), "output": "out", "tile": 128, "format": "tif"}, **options)
            with self.subTest(image, **options):
                message = self.refused(kind, "plan", dict(event, image=image), "image: ", words)
                self.assertFalse(os.path.exists(self.path("out")))
                for name in re.findall(r"[a-z-]+", "".join(re.findall(r"\(see (.*)\)", message))):
                    self.assertNotIn("no such member", self.call("plan", {"source": "x", "output": "y", name: {}})[1])
                self.done("plan", event)
                shutil.rmtree(self.path("out"))

    def test_an_image_larger_than_memory(self):
        write(self.path("a.png"), interlaced(3000))
        event = {"source": "a.png", "output": "out", "image": "one.tif", "tile": 3000, "function": {"memory_mb": 512}}
        self.environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = "32"
        self.refused("LimitExceeded", "plan", event, "image: decoding the source takes 27")
        self.assertFalse(os.path.exists(self.path("out")))

    def test_source_changed(self):
        shutil.copy(fixture("photo.jpg"), self.path("photo.jpg"))
        plan = self.done("plan", {"source": "photo.jpg", "output": "out", "image": "one.png"})
        self.work(self.tasks(plan))
        write(self.path("photo.jpg"), read(fixture("photo.jpg"))[:-9] + b"123456789")  # of the same size
        self.refused("SourceChanged", "assemble", {"job": plan["job"]}, "photo.jpg")
        self.assertFalse(os.path.exists(self.path("one.png")))
        self.assertFalse(os.path.exists(self.path("out", "manifest.json")))


# ---- Again and again ------------------------------------------------------------------------------------------


class Twice(Case):
    def test_plan(self):
        for source, tile in (("photo.jpg", 100), ("photo.jpg", 512), ("rgb16.png", 32), ("progressive.jpg", 64)):
            with self.subTest(source):
                event = {"source": fixture(source), "output": "out", "tile": tile}
                first, before = self.done("plan", event), contents(self.path("out"))
                second = self.done("plan", event)
                self.assertEqual(dict(second, seconds=first["seconds"]), first)  # which is measured
                self.assertEqual(contents(self.path("out")), before)
                shutil.rmtree(self.path("out"))

    def test_plan_of_what_was_just_written(self):
        shutil.copy(fixture("photo.jpg"), self.path("photo.jpg"))
        event = {"source": "photo.jpg", "output": "out", "tile": 100}
        self.done("plan", event)
        before = contents(self.path("out"))
        time.sleep(2.5)
        self.done("plan", event)
        self.assertEqual(contents(self.path("out")), before)

    def test_tasks_and_assemble(self):
        plan = self.planned(tile=100)
        first = self.done("assemble", {"job": plan["job"]})
        before = contents(self.path("out"))
        self.work(self.tasks(plan), batch=3)
        self.assertEqual(self.done("assemble", {"job": plan["job"]}), first)
        self.assertEqual(contents(self.path("out")), before)

    def test_another_job(self):
        event = {"source": fixture("photo.jpg"), "output": "out", "tile": 100}
        self.done("plan", event)
        before = contents(self.path("out"))
        for other in ({"tile": 101}, {"quality": 50, "format": "jpg"}, {"source": fixture("420.jpg")}, {"edge": "pad"},
                      {"image": "one.png"}, {"region": [0, 0, 100, 100]}):
            self.refused("OutputDenied", "plan", dict(event, **other), "out/job.json", "overwrite")
            self.assertEqual(contents(self.path("out")), before)
        self.done("plan", dict(event, tile=101, overwrite=True))
        self.assertNotEqual(contents(self.path("out")), before)
        self.assertNotIn(b"overwrite", read(self.path("out", "job.json")) + read(self.path("out", "plan.jsonl")))

    def test_what_others_made(self):
        event = {"source": fixture("photo.jpg"), "output": "out", "tile": 300, "image": "one.png"}
        self.convert(fixture("photo.jpg"), "out", {"tile": 200})
        write(self.path("one.png"), b"mine")
        before = contents(self.path("out"))
        self.refused("OutputDenied", "plan", event, "out/manifest.json", "overwrite")
        os.remove(self.path("out", "manifest.json"))
        self.refused("OutputDenied", "plan", event, "one.png", "overwrite")
        del before["manifest.json"]
        self.assertEqual(contents(self.path("out")), before)
        plan = self.done("plan", dict(event, overwrite=True))
        self.work(self.tasks(plan))
        self.done("assemble", {"job": plan["job"]})
        self.done("plan", event)  # again, of what it made itself
        self.assertNotEqual(read(self.path("one.png")), b"mine")

    def test_another_version(self):
        shutil.copy(fixture("photo.jpg"), self.path("photo.jpg"))
        event = {"source": "photo.jpg", "output": "out", "tile": 100}
        self.done("plan", event)
        write(self.path("photo.jpg"), read(fixture("photo.jpg")) + b"\0")
        self.refused("OutputDenied", "plan", event, "out/job.json")

    def test_what_is_no_job(self):
        os.mkdir(self.path("out"))
        event = {"source": fixture("photo.jpg"), "output": "out"}
        for content in (b"", b"{}", b"\0" * 100000):
            write(self.path("out", "job.json"), content)
            self.refused("OutputDenied", "plan", event, "out/job.json")
            self.assertEqual(contents(self.path("out")), {"job.json": digest(content)})


# ---- Incomplete -----------------------------------------------------------------------------------------------


class Incomplete(Case):
    def setUp(self):
        super().setUp()
        self.plan = self.planned(tile=100)
        self.job = {"job": self.plan["job"], "verify": True}

    def incomplete(self, *words):
        message = self.refused("Incomplete", "assemble", self.job, *words)
        self.assertFalse(os.path.exists(self.path("out", "manifest.json")))
        return message

    def heals(self):
        self.work(self.tasks(self.plan))
        self.done("assemble", self.job)

    def test_missing(self):
        os.remove(self.path("out", "r1_c2.png"))
        self.incomplete("of 35 tiles, 1 missing (r1_c2.png): run")
        for name in os.listdir(self.path("out")):
            if name.startswith("r3"):
                os.remove(self.path("out", name))
        message = self.incomplete("8 missing (r1_c2.png, r3_c0.png, r3_c1.png, r3_c2.png, r3_c3.png, ...)")
        self.assertNotIn("reported", message)
        self.heals()

    def test_damaged(self):
        data = bytearray(read(self.path("out", "r2_c3.png")))
        data[len(data) // 2] ^= 1
        write(self.path("out", "r2_c3.png"), data)
        self.incomplete("1 not what a task of this plan reported (r2_c3.png)")
        os.remove(self.path("out", "r0_c0.png"))
        self.incomplete("1 missing (r0_c0.png) and 1 not what a task of this plan reported (r2_c3.png)")
        self.heals()

    def test_cut_and_longer(self):
        data = read(self.path("out", "r2_c3.png"))
        for damaged in (data[:-1], data + b"\0", b""):
            write(self.path("out", "r2_c3.png"), damaged)
            self.incomplete("1 not what", "(r2_c3.png)")

    def test_swapped(self):
        a, b = read(self.path("out", "r2_c3.png")), read(self.path("out", "r2_c4.png"))
        write(self.path("out", "r2_c3.png"), b)
        write(self.path("out", "r2_c4.png"), a)
        self.incomplete("2 not what a task of this plan reported (r2_c3.png, r2_c4.png)")
        # With their records: each is right, but not there.
        a, b = (self.path("out", ".tile", name) for name in ("r2_c3.png.json", "r2_c4.png.json"))
        first = read(a)
        write(a, read(b))
        write(b, first)
        self.incomplete("2 not what a task of this plan reported (r2_c3.png, r2_c4.png)")
        self.heals()

    def test_records(self):
        path = self.path("out", ".tile", "r2_c3.png.json")
        good = read(path)
        record = json.loads(good)
        wrong = [b"", b"{", b"[]", b"7", good + b"x", good.replace(b"{", b"{\"row\":2,", 1),
                 good.replace(b"\"mean\":[", b"\"mean\":[1")]  # only its check tells
        for name in ("row", "column", "rect", "file", "bytes", "xxh3_file"):
            for value in (None, 0, -1, 7, "r2_c4.png", [], [0, 0, 100, 100], [300, 200, 100], {}, 1 << 62, "0" * 32):
                wrong.append(json.dumps(dict(record, **{name: value})).encode())
            wrong.append(json.dumps({key: value for key, value in record.items() if key != name}).encode())
        for text in wrong:
            write(path, text)
            self.incomplete("1 not what", "(r2_c3.png)")
        write(path, good)
        self.done("assemble", self.job)

    def test_tiles_of_another_plan(self):
        self.done("plan", {"source": fixture("photo.jpg"), "output": "out", "tile": 101, "overwrite": True})
        self.incomplete("35 not what a task of this plan reported")


class Many(Case):
    def test_more_tiles_than_are_held(self):
        """Records are checked and written some thousand at a time."""
        event = {"source": fixture("photo.jpg"), "output": "out", "region": [0, 0, 208, 208], "tile": 4, "format": "bmp"}
        self.convert(event["source"], "wanted", {name: event[name] for name in ("region", "tile", "format")})
        plan = self.done("plan", event)
        self.assertEqual(plan["tiles"], 52 * 52)
        self.work(self.tasks(plan), batch=plan["tiles"])
        self.done("assemble", {"job": plan["job"]})
        self.assertEqual(contents(self.path("out"), BESIDE), contents(self.path("wanted")))
        for name in ("manifest.json", "r0_c1.bmp", "r51_c50.bmp"):
            os.remove(self.path("out", name))
        self.refused("Incomplete", "assemble", {"job": plan["job"], "verify": True},
                     "of 2704 tiles, 2 missing (r0_c1.bmp, r51_c50.bmp)")


class Records(Case):
    """What a batch leaves of its tiles is believed, as far as it is whole and of this job."""

    def planned_in_batches(self, batch=8, **more):
        """A plan whose batches are that large: a second plan takes the first one's."""
        event = dict({"source": fixture("photo.jpg"), "output": "out", "tile": 100}, **more)
        self.done("plan", event)
        text = read(self.path("out", "job.json"))
        write(self.path("out", "job.json"), re.sub(rb'"batch": \d+', b'"batch": %d' % batch, text))
        plan = self.done("plan", event)
        self.assertEqual(plan["batch"], batch)
        return plan

    def batches(self, plan, tasks=None):
        tasks = tasks or self.tasks(plan)
        return [{"BatchInput": {"records": plan["records"]}, "Items": tasks[at:at + plan["batch"]]}
                for at in range(0, len(tasks), plan["batch"])]

    def make(self, plan):
        for batch in self.batches(plan):
            self.done("tile", batch)

    def left(self, plan):
        return sorted(name for name in os.listdir(self.path(plan["records"])) if name != ".tile")

    def setUp(self):
        super().setUp()
        self.convert(fixture("photo.jpg"), "wanted", {"tile": 100})
        self.wanted = contents(self.path("wanted"))

    def check_all(self, plan):
        self.done("assemble", {"job": plan["job"]})
        self.assertEqual(contents(self.path("out"), BESIDE), self.wanted)
        os.remove(self.path("out", "manifest.json"))

    def test_what_a_batch_leaves(self):
        plan = self.planned_in_batches()
        self.make(plan)
        names = ["0-7.json", "16-23.json", "24-31.json", "32-34.json", "8-15.json"]
        self.assertEqual(self.left(plan), names)
        tiles = json.loads(read(self.path("wanted", "manifest.json")))["tiles"]
        for name in names:
            text = read(self.path(plan["records"], name))
            told = json.loads(text)
            first, last = map(int, name[:-5].split("-"))
            self.assertEqual((told["job"], told["first"], told["last"]), (plan["records"].split("/")[-2], first, last))
            self.assertEqual(told["tiles"], tiles[first:last + 1])
            self.assertEqual(told["sha256"], hashlib.sha256(text[:text.index(b',"sha256"')]).hexdigest())
        before = contents(self.path(plan["records"]))
        for batch in self.batches(plan)[::-1]:  # again, in another order
            self.done("tile", dict(batch, Items=batch["Items"][::-1]))
        self.assertEqual(contents(self.path(plan["records"])), before)
        self.check_all(plan)

    def test_what_is_believed(self):
        plan = self.planned_in_batches()
        self.make(plan)
        os.remove(self.path("out", "r1_c2.png"))
        self.done("assemble", {"job": plan["job"]})
        os.remove(self.path("out", "manifest.json"))
        self.refused("Incomplete", "assemble", {"job": plan["job"], "verify": True}, "1 missing (r1_c2.png)")
        self.done("plan", {"source": fixture("photo.jpg"), "output": "out", "tile": 100, "verify": True,
                           "overwrite": True})
        self.refused("Incomplete", "assemble", {"job": plan["job"]}, "1 missing (r1_c2.png)")

    def test_what_is_not(self):
        plan = self.planned_in_batches()
        self.make(plan)
        path = self.path(plan["records"], "8-15.json")
        good, other = read(path), read(self.path(plan["records"], "16-23.json"))
        wrong = [good[:-1], good + b" ", b"", b"{}", other, good.replace(b'"first":8', b'"first":0'), good[1000:]]
        for at in range(0, len(good), len(good) // 7):
            wrong.append(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])

        def signed(text):
            text = text[:text.index(b',"sha256"')]
            return text + b',"sha256":"%s"}\n' % hashlib.sha256(text).hexdigest().encode()

        self.assertEqual(signed(good), good)
        wrong += [signed(good.replace(plan["records"].split("/")[-2].encode(), b"0" * 32)),
                  signed(good.replace(b'"row":1,"column":1', b'"row":1,"column":2')),
                  signed(good.replace(b"r1_c1.png", b"r1_c2.png")), signed(good.replace(b",\n", b"\n", 1)),
                  signed(good.replace(b"\n]", b",\n{}\n]")), signed(b"\n".join(good.split(b"\n")[:-3]) + b"\n]" +
                                                                    good[good.index(b',"sha256"'):])]
        for text in wrong:
            write(path, text)
            self.check_all(plan)  # the tiles tell, and are told of again
            self.assertEqual(read(path), good)
        os.remove(self.path("out", "r1_c2.png"))
        for text in wrong[::6]:
            write(path, text)
            self.refused("Incomplete", "assemble", {"job": plan["job"]}, "1 missing (r1_c2.png)")

    def test_a_second_run_makes_what_is_missing(self):
        plan = self.planned_in_batches()
        self.make(plan)
        lost = ["r0_c0.png", "r1_c2.png", "r4_c6.png"]
        for name in lost:
            os.remove(self.path("out", name))
        for name in self.left(plan):
            os.remove(self.path(plan["records"], name))
        self.refused("SourceNotFound", "plan", {"job": plan["job"]}, "missing.jsonl")
        message = self.refused("Incomplete", "assemble", {"job": plan["job"]},
                               "3 missing (r0_c0.png, r1_c2.png, r4_c6.png)", plan["records"] + "missing.jsonl")
        self.assertIn('{"job":URL}', message)
        again = self.done("plan", {"job": plan["job"]})
        self.assertEqual(again, {"job": plan["job"], "plan": plan["records"] + "missing.jsonl", "kind": "image",
                                 "tiles": 35, "batch": 8, "records": plan["records"]})
        tasks = self.tasks(again)
        self.assertEqual(tasks, [task for task in self.tasks(plan) if os.path.basename(task["output"]) in lost])
        self.make(again)
        # What was looked at is told of, but not by that batch, which is no stretch of the plan.
        self.assertEqual(self.left(plan), ["16-23.json", "24-31.json", "missing.jsonl"])
        self.check_all(plan)
        self.assertEqual(len(self.left(plan)), 6)
        for event in ({"job": plan["job"], "tile": 3}, {"job": 7}, {"job": "none/job.json"}):
            self.assertFalse(self.call("plan", event)[0])

    def test_a_plan_that_is_gone(self):
        plan = self.planned_in_batches()
        tasks = self.tasks(plan)
        other = self.done("plan", {"source": fixture("photo.jpg"), "output": "other", "tile": 100, "to": "gray"})
        for text, words in ((None, "plan.jsonl"), (b"", "has no line of tile 0"), (b"{}\n" * 35, "is not of tile 0"),
                            (read(self.path(other["plan"])), "is not of tile 0 of this job"),
                            (b"\n".join(json.dumps(task).encode() for task in tasks[:20]), "no line of tile 19")):
            os.remove(self.path("out", "plan.jsonl"))
            if text is not None:
                write(self.path("out", "plan.jsonl"), text)
            self.refused("Incomplete", "assemble", {"job": plan["job"]}, "35 missing", "could not be listed", words)
            write(self.path("out", "plan.jsonl"), b"")

    def test_another_jobs(self):
        """The same job again, after another one wrote tiles of the same names, believes nothing of the first time."""
        plan = self.planned_in_batches()
        self.make(plan)
        event = {"source": fixture("photo.jpg"), "output": "out", "tile": 100, "overwrite": True}
        self.work(self.tasks(self.done("plan", dict(event, tile=101))))
        again = self.done("plan", event)
        self.assertNotEqual(again["records"], plan["records"])
        self.assertEqual(self.done("plan", event)["records"], again["records"])
        self.assertEqual(self.done("plan", dict(event, overwrite=False))["records"], again["records"])
        self.refused("Incomplete", "assemble", {"job": again["job"]}, "35 not what a task of this plan reported")

    def test_members(self):
        plan = self.planned_in_batches()
        batch = self.batches(plan)[0]
        task = batch["Items"][0]
        for records in (7, "", "out", "out/runs/", plan["records"][:-1], plan["records"] + "x/"):
            self.refused("BadRequest", "tile", {"BatchInput": {"records": records}, "Items": [task]}, "records: ")
        for number in (None, -1, "0"):
            self.refused("BadRequest", "tile", dict(batch, Items=[dict(task, number=number)]), "number: ")
        self.refused("BadRequest", "tile", dict(batch, Items=[{k: v for k, v in task.items() if k != "number"}]),
                     "number: is missing")
        self.refused("BadRequest", "tile", dict(batch, Items=[task, dict(task, records=plan["records"] + "runs/" +
                                                                         "0" * 32 + "/")]), "task 1: records: ")
        self.refused("BadRequest", "assemble", {"job": plan["job"], "verify": 1}, "verify")
        self.refused("BadRequest", "plan", {"source": fixture("photo.jpg"), "output": "o", "verify": 1}, "verify")
        self.assertEqual(sorted(os.listdir(self.path("out"))), ["job.json", "plan.jsonl"])


class Memory(Case):
    def test_an_image_that_does_not_fit(self):
        write(self.path("a.png"), interlaced(3000))
        plan = self.done("plan", {"source": "a.png", "output": "out", "image": "one.tif", "tile": 3000})
        self.work(self.tasks(plan))
        self.environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = "32"
        self.refused("LimitExceeded", "assemble", {"job": plan["job"]}, "a.png", "memory")
        self.assertFalse(os.path.exists(self.path("one.tif")))

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
            "area": [1, [], [0, 0, 640], [0, 0, 640, 427, 1], [0, 0, 0, 427], [1, 0, 639, 427], [0, 0, 1 << 33, 427],
                     [4294967295, 0, 640, 427], [0, 0, -1, -1], [0, 0, "640", 427]],
            "tile": [200, [], [200], [0, 200], [200, 0], [201, 200], [1, 1], [1 << 40, 200], [-1, 5]],
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
        done, answer = self.assemble(dict(self.job, head=head, tile=[1, 1], area=[0, 0, 65535, 65535], tiles=65535 ** 2))
        self.assertFalse(done)
        self.assertEqual(answer["errorType"], "Function.BadRequest")

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
    HANDLER, CONVERT, FIXTURES = (os.path.abspath(argument) for argument in sys.argv[1:4])
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
