# SPDX-License-Identifier: MIT
"""runtime.py TILE-HANDLER ECHO FIXTURES: the custom runtime against a Runtime API that has its moods."""
import base64
import concurrent.futures
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
import scratch  # noqa: E402
from noise import noise  # noqa: E402
from simulator import Fault, Function  # noqa: E402

HANDLER = ECHO = FIXTURES = LARGE = None
RESPONSE_MOST = 6291556
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
HEADERS = [b"Lambda-Runtime-Aws-Request-Id: $ID", b"Lambda-Runtime-Deadline-Ms: 9999999999999"]


def letters(size):
    return (bytes(range(ord("a"), ord("a") + 23)) * (size // 23 + 1))[:size]


def sanitized():
    with open(HANDLER, "rb") as file:
        return b"__asan_init" in file.read()


class Case(unittest.TestCase):
    def function(self, *arguments, **named):
        """Of echo, unless it is said; ends with the test."""
        function = Function(*(arguments or (ECHO, "echo")), **named)
        self.addCleanup(lambda: function.__exit__(None))
        return function

    def ends_well(self, function, status=0):
        self.assertEqual(function.stop(), status, function.log())
        self.assertNotRegex(function.log(), "Sanitizer|runtime error")

    def lives(self, function):
        ok, answer = function.invoke({"alive": True})
        self.assertTrue(ok, (answer, function.log()[-3000:]))
        return answer


class Answers(Case):
    def test_invocations(self):
        function = self.function(memory=1769)
        for number in range(1, 51):
            begun = time.time()
            answer = self.lives(function)
            self.assertEqual(answer["id"], function.last.id)
            self.assertEqual(answer["memory"], 1769 << 20)
            # Time is left for saying that it was not enough: a second of sixty.
            self.assertAlmostEqual(answer["deadline"] / 1e3, begun + 59, delta=5)
            self.assertLess(answer["deadline"], function.last.deadline * 1e3 - 900)
            self.assertEqual(function.last.posts[0].headers["content-type"], "application/json")
        self.assertEqual(function.connections, 1)  # kept
        self.ends_well(function)

    def test_short_deadline(self):
        function = self.function()
        answer = function.invoke({}, deadline=8.0)[1]
        self.assertAlmostEqual(function.last.deadline * 1e3 - answer["deadline"], 800, delta=400)
        # One that is over already stays so.
        answer = function.invoke({}, deadline=-5.0)[1]
        self.assertAlmostEqual(answer["deadline"], function.last.deadline * 1e3, delta=2)
        self.ends_well(function)

    def test_late(self):
        function = self.function()
        ok, answer = function.invoke({"late": True}, deadline=2.0)
        self.assertEqual((ok, answer["errorType"]), (False, "Function.OutOfTime"))
        self.assertLess(time.time(), function.last.deadline)  # the answer came before
        self.lives(function)
        self.ends_well(function)

    def test_trace(self):
        function = self.function(env={"_X_AMZN_TRACE_ID": "of the process"})
        trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
        self.assertEqual(function.invoke({}, trace=trace)[1]["trace"], trace)
        self.assertIsNone(function.invoke({})[1]["trace"])
        self.assertEqual(function.invoke({}, trace=trace)[1]["trace"], trace)
        self.assertIsNone(function.invoke({}, trace="x" * 60000)[1]["trace"])
        self.ends_well(function)

    def test_failure(self):
        function = self.function()
        ok, answer = function.invoke({"fail": "what \"failed\"\\\n\t\u20ac \x7f"})
        self.assertFalse(ok)
        self.assertEqual(answer, {"errorType": "Function.BadRequest", "stackTrace": [],
                                  "errorMessage": "what \"failed\"\\  \u20ac  "})
        post = function.last.posts[0]
        self.assertEqual(post.path, "invocation/%s/error" % function.last.id)
        self.assertEqual(post.headers["lambda-runtime-function-error-type"], "Function.BadRequest")
        # As much of a long one as fits, cut where it may: still UTF-8.
        for shift in range(4):
            ok, answer = function.invoke({"fail": "x" * shift + "\U0001F600" * 1000})
            self.assertRegex(answer["errorMessage"], "^x*\U0001F600{200,}[?]*$")
        self.lives(function)
        self.ends_well(function)

    def test_size(self):
        function = self.function()
        ok, answer = function.invoke({"size": RESPONSE_MOST})
        self.assertTrue(ok)
        self.assertEqual(answer.encode(), letters(RESPONSE_MOST - 2))
        ok, answer = function.invoke({"size": RESPONSE_MOST + 1})
        self.assertFalse(ok)
        self.assertEqual(answer["errorType"], "Function.ResponseTooLarge")
        self.assertIn("give `output`", answer["errorMessage"])
        self.assertEqual(len(function.last.posts), 1)  # it was not even tried
        # The server's opinion counts as well.
        ok, answer = function.invoke({"size": 100000}, fault=Fault(post_status=[413]))
        self.assertEqual(answer["errorType"], "Function.ResponseTooLarge")
        self.assertIn("give `output`", answer["errorMessage"])
        self.lives(function)
        self.ends_well(function)

    def test_stream(self):
        function = self.function()
        for size in 1, 65536, 20 << 20:
            ok, answer = function.invoke({"stream": size})
            self.assertTrue(ok)
            self.assertEqual(answer, letters(size))
            headers = function.last.posts[0].headers
            self.assertEqual(headers["lambda-runtime-function-response-mode"], "streaming")
            self.assertEqual(headers["transfer-encoding"], "chunked")
            self.assertEqual(headers["content-type"], "application/vnd.awslambda.http-integration-response")
            self.assertEqual(function.last.posts[0].trailers, {})
        # A lost one is sent again, from its beginning, however much of it was on its way.
        for _ in range(20):
            ok, answer = function.invoke({"stream": 3 << 20}, fault=Fault(drop="half"))
            self.assertEqual((ok, answer), (True, letters(3 << 20)))
            ok, answer = function.invoke({"stream": 3 << 20}, fault=Fault(post_status=[413]))
            self.assertEqual(answer["errorType"], "Function.ResponseTooLarge")
        self.lives(function)
        self.ends_well(function)

    def test_stream_that_breaks(self):
        for size in 0, 1, 300000:
            function = self.function(ECHO, "echo", arguments=["broken-stream", str(size)])
            ok, answer = function.invoke({})
            self.assertFalse(ok)
            self.assertEqual(answer, {"errorType": "Function.SourceUnreadable", "stackTrace": [],
                                      "errorMessage": "the source \"broke off\" \u20ac"})
            post = function.last.posts[0]
            self.assertEqual(post.trailers["lambda-runtime-function-error-type"], "Function.SourceUnreadable")
            self.assertEqual(post.body, b"x" * size)
            self.assertEqual(function.process.wait(30), 0)
            self.ends_well(function)


class Deadlines(Case):
    """One tile of 16 megapixels takes seconds, and the invocation has one: it is told before that is over."""

    def answers(self, event):
        folder = pathlib.Path(scratch.make())
        self.addCleanup(shutil.rmtree, folder)
        (folder / "large.png").write_bytes(LARGE)
        function = self.function(HANDLER, "tile", env={"TILE_LOCAL_ROOT": str(folder)})
        function.wait_for_next()
        for _ in range(3):  # a machine that has much else to do may have the tenth of a second that is left for that
            ok, answer = function.invoke(event, deadline=1.0)
            late = time.time() - function.last.deadline
            if late < 0:
                break
        self.assertLess(late, 0)
        self.assertEqual(os.listdir(folder), ["large.png"])
        self.ends_well(function)
        return ok, answer

    def test_task(self):
        ok, answer = self.answers({"source": "large.png", "output": "out.png", "format": "png", "compression": 9})
        self.assertEqual((ok, answer["errorType"]), (False, "Function.TimeoutTooShort"))
        self.assertIn("4096 x 4096", answer["errorMessage"])

    def test_request(self):
        ok, answer = self.answers({"version": "2.0", "rawPath": "/", "rawQueryString": "format=png&compression=9",
                                   "requestContext": {"http": {"method": "POST"}}, "isBase64Encoded": True,
                                   "body": base64.b64encode(LARGE).decode()})
        self.assertEqual((ok, answer["statusCode"]), (True, 504))
        self.assertIn("TimeoutTooShort", answer["body"])

    def test_messages(self):
        body = json.dumps({"source": "large.png", "output": "out.png", "format": "png", "compression": 9})
        ok, answer = self.answers({"Records": [{"eventSource": "aws:sqs", "messageId": "a", "body": body}]})
        self.assertEqual((ok, answer), (True, {"batchItemFailures": [{"itemIdentifier": "a"}]}))


class OddServers(Case):
    def test_slow(self):
        function = self.function()
        self.assertTrue(function.invoke({}, fault=Fault(slow=2.5))[0])
        self.assertEqual((function.nexts, function.connections), (1, 1))
        self.ends_well(function)

    def test_dropped(self):
        function = self.function()
        self.assertTrue(function.invoke({}, fault=Fault(drop="next"))[0])
        # In the middle of an event: what is known of it is answered.
        ok, answer = function.invoke({"x": "y" * 100000}, fault=Fault(drop="body"))
        self.assertFalse(ok)
        self.assertIn("broke off", answer["errorMessage"])
        self.lives(function)
        # In the middle of the answer: it is sent again.
        ok, answer = function.invoke({"size": 3000000}, fault=Fault(drop="half"))
        self.assertEqual((ok, answer), (True, letters(3000000 - 2).decode()))
        # After the answer: it is posted again, and the server says that it has it.
        ok, answer = function.invoke({"size": 10}, fault=Fault(drop="post"))
        self.assertTrue(ok)
        last = function.last
        self.lives(function)
        self.assertEqual(len(last.posts), 2)
        self.assertEqual(last.posts[0].body, last.posts[1].body)
        self.ends_well(function)

    def test_server_faults(self):
        function = self.function()
        self.assertTrue(function.invoke({}, fault=Fault(post_status=[500, 503]))[0])
        self.assertEqual(len(function.last.posts), 3)
        # What stays at fault is given up, and what the server refuses is not repeated; the process lives on.
        last = function.send({"size": 20}, fault=Fault(post_status=[500] * 100))
        self.lives(function)
        self.assertTrue(2 <= len(last.posts) <= 10, len(last.posts))
        for status in 400, 403, 404:
            last = function.send({"size": 20}, fault=Fault(post_status=[status] * 100))
            self.lives(function)
            self.assertEqual([post.path.split("/")[2] for post in last.posts], ["response"])
        function.next_faults += [500, 403, "drop", b"no HTTP at all\r\n\r\n", b"HTTP/1.1 200 OK\r\n", 204,
                                 b"HTTP/1.1 500 Fault\r\n" + HEADERS[0].replace(b"$ID", b"none") + b"\r\n\r\n{}"]
        self.lives(function)
        self.assertEqual(function.posts, [])  # nothing was taken for an invocation
        self.lives(function)
        self.ends_well(function)

    def test_server_that_never_answers_well(self):
        for fault in 500, 200, "drop":  # 200: without a request id
            function = self.function(start=False)
            function.next_faults += [fault] * 1000
            function.start()
            self.assertEqual(function.process.wait(60), 1)
            self.assertTrue(2 <= function.nexts <= 20, function.nexts)
            self.assertRegex(function.log(), "FATAL next invocation: ")
            self.ends_well(function, 1)

    def test_server_that_is_gone(self):
        function = self.function()
        self.lives(function)
        function.close_server()
        self.assertEqual(function.process.wait(60), 1)
        self.assertRegex(function.log(), "FATAL next invocation: ")
        self.ends_well(function, 1)

    def test_odd_headers(self):
        function = self.function()
        for headers in [
            [line.lower().replace(b"$id", b"$ID") for line in HEADERS],
            [line.upper() for line in HEADERS],
            [b"Lambda-Runtime-Aws-Request-Id:\t  $ID \t", b"Lambda-Runtime-Deadline-Ms:9999999999999"],
            [b"Lambda-Runtime-Aws-Request-Id:", b"  $ID", HEADERS[1]],  # folded
            HEADERS + [b"Lambda-Runtime-Aws-Request-Id: another", b"Lambda-Runtime-Deadline-Ms: 7"],
            HEADERS + [b"X-%d: %s" % (i, b"y" * 100) for i in range(300)],
            HEADERS + [b"X-Long: " + b"y" * 60000],
            HEADERS + [b"X-Binary: \xff\xfe\x01"],
        ]:
            ok, answer = function.invoke({}, headers=headers)
            self.assertTrue(ok, headers[:3])
            self.assertEqual((answer["id"], answer["deadline"]), (function.last.id, 9999999999999 - 1000))
        for deadline in [None, b"", b"soon", b"-5", b"0", b"1e12", b"9" * 19, b"9" * 40, b"12 34", b"0x10"]:
            headers = HEADERS[:1] + ([] if deadline is None else [b"Lambda-Runtime-Deadline-Ms: " + deadline])
            ok, answer = function.invoke({}, headers=headers)
            self.assertEqual((ok, answer["deadline"]), (True, 2**63 - 1), deadline)
        for request_id in ["a b/../c?d=e#f%41", "\"quoted\\\"", "x" * 255, "..", "%2e%2e%2f", "{}"]:
            ok, answer = function.invoke({"fail": "x"}, request_id=request_id)
            self.assertEqual(answer["errorMessage"], "x", request_id)
        self.ends_well(function)

    def test_no_request_id(self):
        function = self.function()
        for headers in [HEADERS[1:], [b"Lambda-Runtime-Aws-Request-Id:"], [b"Lambda-Runtime-Aws-Request-Id: " + b"x" * 256]]:
            function.send({}, headers=headers)
            self.lives(function)
        self.assertEqual(function.log().count("has no request id"), 3)
        self.ends_well(function)

    def test_damaged_answers(self):
        chance = random.Random(5)
        good = (b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: none\r\nLambda-Runtime-Deadline-Ms: 99\r\n"
                b"Lambda-Runtime-Trace-Id: Root=1\r\nContent-Length: 2\r\n\r\n{}")
        function = self.function()
        for _ in range(70):
            for _ in range(3):  # with those left over, always fewer than are borne in a row
                bad = bytearray(good)
                for _ in range(chance.randint(1, 4)):
                    place = chance.randrange(len(bad))
                    bad[place:place + chance.randint(0, 3)] = bytes(chance.choices(b"\r\n: \x00\xff-9a", k=chance.randint(0, 3)))
                function.next_faults.append(bytes(bad[:chance.randint(0, len(bad))]))
            self.lives(function)
        self.ends_well(function)

    def test_proxy_is_for_others(self):
        function = self.function(env={"http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"})
        self.lives(function)
        self.ends_well(function)


class Life(Case):
    def test_terminated_when_idle(self):
        function = self.function()
        function.wait_for_next()
        status, seconds = function.terminate()
        self.assertEqual(status, 0)
        self.assertLess(seconds, 10)
        self.assertEqual((function.log(), function.out()), ("", ""))

    def test_terminated_when_busy(self):
        function = self.function()
        running, waiting = function.send({"sleep": 2}), function.send({})
        while running.begun is None:
            time.sleep(0.01)
        time.sleep(0.5)  # it was begun by the server; now it is by the function, too
        function.terminate()
        self.assertTrue(function.receive(running)[0])  # it was done
        self.assertEqual(function.nexts, 1)  # and no other begun
        self.assertIsNone(waiting.begun)
        self.ends_well(function)

    def test_unknown_handler(self):
        for handler in None, "", "nothing", "tile.nothing", "tile.", "TILE", "til\u00e9\"\n":
            function = self.function(HANDLER, "tile", env={"_HANDLER": handler})
            self.assertEqual(function.process.wait(30), 1)
            self.assertEqual([post.path for post in function.posts], ["init/error"])
            self.assertEqual(function.posts[0].headers["lambda-runtime-function-error-type"], "Runtime.NoSuchHandler")
            self.assertEqual(function.posts[0].json()["errorType"], "Runtime.NoSuchHandler")
            self.assertIn("plan, tile, assemble", function.posts[0].json()["errorMessage"])
            self.assertEqual(function.nexts, 0)
            self.ends_well(function, 1)

    def test_handler_names(self):
        for handler in "plan", "tile", "assemble", "text", "bootstrap.tile", "a.b.c.plan":
            function = self.function(HANDLER, handler, env={"AWS_LAMBDA_FUNCTION_NAME": None})
            self.assertFalse(function.invoke(b"{")[0])
            self.assertIn("\"Function\":\"%s\"" % handler.split(".")[-1], function.out())
            self.ends_well(function)

    def test_named_by_an_argument(self):
        """As a container image has it: bootstrap as ENTRYPOINT, the name as CMD."""
        for handler in None, "tile":
            function = self.function(HANDLER, handler, arguments=["bootstrap.plan"],
                                     env={"_HANDLER": handler, "AWS_LAMBDA_FUNCTION_NAME": None})
            self.assertIn("plan: ", function.invoke({"a": 1})[1]["errorMessage"])
            self.assertIn("\"Function\":\"plan\"", function.out())
            self.ends_well(function)
        function = self.function(HANDLER, "tile", arguments=["nothing"])
        self.assertEqual(function.process.wait(30), 1)
        self.assertEqual([post.path for post in function.posts], ["init/error"])
        function = self.function(HANDLER, "tile", arguments=["tile", "plan"])
        self.assertEqual((function.process.wait(30), function.posts), (2, []))

    def test_bad_events(self):
        deep = b"[" * 1000000 + b"]" * 1000000
        large = b"\"" + b"x" * (7 << 20) + b"\""
        bad = [(b"", "BadRequest"), (b"{", "BadRequest"), (b"not JSON", "BadRequest"), (b"{} {}", "BadRequest"),
               (b"null", "BadRequest"), (b"5", "BadRequest"), (b"[]", "BadRequest"), (b"\"text\"", "BadRequest"),
               (b"true", "BadRequest"), (b"{}", "BadRequest"), (deep, "BadRequest"),
               (b"[" * 2000 + b"]" * 2000, "BadRequest"), (b"{\"a\":" * 2000 + b"1" + b"}" * 2000, "BadRequest"),
               (b'{"source":"a","source":"b"}', "BadRequest"), (b'{"source":"\xff\xfe"}', "BadRequest"),
               (b'{"source":"\xed\xa0\x80"}', "BadRequest"), (b'{"source":"a\\u0000b"}', "BadRequest"),
               (b'{"a":1e999}', "BadRequest"), (b'{"a":99999999999999999999999}', "BadRequest"),
               (b"\x00" * 10, "BadRequest"), (b"\xef\xbb\xbf{}", "BadRequest"), (large, "LimitExceeded"),
               (b"[" + b"{}," * 330000 + b"0]", "LimitExceeded"),
               (b'"' + b"\\\",:" * 990000 + b'"', "BadRequest")]  # a string
        for handler in "plan", "tile", "assemble", "text":
            function = self.function(HANDLER, handler)
            for event, kind in bad:
                with self.subTest(handler=handler, event=event[:40]):
                    ok, answer = function.invoke(event)
                    self.assertFalse(ok)
                    self.assertEqual(answer["errorType"], "Function." + kind, answer)
                    self.assertTrue(answer["errorMessage"])
            self.assertIsNone(function.process.poll())
            self.ends_well(function)


class Lines(Case):
    def test_json_log(self):
        function = self.function(env={"AWS_LAMBDA_LOG_FORMAT": "JSON"})
        message = "a \"quoted\" \\ line\nand \u20ac"
        function.invoke({"fail": message, "content": "SECRET"})
        function.invoke(b'{"SECRET":1,"SECRET":2}')
        function.invoke(b'{"a":"SECRET\xff"}')
        function.invoke(b'SECRET')
        function.invoke(b'{"a":SECRET}')
        lines = [json.loads(line) for line in function.log().splitlines()]
        self.assertEqual(len(lines), 5)
        self.assertEqual(lines[0]["message"], "Function.BadRequest: " + message.replace("\n", " "))
        for line in lines:
            self.assertEqual(sorted(line), ["level", "message", "requestId", "timestamp"])
            self.assertRegex(line["timestamp"], "^" + RFC3339.pattern + "$")
            self.assertEqual(line["level"], "ERROR")
            self.assertRegex(line["requestId"], "^0000000[1-5]-")
        self.assertNotIn("SECRET", function.log() + function.out())
        self.ends_well(function)

    def test_text_log(self):
        for form in None, "Text":
            function = self.function(env={"AWS_LAMBDA_LOG_FORMAT": form})
            function.invoke({"fail": "one\ntwo"})
            self.assertRegex(function.log(), "^" + RFC3339.pattern + " ERROR 00000001-[0-9a-f-]+ Function.BadRequest: one two\n$")
            self.ends_well(function)

    def test_level(self):
        for level, lines in ("TRACE", 2), ("warn", 2), ("ERROR", 1), ("FATAL", 0), ("nonsense", 2):
            function = self.function(env={"AWS_LAMBDA_LOG_LEVEL": level})
            function.invoke({"fail": "x"}, fault=Fault(post_status=[500]))  # an error, and a warning of the post
            self.assertEqual(len(function.log().splitlines()), lines, level)
            self.ends_well(function)

    def test_metrics(self):
        """As CloudWatch's specification of the Embedded Metric Format asks for."""
        function = self.function(env={"AWS_LAMBDA_FUNCTION_NAME": "my-function"})
        begun = time.time()
        function.invoke({})
        function.invoke({"fail": "x"})
        function.invoke(b"")
        lines = [json.loads(line) for line in function.out().splitlines()]
        self.assertEqual([line["requestId"][:8] for line in lines], ["00000001", "00000002", "00000003"])
        self.assertEqual([line["Tiles"] for line in lines], [1, 1, 0])
        for line in lines:
            self.assertIsInstance(line["_aws"]["Timestamp"], int)
            self.assertAlmostEqual(line["_aws"]["Timestamp"] / 1e3, begun, delta=60)
            [directive] = line["_aws"]["CloudWatchMetrics"]
            self.assertEqual((directive["Namespace"], directive["Dimensions"]), ("libtile", [["Function"]]))
            self.assertEqual(line["Function"], "my-function")
            names = [metric["Name"] for metric in directive["Metrics"]]
            self.assertEqual(len(set(names)), len(names))
            for metric in directive["Metrics"]:
                self.assertIn(metric["Unit"], ("Count", "Bytes", "Milliseconds"))
                self.assertIsInstance(line[metric["Name"]], (int, float))
                self.assertGreaterEqual(line[metric["Name"]], 0)
            self.assertLess({"Tiles", "Pixels", "BytesIn", "BytesOut", "Total"}, set(names))
        self.ends_well(function)


NOTHING = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "bucket"}


class Tiles(Case):
    """The tile handler itself, on local files."""

    def setUp(self):
        self.folder = scratch.make()
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copy(os.path.join(FIXTURES, "photo.jpg"), self.folder)

    def task(self, output="r0_c0.npy", source="photo.jpg"):
        return {"source": source, "region": [0, 0, 64, 48], "to": "lab", "format": "npy", "output": output}

    def test_figures(self):
        function = self.function(HANDLER, "tile", env={"TILE_LOCAL_ROOT": self.folder})
        for _ in range(2):  # the second one's are its own
            ok, answer = function.invoke(self.task())
            self.assertTrue(ok, answer)
        size = os.path.getsize(os.path.join(self.folder, "r0_c0.npy"))
        for line in map(json.loads, function.out().splitlines()):
            self.assertEqual((line["Tiles"], line["Pixels"], line["BytesOut"]), (1, 64 * 48, size))
            self.assertGreater(line["BytesIn"], 1000)
            self.assertGreater(line["Convert"], 0)
            self.assertGreaterEqual(line["Total"], line["Open"] + line["Convert"] + line["Store"])
        self.ends_well(function)

    def test_no_files_without_root(self):
        function = self.function(HANDLER, "tile")
        ok, answer = function.invoke(self.task(source=os.path.join(self.folder, "photo.jpg")))
        self.assertEqual((ok, answer["errorType"]), (False, "Function.BadRequest"))
        self.ends_well(function)

    def test_side_by_side(self):
        functions = [self.function(HANDLER, "tile", env={"TILE_LOCAL_ROOT": self.folder}) for _ in range(4)]

        def work(number):
            answers = [functions[number].invoke(self.task("%d_%d.npy" % (number, i))) for i in range(20)]
            return all(ok for ok, _ in answers)

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            self.assertEqual(list(pool.map(work, range(4))), [True] * 4)
        tiles = list(pathlib.Path(self.folder).glob("*.npy"))
        self.assertEqual(len(tiles), 80)
        self.assertEqual(len({tile.read_bytes() for tile in tiles}), 1)
        for function in functions:
            self.ends_well(function)

    def test_does_not_grow(self):
        events = [NOTHING] * 7 + [self.task(), self.task(source="missing.jpg"), {"unknown": [1, {"a": "b"}]}]
        function = self.function(HANDLER, "tile", env={"TILE_LOCAL_ROOT": self.folder})
        first, last = (100, 300) if sanitized() else (1000, 10000)
        for number in range(last):
            ok, answer = function.invoke(events[number % len(events)])
            self.assertEqual(ok, number % len(events) < 8, answer)
            if number == first:
                before = function.rss()
        if not sanitized():  # whose memory grows by what was freed
            self.assertLess(function.rss() - before, 512 << 10)
        self.ends_well(function)


class Memory(Case):
    def test_does_not_grow(self):
        events = [b'{"size":100000}', b"{", b'{"fail":"x"}', b'{"stream":300000}', b'{"a":[{"b":"c"},{"d":1.5}]}']
        function = self.function()
        first, last = (100, 300) if sanitized() else (1000, 10000)
        for number in range(last):
            function.invoke(events[number % len(events)])
            if number == first:
                before = function.rss()
        if not sanitized():  # whose memory grows by what was freed
            self.assertLess(function.rss() - before, 512 << 10)
        self.ends_well(function)


    def test_large_event(self):
        function = self.function()
        before = function.peak()
        ok, answer = function.invoke(b"\"" + b"x" * (64 << 20) + b"\"")
        self.assertEqual((ok, answer["errorType"]), (False, "Function.LimitExceeded"))
        if not sanitized():
            self.assertLess(function.peak() - before, 32 << 20)  # it was not kept
        self.lives(function)
        self.ends_well(function)

    def test_event_of_many_values(self):
        """What is small as text, and large as values."""
        function = self.function()
        before = function.peak()
        for value in b"{}", b"[]", b'{"a":1}':
            for size in 6 << 20, (4 * 640000) // 5:
                values = b",".join([value] * (size // (len(value) + 1)))
                function.invoke(b"[" + values + b"]")
        ok, answer = function.invoke(b"[" + b"{}," * (2 << 20) + b"{}]")
        self.assertEqual((ok, answer["errorType"]), (False, "Function.LimitExceeded"), answer)
        if not sanitized():
            self.assertLess(function.peak() - before, 100 << 20)
        self.lives(function)
        self.ends_well(function)

    def test_messages_of_many_values(self):
        """A message that is no task is not kept while the others are looked at."""
        function = self.function(HANDLER, "tile")
        body = '{"place":[' + "{}," * 200000 + "0]}"
        event = {"Records": [{"eventSource": "aws:sqs", "messageId": str(i), "body": body} for i in range(10)]}
        self.assertEqual(len(function.invoke({"Records": event["Records"][:1]})[1]["batchItemFailures"]), 1)
        before = function.peak()
        ok, answer = function.invoke(event)
        self.assertEqual((ok, len(answer["batchItemFailures"])), (True, 10))
        if not sanitized():
            self.assertLess(function.peak() - before, 64 << 20)
        self.ends_well(function)

    def test_event_of_many_tasks(self):
        """As many as there may be, as S3 tells of them and SQS brings them."""
        record = {"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-west-2", "eventName": "ObjectRemoved:Delete",
                  "eventTime": "1970-01-01T00:00:00.000Z", "userIdentity": {"principalId": "AIDAJDPLRKLG7UEXAMPLE"},
                  "requestParameters": {"sourceIPAddress": "127.0.0.1"}, "responseElements": {"x-amz-request-id": "C3D",
                  "x-amz-id-2": "FMyUVURIY8"}, "s3": {"s3SchemaVersion": "1.0", "configurationId": "test", "bucket": {
                      "name": "mybucket", "ownerIdentity": {"principalId": "A3NL1KOZZKExample"}, "arn": "arn:aws:s3:::b"},
                      "object": {"key": "a.jpg", "size": 1024, "eTag": "d41d8", "versionId": "096fKKX", "sequencer": "00"}}}
        function = self.function(HANDLER, "tile", env={"TILE_TASK": "{}"})
        text = json.dumps(record, separators=(",", ":")).encode()
        ok, answer = function.invoke(b'{"Records":[' + b",".join([text] * min(10000, (13 << 19) // len(text) - 1)) + b"]}")
        self.assertEqual((ok, answer), (True, {"tiles": 0, "bytes": 0}))
        self.ends_well(function)


class Local(Case):
    def run_local(self, *arguments, event=b"", **named):
        return subprocess.run([HANDLER, *arguments], input=event, capture_output=True, timeout=60, **named)

    def test_usage(self):
        for arguments in [], ["--local"], ["--local", "nothing"], ["--local", "tile", "more"], ["--nothing"]:
            done = self.run_local(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertTrue(done.stderr.startswith(b"tile-handler: ") or HANDLER.encode() in done.stderr)
        self.assertIn(b"--local NAME", self.run_local("--help").stdout)
        self.assertRegex(self.run_local("--version").stdout, rb"^tile-handler \d+\.\d+\.\d+\n$")
        with open("/dev/full", "wb") as full:
            for option in "--help", "--version":
                self.assertEqual(subprocess.run([HANDLER, option], stdout=full).returncode, 1)

    def test_failure(self):
        for event in b"", b"{", b'{"a":1,"a":2}', b"[" * 1000000, b"\"" + b"x" * (7 << 20):
            done = self.run_local("--local", "tile", event=event)
            self.assertEqual((done.returncode, done.stdout), (1, b""))
            self.assertEqual(done.stderr.count(b"\n"), 1)
            failure = json.loads(done.stderr)
            self.assertRegex(failure["errorType"], "^Function[.](BadRequest|LimitExceeded)$")
            self.assertTrue(failure["errorMessage"])


if __name__ == "__main__":
    HANDLER, ECHO, FIXTURES = map(os.path.abspath, sys.argv[1:4])
    LARGE = noise(4096)
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
