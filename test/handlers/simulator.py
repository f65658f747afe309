# SPDX-License-Identifier: MIT
"""A Runtime API of one's own, and a function that is served by it.

    with Function("handlers/tile-handler", "tile", {"TILE_LOCAL_ROOT": folder}) as function:
        ok, answer = function.invoke({"source": ...})

Several functions may run side by side, each used by one thread at a time. Sockets are served by hand, so that what is
wrong on purpose (a header, a connection that ends too early) is exactly what was meant.
"""
import base64
import ctypes
import json
import os
import queue
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG, CLONE_NEWUSER, CLONE_NEWNS = 1, 0x10000000, 0x20000


class Fault:
    """What goes wrong with one invocation."""

    def __init__(self, slow=0, drop=None, post_status=()):
        self.slow = slow  # seconds before /next is answered
        self.drop = drop  # "next": the connection ends without an answer; "body": in the middle of the event;
        # "post": when the answer was read; "half": in the middle of reading it. Each once
        self.post_status = list(post_status)  # statuses of the first answers to posts


class Post:
    """What the function posted: the path after /runtime/, headers by lower-case names, body, trailers."""

    def __init__(self, path, headers, body, trailers, at):
        self.path, self.headers, self.body, self.trailers, self.at = path, headers, body, trailers, at

    def json(self):
        return json.loads(self.body.decode("utf-8"))


class Invocation:
    """An event on its way. `milliseconds`, once it is answered: from giving it to the answer's arrival."""

    def __init__(self, request_id, event, fault, headers, deadline, trace):
        self.id = request_id
        self.event, self.fault, self.headers, self.deadline, self.trace = event, fault, headers, deadline, trace
        self.begun = None
        self.posts = []
        self.answered = False
        self.answer = queue.Queue()


class Reader:
    """Bytes of a connection, by line and count."""

    def __init__(self, connection):
        self.connection, self.bytes = connection, b""

    def more(self):
        got = self.connection.recv(1 << 18)
        if not got:
            raise ConnectionError("closed")
        self.bytes += got

    def line(self):
        while b"\n" not in self.bytes:
            self.more()
        line, self.bytes = self.bytes.split(b"\n", 1)
        return line.rstrip(b"\r")

    def take(self, count):
        parts, have = [self.bytes[:count]], min(count, len(self.bytes))
        self.bytes = self.bytes[count:]
        while have < count:
            got = self.connection.recv(min(1 << 18, count - have))
            if not got:
                raise ConnectionError("closed")
            parts.append(got)
            have += len(got)
        return b"".join(parts)

    def headers(self):
        headers = {}
        while line := self.line():
            name, value = line.decode("latin-1").split(":", 1)
            headers[name.strip().lower()] = value.strip()
        return headers

    def chunks(self):
        body = b""
        while size := int(self.line().split(b";")[0], 16):
            body += self.take(size)
            self.line()
        return body, self.headers()


class Function:
    """A process that is a Lambda function, and the server that gives it events.

    `root`: an empty root that it sees nothing beyond, `binary` being a path in there. `env` is all that the
    environment has besides what Lambda sets. What it logs is in `log()`, what it writes to standard output in `out()`.
    """

    def __init__(self, binary, handler="tile", env=None, root=None, memory=1024, arguments=(), start=True):
        self.lock = threading.Lock()
        self.waiting = queue.Queue()
        self.by_id = {}
        self.number = 0
        self.connections = 0
        self.posts = []  # those of no invocation: init/error
        self.first_next = None
        self.server = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.api = "127.0.0.1:%d" % self.server.getsockname()[1]
        self.stopping = False
        self.sockets = set()
        self.nexts = 0
        self.next_faults = []  # of the next answers to /next: "drop", a status, or bytes to send instead of any
        self.asked = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()
        self.environment = {"AWS_LAMBDA_RUNTIME_API": self.api, "_HANDLER": handler,
                            "AWS_LAMBDA_FUNCTION_NAME": handler, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory),
                            "AWS_REGION": "us-east-1", "PATH": "/usr/bin:/bin", "LAMBDA_TASK_ROOT": "/var/task"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "LD_LIBRARY_PATH"):
            if name in os.environ:
                self.environment[name] = os.environ[name]
        for name, value in (env or {}).items():
            self.environment.pop(name, None)
            if value is not None:
                self.environment[name] = value
        self.binary, self.arguments, self.root = str(binary), list(arguments), root and os.path.abspath(root)
        self.stdout, self.stderr = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.process = None
        if start:
            self.start()

    # ---- The process ----

    def start(self):
        stamp_read, stamp_write = os.pipe()
        user, group = os.getuid(), os.getgid()

        def before_exec():
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if self.root:
                if LIBC.unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0:
                    raise OSError(ctypes.get_errno(), "unshare")
                for name, text in (("setgroups", "deny"), ("uid_map", "0 %d 1" % user), ("gid_map", "0 %d 1" % group)):
                    with open("/proc/self/" + name, "w") as file:
                        file.write(text)
                os.chroot(self.root)
                os.chdir("/")
            os.write(stamp_write, b"%d" % time.monotonic_ns())

        self.process = subprocess.Popen([self.binary] + self.arguments, env=self.environment,
                                        stdin=subprocess.DEVNULL, stdout=self.stdout, stderr=self.stderr,
                                        preexec_fn=before_exec)
        os.close(stamp_write)
        self.started = int(os.read(stamp_read, 40)) / 1e9  # just before the program's own life began
        os.close(stamp_read)

    def wait_for_next(self, timeout=60):
        """Seconds from the process's start to its first question; None where it ended before."""
        end = time.monotonic() + timeout
        while not self.asked.wait(0.02) and time.monotonic() < end:
            if self.process.poll() is not None:
                return None
        return self.first_next - self.started if self.first_next else None

    def terminate(self, timeout=30):
        """SIGTERM: exit status and seconds until then."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout), time.monotonic() - begun

    def stop(self):
        """Ends all of it: the process by SIGTERM, or SIGKILL where that does not help. The exit status."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.close_server()
        return self.process.returncode if self.process else None

    def close_server(self):
        """No API any more, and no connection to it."""
        self.stopping = True
        try:
            self.server.shutdown(socket.SHUT_RDWR)  # wakes accept
        except OSError:
            pass
        self.server.close()
        with self.lock:
            for connection in list(self.sockets):
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.stdout.close()
        self.stderr.close()

    @staticmethod
    def _text(file):
        size = os.fstat(file.fileno()).st_size
        return os.pread(file.fileno(), size, 0).decode("utf-8", "replace")

    def log(self):
        return self._text(self.stderr)

    def out(self):
        return self._text(self.stdout)

    def _status(self, name):
        with open("/proc/%d/status" % self.process.pid) as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name + ":"))

    def rss(self):
        """Bytes that are resident."""
        return self._status("VmRSS")

    def peak(self):
        """The most bytes that ever were."""
        return self._status("VmHWM")

    def cpu(self):
        """Seconds of processor time, user and system."""
        with open("/proc/%d/stat" % self.process.pid) as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # ---- Invocations ----

    def send(self, event, fault=None, headers=None, deadline=60.0, trace=None, request_id=None):
        """Has an event given to the function, which has `deadline` seconds for it. `headers` (a list of lines of bytes,
        $ID in them the request's id) replaces those that Lambda sends."""
        if not isinstance(event, (bytes, bytearray)):
            event = json.dumps(event).encode()
        with self.lock:
            self.number += 1
            request_id = request_id or "%08x-0000-4000-8000-%012x" % (self.number, self.number)
            invocation = Invocation(request_id, event, fault or Fault(), headers, time.time() + deadline, trace)
            self.by_id[invocation.id] = invocation
            if len(self.by_id) > 100:  # whoever posts late is still known
                del self.by_id[next(iter(self.by_id))]
        self.waiting.put(invocation)
        return invocation

    def receive(self, invocation, timeout=60):
        """(ok, value): the response, or {"errorType", "errorMessage", ...} of what failed."""
        end = time.monotonic() + timeout
        while True:
            try:
                post = invocation.answer.get(timeout=0.05 if self.process.poll() is None else 0.2)
                break
            except queue.Empty:
                if self.process.poll() is not None and invocation.answer.empty():
                    return False, {"errorType": "Runtime.ExitError", "errorMessage": "status %d" % self.process.poll()}
                if time.monotonic() > end:
                    return False, {"errorType": "Sandbox.Timedout", "errorMessage": "%g s" % timeout}
        invocation.milliseconds = (post.at - invocation.begun) * 1e3
        if post.path.endswith("/error"):
            return False, post.json()
        if post.trailers.get("lambda-runtime-function-error-type"):
            return False, json.loads(base64.b64decode(post.trailers["lambda-runtime-function-error-body"]))
        if post.headers.get("lambda-runtime-function-response-mode") == "streaming":
            return True, post.body
        return True, post.json()

    def invoke(self, event, timeout=60, **how):
        invocation = self.send(event, **how)
        self.last = invocation
        return self.receive(invocation, timeout)

    # ---- The server ----

    def _accept(self):
        while not self.stopping:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.sockets.add(connection)
                self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        reader = Reader(connection)
        try:
            while self._one(connection, reader):
                pass
        except (ConnectionError, OSError):
            pass
        finally:
            with self.lock:
                self.sockets.discard(connection)
            connection.close()

    def _one(self, connection, reader):
        """Serves one request; False where the connection is to end."""
        method, path, _ = reader.line().decode("latin-1").split(" ")
        at = time.monotonic()
        headers = reader.headers()
        prefix = "/2018-06-01/runtime/"
        if not path.startswith(prefix):
            return self._answer(connection, 404)
        path = path[len(prefix):]
        if method == "GET" and path == "invocation/next":
            return self._next(connection, at)
        return self._post(connection, reader, path, headers, at)

    @staticmethod
    def _answer(connection, status, body=b"{}"):
        connection.sendall(b"HTTP/1.1 %d Status\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
        return True

    def _next(self, connection, at):
        with self.lock:
            self.nexts += 1
            if self.first_next is None:
                self.first_next = at
            fault = self.next_faults.pop(0) if self.next_faults else None
        self.asked.set()
        if fault == "drop":
            return False
        if isinstance(fault, int):
            return self._answer(connection, fault)
        if isinstance(fault, bytes):
            connection.sendall(fault)
            return False
        invocation = self._wait(connection)
        if invocation is None:
            return False
        fault = invocation.fault
        if fault.slow:
            time.sleep(fault.slow)
        if fault.drop == "next":
            fault.drop = None
            self.waiting.put(invocation)
            return False
        invocation.begun = time.monotonic()
        head = b"HTTP/1.1 200 OK\r\n" + b"".join(line + b"\r\n" for line in self._headers(invocation))
        if fault.drop == "body":
            connection.sendall(head + b"\r\n" + invocation.event[:len(invocation.event) // 2])
            return False
        connection.sendall(head + b"\r\n" + invocation.event)
        return True

    def _wait(self, connection):
        """The next invocation; None where the function hung up."""
        while not self.stopping:
            try:
                return self.waiting.get(timeout=0.25)
            except queue.Empty:
                connection.setblocking(False)
                try:
                    if connection.recv(1, socket.MSG_PEEK) == b"":
                        return None
                except BlockingIOError:
                    pass
                finally:
                    connection.setblocking(True)
        return None

    def _headers(self, invocation):
        if invocation.headers is not None:
            lines = [line.replace(b"$ID", invocation.id.encode()) for line in invocation.headers]
        else:
            lines = [b"Content-Type: application/json",
                     b"Lambda-Runtime-Aws-Request-Id: " + invocation.id.encode(),
                     b"Lambda-Runtime-Deadline-Ms: %d" % (invocation.deadline * 1000),
                     b"Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:tile"]
            if invocation.trace:
                lines.append(b"Lambda-Runtime-Trace-Id: " + invocation.trace.encode())
        return lines + [b"Content-Length: %d" % len(invocation.event)]

    def _post(self, connection, reader, path, headers, at):
        parts = path.split("/")
        known = parts[0] == "invocation" and len(parts) == 3 and self.by_id.get(urllib.parse.unquote(parts[1]))
        if known and known.fault.drop == "half":
            known.fault.drop = None
            reader.take(1)
            return False
        status = known.fault.post_status.pop(0) if known and known.fault.post_status else 0
        trailers = {}
        if headers.get("transfer-encoding") == "chunked":
            body, trailers = reader.chunks()
        else:
            body = reader.take(int(headers.get("content-length", 0)))
        post = Post(path, headers, body, trailers, at)
        if path == "init/error":
            self.posts.append(post)
            return self._answer(connection, 202)
        if not known:
            self.posts.append(post)
            return self._answer(connection, 400)
        known.posts.append(post)
        if status and status != 202:
            return self._answer(connection, status)
        if parts[2] == "response" and len(body) > 6291556 and not trailers and "transfer-encoding" not in headers:
            return self._answer(connection, 413)
        if known.answered:
            return self._answer(connection, 400)
        known.answered = True
        known.answer.put(post)
        if known.fault.drop == "post":
            known.fault.drop = None
            return False
        return self._answer(connection, 202)
