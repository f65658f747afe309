#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A proxy that stands between a client and an S3 server and does to their requests what networks and stores do.

    faults.py http://127.0.0.1:PORT [FILE]

FILE: its own certificate and key, in PEM; it is asked by https then. Prints its own endpoint, and ends with its parent. Requests are forwarded as they are (also the header Host, so that
signatures hold), but for what its rules say:

    PUT /-/rules    a JSON array of rules replaces the old ones and forgets what was seen
    GET /-/seen     what came since: [{"method", "path", "range", "connection", "fault", "headers", "body"}, ...]
                    (the body of a POST)

A rule is {"fault": NAME, "method": "GET" (any), "path": "part of it" (any), "after": N (0), "times": N (1; -1: always)}:
of the requests that match, it lets N pass and strikes the next ones. With "half": SEED it strikes about half of those:
whether the first, second, ... request for the same thing is one is the same each time. The first rule that strikes is
the one. Faults:

    status      answers "status" with <Code> "code", and "headers", and "body" in place of an XML error of its own
    refuse      resets the connection without an answer
    reset       resets it in the middle of the body
    cut         closes it in the middle of the body
    short       half the body, announced as such
    long        the body and some more bytes
    shifted     a Content-Range that is off by one
    other       another ETag, as of an object that was written over
    damage      forwards a request's body with one bit changed
    half        forwards half of a request's body, and no more of it until the client goes away
    mute        never says 100 Continue; all that match
    delay       waits for "seconds" first
    stall       waits for "seconds" in the middle of the body
    hangup      answers, and closes the connection without saying so
    headers     endless headers
    noise       answers "status" with a body that has no end
"""
import ctypes
import hashlib
import http.client
import http.server
import json
import os
import signal
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse

LOCK = threading.Lock()
RULES, SEEN = [], []


class Gone(Exception):
    """The connection is not to be used any more."""


def matches(rule, method, path):
    return rule.get("method", method) == method and rule.get("path", "") in path


def is_odd(rule, what):
    times = rule.setdefault("seen", {})
    times[what] = times.get(what, 0) + 1
    return hashlib.sha256(f"{rule['half']} {what} {times[what]}".encode()).digest()[0] % 2 == 1


def pick(method, path, byte_range):
    for rule in RULES:
        if rule["fault"] == "mute" or not matches(rule, method, path):
            continue
        if "half" in rule and not is_odd(rule, (method, path, byte_range)):
            continue
        rule["count"] = rule.get("count", 0) + 1
        after, times = rule.get("after", 0), rule.get("times", 1)
        if rule["count"] > after and (times < 0 or rule["count"] <= after + times):
            return rule
    return {"fault": ""}


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 0

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.upstream = http.client.HTTPConnection(UPSTREAM.hostname, UPSTREAM.port)

    def finish(self):
        self.upstream.close()
        super().finish()

    def send(self, status, headers, body):
        reason = http.client.responses.get(status, "")
        lines = [f"HTTP/1.1 {status} {reason}"] + [f"{name}: {value}" for name, value in headers]
        self.wfile.write("\r\n".join(lines + ["", ""]).encode("latin-1") + body)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        raise Gone

    def close(self):
        self.connection.shutdown(socket.SHUT_RDWR)
        raise Gone

    def handle_expect_100(self):
        with LOCK:
            mute = any(rule["fault"] == "mute" and matches(rule, self.command, self.path) for rule in RULES)
        return mute or super().handle_expect_100()

    def control(self, body):
        answer = b""
        with LOCK:
            if self.command == "PUT":
                RULES[:] = json.loads(body)
                SEEN.clear()
            else:
                answer = json.dumps(SEEN).encode()
        self.send(200, [("Content-Length", len(answer))], answer)

    def forward(self, body):
        self.upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("connection", "expect"):
                self.upstream.putheader(name, value)
        self.upstream.endheaders(body if body else None)
        answer = self.upstream.getresponse()
        return answer.status, answer.getheaders(), answer.read()

    def refuse_by_status(self, rule):
        status, code = rule.get("status", 500), rule.get("code", "")
        body = rule.get("body", f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>as told</Message></Error>")
        headers = list(rule.get("headers", {}).items()) + [("Content-Length", len(body.encode()))]
        self.send(status, headers, b"" if self.command == "HEAD" else body.encode())

    def flood(self, rule):
        if rule["fault"] == "noise":
            self.send(rule.get("status", 500), [("Content-Length", 1 << 40)], b"")
        else:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            self.wfile.write(b"X-Noise: " + b"n" * 900 + b"\r\n")

    def pass_on(self, rule, body):
        fault = rule["fault"]
        if fault == "damage":
            body = bytes([body[0] ^ 1]) + body[1:]
        status, headers, answer = self.forward(body)
        half, wire = len(answer) // 2, answer
        if fault == "short":
            answer = wire = answer[:half]
        elif fault == "long":
            answer = wire = answer + b"more than was asked for"
        length = next((v for n, v in headers if n.lower() == "content-length"), "0")
        headers = [(n, v) for n, v in headers if n.lower() not in ("content-length", "transfer-encoding")]
        headers.append(("Content-Length", length if self.command == "HEAD" else len(wire)))
        if fault == "shifted":
            headers = [(n, v.replace("bytes ", "bytes 1")) if n.lower() == "content-range" else (n, v)
                       for n, v in headers]
        if fault == "other":
            headers = [(n, '"0123456789abcdef"') if n.lower() == "etag" else (n, v) for n, v in headers]
        if fault in ("reset", "cut", "stall"):
            self.send(status, headers, answer[:half])
            time.sleep(rule.get("seconds", 0.05))
            if fault == "stall":
                self.wfile.write(answer[half:])
            elif fault == "reset":
                self.reset()
            else:
                self.close()
        else:
            self.send(status, headers, answer)
        if fault == "hangup":
            self.close()

    def forward_half(self, size):
        self.upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("connection", "expect"):
                self.upstream.putheader(name, value)
        self.upstream.endheaders(self.rfile.read(size // 2))
        while self.rfile.read1(65536):
            pass
        raise Gone

    def handle_any(self):
        size = int(self.headers.get("Content-Length", 0))
        if self.path.startswith("/-/"):
            self.control(self.rfile.read(size))
            return
        with LOCK:
            rule = pick(self.command, self.path, self.headers.get("Range", ""))
            seen = {"method": self.command, "path": self.path, "range": self.headers.get("Range", ""),
                    "connection": self.client_address[1], "fault": rule["fault"],
                    "headers": {name.lower(): value for name, value in self.headers.items()}}
            SEEN.append(seen)
        fault = rule["fault"]
        if fault == "half":
            self.forward_half(size)
        body = self.rfile.read(size)
        if self.command == "POST":
            seen["body"] = body.decode("latin-1")
        if fault == "status":
            self.refuse_by_status(rule)
        elif fault == "refuse":
            self.reset()
        elif fault in ("headers", "noise"):
            self.flood(rule)
        else:
            if fault == "delay":
                time.sleep(rule["seconds"])
            self.pass_on(rule, body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any

    def handle(self):
        try:
            super().handle()
        except (Gone, OSError, http.client.HTTPException):
            self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, *_):
        pass


if __name__ == "__main__":
    PARENT = os.getppid()
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != PARENT:
        sys.exit(0)
    UPSTREAM = urllib.parse.urlsplit(sys.argv[1])
    server = Server(("127.0.0.1", 0), Proxy)
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(f"http{'s' if len(sys.argv) > 2 else ''}://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
