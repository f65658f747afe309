# SPDX-License-Identifier: MIT
"""run_ends.py TILE-HANDLER TILE-CONVERT FIXTURES: what assemble believes of tiles and records, finds
missing, and says."""
import hashlib
import json
import os
import re
import time

from runs import BESIDE, Case, contents, fixture, main, read, write


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


if __name__ == "__main__":
    main()
