# SPDX-License-Identifier: MIT
"""run.py TILE-HANDLER TILE-CONVERT FIXTURES: plan, tiles and assemble on local files, against one run of
tile-convert."""
import base64
import json
import os
import re
import shutil
import time
import zlib

from scratch import FORMAT
from runs import BESIDE, Case, contents, digest, fixture, interlaced, main, png, read, write


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
        plan = self.check("photo.jpg", to="lab", format=FORMAT, tile=128)
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
        plan = self.check("progressive.jpg", tile=32, to="luv", format=FORMAT, compression=6)
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
        self.check("adobe-rgb-profile.jpg", tile=64, to="lab", depth="u16", format=FORMAT)

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
        plan = self.check("photo.jpg", tile=150, edge="pad=#40ff0080", overlap=20, to="lab", format=FORMAT)
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

    def test_lossless_gray(self):
        self.check("420.jpg", tile=32, lossless=True, to="gray")

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
        self.check("photo.jpg", "one." + FORMAT, to="lab", tile=200, overlap=2, edge="pad", format="npy")

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
                ("LimitExceeded", "one.bmp", "max-memory", {"max-memory": "400K", "format": "npy"})):
            event = dict({"source": fixture("photo.jpg"), "output": "out", "tile": 128, "format": FORMAT}, **options)
            with self.subTest(image, **options):
                message = self.refused(kind, "plan", dict(event, image=image), "image: ", words)
                self.assertFalse(os.path.exists(self.path("out")))
                for name in re.findall(r"[a-z-]+", "".join(re.findall(r"\(see (.*)\)", message))):
                    self.assertNotIn("no such member", self.call("plan", {"source": "x", "output": "y", name: {}})[1])
                self.done("plan", event)
                shutil.rmtree(self.path("out"))

    def test_an_image_larger_than_memory(self):
        write(self.path("a.png"), interlaced(3000))
        event = {"source": "a.png", "output": "out", "image": "one." + FORMAT, "tile": 3000,
                 "function": {"memory_mb": 512}}
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


if __name__ == "__main__":
    main()
