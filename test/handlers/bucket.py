# SPDX-License-Identifier: MIT
"""S3 for tests, by the standard library alone: a server of one's own, a bucket's objects, and a proxy that counts."""
import ctypes
import datetime
import hashlib
import hmac
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.parse
import xml.etree.ElementTree

KEY, SECRET, REGION = "test:tester", "testing", "us-east-1"
HERE = os.path.dirname(os.path.abspath(__file__))


def environment(endpoint):
    """What a function needs to reach the store."""
    return {"AWS_ENDPOINT_URL_S3": endpoint, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION}


class Server:
    """The S3 server at $TILE_TEST_S3, else one that ends with this process. Exits with 77 where there is none."""

    def __init__(self):
        self.process, self.endpoint = None, os.environ.get("TILE_TEST_S3")
        if not self.endpoint:
            self.process = subprocess.Popen(
                ["/usr/bin/python3", os.path.join(HERE, "swift.py")], stdout=subprocess.PIPE, text=True,
                preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGTERM))
            self.endpoint = self.process.stdout.readline().strip()
        if not self.endpoint:
            sys.exit(self.process.wait() or 1)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process.stdout.close()


class Bucket:
    """Requests are signed by Signature Version 4, as its published description has it."""

    def __init__(self, endpoint, name):
        self.host = endpoint.split("//")[1].rstrip("/")
        self.name = name
        self.local = threading.local()

    def _sign(self, method, path, query, headers, digest):
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        headers.update({"host": self.host, "x-amz-date": now, "x-amz-content-sha256": digest})
        names = sorted(headers)
        request = "\n".join([method, path, query] + ["%s:%s" % (name, headers[name]) for name in names] +
                            ["", ";".join(names), digest])
        scope = "%s/%s/s3/aws4_request" % (now[:8], REGION)
        text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(request.encode()).hexdigest()])
        key = ("AWS4" + SECRET).encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        headers["authorization"] = "AWS4-HMAC-SHA256 Credential=%s/%s,SignedHeaders=%s,Signature=%s" % (
            KEY, scope, ";".join(names), hmac.new(key, text.encode(), hashlib.sha256).hexdigest())

    def request(self, method, key="", query="", body=b""):
        """(status, headers by lower-case names, body)"""
        path = "/" + self.name + ("/" + urllib.parse.quote(key) if key else "")
        headers = {}
        self._sign(method, path, query, headers, hashlib.sha256(body).hexdigest())
        for last in (False, True):
            if not getattr(self.local, "connection", None):
                self.local.connection = http.client.HTTPConnection(self.host, timeout=120)
            try:
                self.local.connection.request(method, path + ("?" + query if query else ""), body, headers)
                answer = self.local.connection.getresponse()
                data = answer.read()
                return answer.status, {name.lower(): value for name, value in answer.getheaders()}, data
            except (http.client.HTTPException, OSError):
                self.local.connection.close()
                self.local.connection = None
                if last:
                    raise

    def put(self, key, body):
        status, _, answer = self.request("PUT", key, body=body)
        assert status == 200, (status, answer)

    def get(self, key):
        """(content, note and type); None where there is nothing."""
        status, headers, body = self.request("GET", key)
        if status == 404:
            return None
        assert status == 200, (status, body)
        facts = {name: value for name, value in headers.items() if name.startswith("x-amz-meta-")}
        return body, dict(facts, type=headers.get("content-type"))

    def list(self, prefix):
        keys, marker = [], ""
        while True:
            query = "marker=%s&prefix=%s" % (urllib.parse.quote(marker, ""), urllib.parse.quote(prefix, ""))
            status, _, body = self.request("GET", query=query)
            assert status == 200, (status, body)
            root = xml.etree.ElementTree.fromstring(body)
            space = root.tag[:root.tag.index("}") + 1] if root.tag.startswith("{") else ""
            found = [item.find(space + "Key").text for item in root.iter(space + "Contents")]
            keys += found
            if root.findtext(space + "IsTruncated") != "true":
                return keys
            marker = found[-1]

    def contents(self, prefix):
        """What is there, by the names behind the prefix."""
        return {key[len(prefix):]: self.get(key) for key in self.list(prefix)}

    def delete(self, key):
        self.request("DELETE", key)

    def close(self):
        """The calling thread's connection."""
        self.local.connection.close()


class Proxy:
    """Passes requests on to the store and counts the bytes of answers to GETs, by path. `hold(path)`: of the next PUT
    to that path no more than half of the body is passed on, `held` is set, and its connection then ends with `let_go`.
    """

    def __init__(self, endpoint):
        host, port = endpoint.split("//")[1].rstrip("/").rsplit(":", 1)
        self.upstream = (host, int(port))
        self.server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.endpoint = "http://127.0.0.1:%d" % self.server.getsockname()[1]
        self.lock = threading.Lock()
        self.sent = {}
        self.held_path, self.held, self.released = None, threading.Event(), threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def count(self, path):
        with self.lock:
            return self.sent.get(path, 0)

    def hold(self, path):
        self.held_path = path

    def let_go(self):
        self.released.set()

    def stop(self):
        self.released.set()
        try:
            self.server.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.server.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        upstream = socket.create_connection(self.upstream)
        for end in (client, upstream):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client, upstream:
            try:
                self._answer(client.makefile("rb", 1 << 16), upstream.makefile("rb", 1 << 16), client, upstream)
            except OSError:
                pass

    @staticmethod
    def _head(reader):
        """(lines of bytes, Content-Length; None: in chunks); None at the end of the connection."""
        lines, size = [], 0
        while (line := reader.readline()) not in (b"\r\n", b""):
            lines.append(line)
            if line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
            if line.lower().startswith(b"transfer-encoding:"):
                size = None
        return (lines, size) if lines else None

    def _pass(self, reader, to, size):
        """Passes a body on: its size."""
        total = size
        if size is None:
            total, size = 0, 1
            while size:
                line = reader.readline()
                size = int(line, 16)
                total += size
                to.sendall(line)
                self._pass(reader, to, size + 2)
        while size:
            piece = reader.read1(min(size, 1 << 16))
            if not piece:
                raise OSError("closed")
            to.sendall(piece)
            size -= len(piece)
        return total

    def _answer(self, from_client, from_upstream, client, upstream):
        """One request after the other, until the client has no more."""
        while head := self._head(from_client):
            lines, size = head
            method, path = lines[0].split()[:2]
            path = urllib.parse.unquote(path.decode("latin-1").split("?")[0])
            expects = any(line.lower().startswith(b"expect:") for line in lines)
            upstream.sendall(b"".join(line for line in lines if not line.lower().startswith(b"expect:")) + b"\r\n")
            if expects:
                client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            if method == b"PUT" and path == self.held_path:
                self.held_path = None
                self._pass(from_client, upstream, size // 2)
                self.held.set()
                self.released.wait(60)
                return
            self._pass(from_client, upstream, size)
            answer, size = self._head(from_upstream) or ([], 0)
            client.sendall(b"".join(answer) + b"\r\n")
            if method == b"HEAD" and size is None:
                return  # Swift ends a body in chunks that it did not begin: what follows is out of step
            if method != b"HEAD" and answer and answer[0].split()[1] not in (b"304", b"204"):
                size = self._pass(from_upstream, client, size)
                if method == b"GET":
                    with self.lock:
                        self.sent[path] = self.sent.get(path, 0) + size
