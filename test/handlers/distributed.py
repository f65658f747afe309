# SPDX-License-Identifier: MIT
"""distributed.py TILE-HANDLER TILE-CONVERT MAKE-BIG: an image by functions and a store, as it is run in AWS.

Plan, tiles and assemble are functions of a Runtime API and know each other's work from an S3 server alone; the tiles
are made by several, by batches. What is in the store in the end is what one run of tile-convert writes.

    distributed.py --benchmark TILE-HANDLER TILE-CONVERT BIG.JPG [WORKERS [FORMAT [SPACE]]]

does the same of one large JPEG (in Lab, as TIFF, if nothing else is said) and tells processor time and bytes.
"""
import ctypes
import json
import os
import queue
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest

import scratch
from bucket import Bucket, Proxy, Server, environment
from simulator import Function

BUCKET = "tile"
WORKERS = 3
HANDLER = CONVERT = MAKE_BIG = SERVER = None


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Worker(Function):
    """A function that has a way of its own to the store, which counts."""

    def __init__(self, handler, temporary):
        self.proxy = Proxy(SERVER.endpoint)
        super().__init__(HANDLER, handler, dict(environment(self.proxy.endpoint), TMPDIR=temporary), memory=1769)

    def __exit__(self, *arguments):
        super().__exit__(*arguments)
        self.proxy.stop()


def done(function, event, timeout=300):
    ok, answer = function.invoke(event, timeout=timeout, deadline=float(timeout))
    assert ok, (answer, function.log()[-2000:])
    return answer


def spread(functions, events, after=None):
    """Has each of the events done once, by whichever function is free."""
    waiting, failures = queue.Queue(), []
    for event in events:
        waiting.put(event)

    def work(function):
        while not failures:
            try:
                event = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                answer = done(function, event)
                if after:
                    after(function, event, answer)
            except Exception as failure:  # of any kind: it is raised below
                failures.append(failure)

    threads = [threading.Thread(target=work, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def batches(tasks, size, common={}):
    return [{"BatchInput": common, "Items": tasks[at:at + size]} for at in range(0, len(tasks), size)]


def planned_batches(plan, tasks):
    """As the state machine has them."""
    return batches(tasks, plan["batch"], {"records": plan["records"]})


class Distributed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = scratch.make()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.temporary = os.path.join(cls.folder, "tmp")
        os.mkdir(cls.temporary)
        cls.bucket = Bucket(SERVER.endpoint, BUCKET)
        cls.addClassCleanup(cls.bucket.close)
        # High, so that a row of tiles is a small part of the file.
        cls.source = os.path.join(cls.folder, "high.jpg")
        subprocess.run([MAKE_BIG, cls.source, "1536", "10240", "99", "444"], check=True)
        cls.options = {"to": "lab", "format": scratch.FORMAT, "tile": [512, 256]}
        subprocess.run([CONVERT, "-q", cls.source, "-o", os.path.join(cls.folder, "wanted"), "--to", "lab", "--format",
                        scratch.FORMAT, "--tile", "512x256"], check=True)
        wanted = os.path.join(cls.folder, "wanted")
        cls.wanted = {name: read(os.path.join(wanted, name)) for name in os.listdir(wanted)}

    def setUp(self):
        self.prefix = "distributed-%d/%s/" % (os.getpid(), self.id().rsplit(".", 1)[1])
        self.addCleanup(lambda: [self.bucket.delete(key) for key in self.bucket.list(self.prefix)])
        self.key = self.prefix + "high.jpg"
        self.bucket.put(self.key, read(self.source))
        self.event = dict(self.options, source="s3://%s/%s" % (BUCKET, self.key),
                          output="s3://%s/%sout/" % (BUCKET, self.prefix))

    def tearDown(self):
        self.assertEqual(os.listdir(self.temporary), [])

    def worker(self, handler):
        worker = Worker(handler, self.temporary)
        self.addCleanup(worker.__exit__)
        return worker

    def plan(self, **more):
        """(response, tasks)"""
        plan = done(self.worker("plan"), dict(self.event, **more))
        self.assertEqual(plan["job"], self.event["output"] + "job.json")
        lines = self.bucket.get(plan["plan"].split("/", 3)[3])[0].splitlines()
        return plan, [json.loads(line) for line in lines]

    def tiles(self):
        found = self.bucket.contents(self.prefix + "out/")
        return {name: object for name, object in found.items()
                if name not in ("job.json", "plan.jsonl", "index.tix") and not name.startswith("runs/")}

    def check_all(self):
        found = self.tiles()
        self.assertEqual(sorted(found), sorted(self.wanted))
        self.assertEqual([name for name in found if found[name][0] != self.wanted[name]], [])

    def test_the_same_bytes_twice(self):
        plan, tasks = self.plan()
        self.assertEqual((plan["kind"], plan["tiles"], len(tasks)), ("image", 120, 120))
        workers = [self.worker("tile") for _ in range(WORKERS)]
        spread(workers, batches(tasks, 16))
        assemble = self.worker("assemble")
        answer = done(assemble, {"job": plan["job"]})
        self.assertEqual(answer, {"manifest": self.event["output"] + "manifest.json", "tiles": 120})
        first = self.tiles()
        self.check_all()
        self.assertEqual(first["r3_c2." + scratch.FORMAT][1]["type"], scratch.MEDIA_TYPE)
        # At least once is what the execution promises: all of it again changes nothing.
        before = self.bucket.contents(self.prefix + "out/")
        self.assertEqual(dict(self.plan()[0], seconds=plan["seconds"]), plan)
        spread(workers, batches(tasks[::-1], 40))
        spread(workers, planned_batches(plan, tasks))  # they leave what assemble found by itself
        self.assertEqual(done(assemble, {"job": plan["job"]}), answer)
        now = self.bucket.contents(self.prefix + "out/")
        self.assertEqual(sorted(now), sorted(before))
        self.assertEqual([name for name in now if now[name] != before[name]], [])

    def test_what_a_task_reads(self):
        size = os.path.getsize(self.source)
        plan, tasks = self.plan()
        read_by = {}

        def note(worker, task, answer):
            count = worker.proxy.count("/%s/%s" % (BUCKET, self.key))
            read_by[task["output"]] = count - getattr(worker, "read_before", 0)
            worker.read_before = count

        spread([self.worker("tile") for _ in range(WORKERS)], tasks[::7], note)
        self.assertEqual(len(read_by), len(tasks[::7]))
        for output, count in read_by.items():
            self.assertGreater(count, 256 * 64, output)  # something was counted
            self.assertLess(count, size * 0.05, output)
        # The planner itself reads all of it once, the headers, and what a few tiles need.
        planner = self.worker("plan")
        done(planner, self.event)
        self.assertLess(planner.proxy.count("/%s/%s" % (BUCKET, self.key)), size * 1.3)

    def test_killed_in_the_middle(self):
        plan, tasks = self.plan()
        victim = self.worker("tile")
        key = tasks[5]["output"].split("/", 3)[3]
        victim.proxy.hold("/%s/%s" % (BUCKET, key))
        invocation = victim.send(batches(tasks, 16)[0])
        self.assertTrue(victim.proxy.held.wait(60), victim.log())
        victim.process.kill()
        victim.process.wait()
        victim.proxy.let_go()
        ok, answer = victim.receive(invocation)
        self.assertEqual((ok, answer["errorType"]), (False, "Runtime.ExitError"))
        time.sleep(0.5)
        self.assertIsNone(self.bucket.get(key))
        for name, (content, _) in self.tiles().items():
            self.assertTrue(content == self.wanted[name], name)  # whole, or not there
        assemble = self.worker("assemble")
        ok, answer = assemble.invoke({"job": plan["job"]})
        self.assertEqual((ok, answer["errorType"]), (False, "Function.Incomplete"), answer)
        self.assertNotIn("manifest.json", self.tiles())
        spread([self.worker("tile") for _ in range(WORKERS)], batches(tasks, 16))
        done(assemble, {"job": plan["job"]})
        self.check_all()

    def test_source_changes_after_the_plan(self):
        plan, tasks = self.plan(image="s3://%s/%sone.%s" % (BUCKET, self.prefix, scratch.FORMAT))
        workers = [self.worker("tile"), self.worker("assemble")]
        spread(workers[:1], batches(tasks[:21], 21))
        changed = bytearray(read(self.source))
        changed[-1000] ^= 1
        self.bucket.put(self.key, bytes(changed))
        for task in tasks[21:23]:
            ok, answer = workers[0].invoke(task)
            self.assertEqual((ok, answer["errorType"]), (False, "Function.SourceChanged"), answer)
        self.assertIsNone(self.bucket.get(tasks[21]["output"].split("/", 3)[3]))
        self.bucket.put(self.key, read(self.source))
        done(workers[0], tasks[21])  # it is again what was planned

    def test_one_new_image(self):
        event = {"source": self.event["source"], "output": self.event["output"], "tile": 2048, "quality": 50,
                 "image": "s3://%s/%sone.jpg" % (BUCKET, self.prefix), "format": "jpg"}
        plan = done(self.worker("plan"), event)
        lines = self.bucket.get(plan["plan"].split("/", 3)[3])[0].splitlines()
        spread([self.worker("tile")], [json.loads(line) for line in lines])
        answer = done(self.worker("assemble"), {"job": plan["job"]})
        self.assertEqual(answer["image"], event["image"])
        wanted = os.path.join(self.folder, "one.jpg")
        subprocess.run([CONVERT, "-q", self.source, "-o", wanted, "--quality", "50"], check=True)
        content, facts = self.bucket.get(self.prefix + "one.jpg")
        self.assertTrue(content == read(wanted))
        self.assertEqual(facts["type"], "image/jpeg")


# ---- The benchmark --------------------------------------------------------------------------------------------


class Awake:
    """Keeps all processors from being idle, by threads of the system that run only where nothing else does.

    The functions wait for a store that runs beside them and is slow; a local run never waits. Virtual machines here
    give a processor that often waits less speed: the same local run, halted for 7 of each 10 ms, takes 1.4 times the
    processor time. What is compared has to run at one speed.
    """

    def __enter__(self):
        self.spinning = []
        for processor in sorted(os.sched_getaffinity(0)):
            self.spinning.append(subprocess.Popen([sys.executable, "-c", "while True: pass"],
                                                  preexec_fn=lambda one=processor: self.prepare(one)))
        return self

    @staticmethod
    def prepare(processor):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        os.sched_setaffinity(0, {processor})
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG

    def __exit__(self, *_):
        for process in self.spinning:
            process.kill()
            process.wait()


def converted(big, output, what, *more):
    """Seconds of processor time that a local run takes."""
    options = [text for name, value in what.items() for text in ("--" + name, value)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([CONVERT, "-q", big, "-o", output] + options + list(more), check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def benchmark(big, workers, what, folder):
    size = os.path.getsize(big)
    wanted = os.path.join(folder, "wanted")
    local = converted(big, wanted, what)
    index = os.path.join(folder, "big.tix")
    subprocess.run([CONVERT, "-q", big, "--build-index", index], check=True)
    indexed = float("inf")
    for _ in range(3):  # the least: what is noise only adds, and must not flatter the functions
        shutil.rmtree(wanted)
        indexed = min(indexed, converted(big, wanted, what, "--index", index))
    print("local run: %.1f s of processor time from the top, %.1f s by an index that was there" % (local, indexed))

    bucket, prefix = Bucket(SERVER.endpoint, BUCKET), "benchmark-%d/" % os.getpid()
    key = prefix + os.path.basename(big)
    bucket.put(key, read(big))
    source = "s3://%s/%s" % (BUCKET, key)
    env = dict(environment(SERVER.endpoint), TMPDIR=folder)
    functions = {name: Function(HANDLER, name, env, memory=1769) for name in ("plan", "assemble")}
    tilers = [Worker("tile", folder) for _ in range(workers)]
    try:
        plan = done(functions["plan"], dict(what, source=source, tile=256,
                                             output="s3://%s/%sout/" % (BUCKET, prefix)), 900)
        print("plan: %(tiles)d tiles, %(memory_mb)d MB, %(seconds)g s, %(batch)d a batch" % plan)
        tasks = [json.loads(line) for line in bucket.get(prefix + "out/plan.jsonl")[0].splitlines()]
        path = "/%s/%s" % (BUCKET, key)
        most = 0
        for task in tasks[::65]:  # one of each row of 64, and another column each time
            before = tilers[0].proxy.count(path)
            done(tilers[0], task)
            most = max(most, tilers[0].proxy.count(path) - before)
        print("one tile reads up to %.2f %% of the source" % (100 * most / size))
        before = sum(tiler.cpu() for tiler in tilers)
        begun = time.monotonic()
        spread(tilers, planned_batches(plan, tasks))
        seconds = time.monotonic() - begun
        cpu = sum(tiler.cpu() for tiler in tilers) - before
        done(functions["assemble"], {"job": plan["job"]}, 900)
        print("%d workers: %.1f s of processor time, %.1f s in all, up to %.0f MB resident" %
              (workers, cpu, seconds, max(tiler.peak() for tiler in tilers) / 2 ** 20))
        for name, function in functions.items():
            print("%s: %.1f s of processor time, up to %.0f MB resident" % (name, function.cpu(),
                                                                            function.peak() / 2 ** 20))
        differing = [name for name in os.listdir(wanted)
                     if (bucket.get(prefix + "out/" + name) or [None])[0] != read(os.path.join(wanted, name))]
        print("%d of %d files differ from the local run's" % (len(differing), len(os.listdir(wanted))))
        total = cpu + sum(function.cpu() for function in functions.values())
        print("plan, tiles and assemble together: %.1f s of processor time, %.2f times the local run, %.2f times the one "
              "by an index" % (total, total / local, total / indexed))
        return 1 if differing or most > 0.05 * size or total > 1.5 * indexed else 0
    finally:
        for function in list(functions.values()) + tilers:
            function.__exit__()
        for key in bucket.list(prefix):
            bucket.delete(key)


def main():
    global HANDLER, CONVERT, MAKE_BIG, SERVER
    measure = sys.argv[1] == "--benchmark"
    paths = sys.argv[1 + measure:]
    HANDLER, CONVERT, MAKE_BIG = (os.path.abspath(path) for path in paths[:3])
    SERVER = Server()
    try:
        if not measure:
            return 0 if unittest.main(argv=sys.argv[:1] + paths[3:], exit=False).result.wasSuccessful() else 1
        folder = scratch.make()
        try:
            workers, *what = paths[3:] if len(paths) > 4 else (paths[3:] or ["4"]) + ["tif", "lab"]
            with Awake():
                return benchmark(MAKE_BIG, int(workers), dict(zip(("format", "to"), what)), folder)
        finally:
            shutil.rmtree(folder)
    finally:
        SERVER.stop()


if __name__ == "__main__":
    sys.exit(main())
