#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""layer.py LAYERS.SH CONVERTER FIXTURES: builds both layers and runs what is in them, each in a root that has nothing
but the layer, /etc/hosts, /etc/resolv.conf, /tmp, and a folder of data; where it is another machine's, an emulator.

The examples that load the library or run the tool have a copy of this machine's Python or Node.js besides.
"""
import atexit
import base64
import http.server
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
import zipfile
from pathlib import Path

from simulator import Function

SCRIPT, CONVERTER, FIXTURES = (Path(path).resolve() for path in sys.argv[1:4])
EXAMPLES = SCRIPT.parent / "examples"
HARDENED = Path(__file__).resolve().parents[1] / "hardened.sh"
HANDLERS = ("plan", "tile", "assemble", "text")
SKIPPED = 77
MOST_ZIPPED = 12 << 20
NEWEST_GLIBC = (2, 34)  # al2023's
ENTER = []  # the program that enters a root, and its first arguments


def run(arguments, **options):
    return subprocess.run([str(argument) for argument in arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=1500, **options)


def find_enter():
    """How a root is entered here: as a user's own, or, where that is not permitted, as root."""
    chroot = shutil.which("chroot", path="/usr/sbin:/sbin:/usr/bin:/bin")
    for enter in (["/usr/bin/unshare", "-Ur", chroot], [chroot]):
        if run([*enter, "/", "/bin/true"]).returncode == 0:
            return enter
    return None


def unpack(archive, root):
    """As Lambda does: to /opt, with the permissions that the archive has."""
    for entry in archive.infolist():
        path = Path(archive.extract(entry, root / "opt"))
        path.chmod(entry.external_attr >> 16 & 0o777)


class Layer:
    """An empty root with a layer in it."""

    def __init__(self, folder, machine):
        self.machine, self.root, self.zip = machine, folder / machine, folder / f"libtile-layer-{machine}.zip"
        for name in ("etc", "tmp", "data"):
            (self.root / name).mkdir(parents=True)
        (self.root / "etc/hosts").write_text("127.0.0.1 localhost runtime.test\n")
        (self.root / "etc/resolv.conf").write_text("")
        with zipfile.ZipFile(self.zip) as archive:
            unpack(archive, self.root)
        processor = {"arm64": "aarch64"}.get(machine, machine)
        self.native = os.uname().machine == processor
        emulator = None if self.native else shutil.which(f"qemu-{processor}-static")
        self.runs = self.native or emulator is not None
        self.emulator = ["/emulator"] if emulator else []
        if emulator:
            shutil.copy(emulator, self.root / "emulator")

    def command(self, *arguments):
        return [*ENTER, str(self.root), *self.emulator, *arguments]

    def run(self, *arguments, environment=None, **options):
        return run(self.command(*arguments), env=environment or {}, **options)

    def local(self, name):
        """The handler as a program: a function from an event to its response."""
        def invoke(event):
            done = self.run("/opt/bootstrap", "--local", name, input=json.dumps(event).encode())
            if done.returncode != 0:
                raise AssertionError(f"{name}: {done.stderr.decode()}")
            return json.loads(done.stdout)
        return invoke

    def function(self, name, environment):
        """The handler as a function that asks a Runtime API, which it knows by name, for events."""
        program, *arguments = self.command("/opt/bootstrap")
        function = Function(program, name, {"TILE_LOCAL_ROOT": "/data", "LD_LIBRARY_PATH": None, **environment},
                            arguments=arguments, start=False)
        function.environment["AWS_LAMBDA_RUNTIME_API"] = function.api.replace("127.0.0.1", "runtime.test")
        function.start()
        return function


def add_program(root, program, *folders):
    """A dynamic program of this machine's, the libraries that it needs, and folders."""
    program = Path(program).resolve()
    libraries = re.findall(r"(/\S+) \(0x", run(["ldd", program]).stdout.decode())
    for path in [program, *map(Path, libraries)]:
        target = root / path.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    for folder in map(Path, folders):
        if folder.is_dir():
            shutil.copytree(folder, root / folder.relative_to("/"), symlinks=True, dirs_exist_ok=True,
                            ignore=shutil.ignore_patterns("__pycache__", "test", "idlelib", "dist-packages"))
    return str(program)


class EmptyStore(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked = 0

    def do_HEAD(self):
        EmptyStore.asked += 1
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD

    def log_message(self, *_):
        pass


class LayersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        memory = Path("/dev/shm")  # unless nothing may be run there
        runs = memory.is_dir() and not os.statvfs(memory).f_flag & os.ST_NOEXEC
        cls.folder = Path(tempfile.mkdtemp(prefix="layer-", dir=memory if runs else None))
        atexit.register(shutil.rmtree, cls.folder, ignore_errors=True)
        built = run([SCRIPT, cls.folder], env={**os.environ, "MALLOC_PERTURB_": "0"})  # the compiler's time
        if built.returncode != 0:
            raise AssertionError(built.stdout.decode() + built.stderr.decode())
        cls.layers = [Layer(cls.folder, machine) for machine in ("x86_64", "arm64")]
        for layer in cls.layers:
            shutil.copy(FIXTURES / "photo.jpg", layer.root / "data")

    def each(self, test):
        for layer in self.layers:
            with self.subTest(layer.machine):
                if not layer.runs:
                    self.skipTest("there is no emulator")
                test(layer)

    def test_holds_what_it_says(self):
        for layer in self.layers:
            with zipfile.ZipFile(layer.zip) as archive:
                names = archive.namelist()
            self.assertLess(layer.zip.stat().st_size, MOST_ZIPPED)
            self.assertEqual([name for name in names if not name.startswith("share/doc/")],
                             ["bin/tile-convert", "bootstrap", "lib/libtile.so.0"])
            notices = {name.rpartition("/")[2] for name in names if name.startswith("share/doc/libtile/")}
            self.assertLessEqual({"LICENSE", "LGPL-2.1", "libc6-dev", "libcurl4-openssl-dev", "libssl-dev"}, notices)

    def test_is_made_twice_the_same(self):
        before = [layer.zip.read_bytes() for layer in self.layers]
        self.assertEqual(run([SCRIPT, self.folder / "again"]).returncode, 0)
        for layer, content in zip(self.layers, before):
            self.assertEqual((self.folder / "again" / layer.zip.name).read_bytes(), content)

    def test_needs_no_more_than_there_is(self):
        for layer in self.layers:
            for program in ("bootstrap", "bin/tile-convert"):
                headers = run(["readelf", "-ldW", layer.root / "opt" / program]).stdout.decode()
                self.assertNotIn("INTERP", headers)
                self.assertNotIn("NEEDED", headers)
            library = layer.root / "opt/lib/libtile.so.0"
            tables = run(["readelf", "-dVW", library]).stdout.decode()
            versions = {tuple(map(int, text.split("."))) for text in re.findall(r"GLIBC_(2[.\d]*)", tables)}
            self.assertLessEqual(max(versions), NEWEST_GLIBC)
            for needed in re.findall(r"NEEDED.*\[(.*)\]", tables):
                self.assertRegex(needed, r"^(libc\.so\.6|libm\.so\.6|ld-linux.*)$")
            self.assertNotIn("TEXTREL", tables)

    def test_is_hardened(self):
        """What is in the layer; of the programs also what they were before their symbols were taken off."""
        for layer in self.layers:
            built = SCRIPT.parents[2] / "build-layers" / {"arm64": "aarch64"}.get(layer.machine, layer.machine) / "build"
            files = [layer.root / "opt" / name for name in ("bootstrap", "bin/tile-convert", "lib/libtile.so.0")]
            done = run([HARDENED, "fortified", *files, built / "handlers/tile-handler", built / "examples/tile-convert"])
            self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_converts_as_the_build_does(self):
        def converts(layer):
            arguments = ["--quiet", "--to=lab", "--tile=128", "--format=tif"]
            expected = self.folder / f"expected-{layer.machine}"
            self.assertEqual(run([CONVERTER, *arguments, FIXTURES / "photo.jpg", "-o", expected]).returncode, 0)
            done = layer.run("/opt/bin/tile-convert", *arguments, "/data/photo.jpg", "-o", "/data/tiles")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assert_same(layer.root / "data/tiles", expected)

        self.each(converts)

    def assert_same(self, folder, expected):
        """The manifest names its source as it was given: the file's name."""
        names = sorted(os.listdir(expected))
        self.assertEqual(sorted(set(os.listdir(folder)) - {"job.json", "plan.jsonl", "runs", ".tile"}), names)
        for name in names:
            self.assertEqual((folder / name).read_bytes(), (expected / name).read_bytes(), name)

    def run_image(self, layer, invoke, name, prefix):
        expected = self.folder / f"expected-{name}-{layer.machine}"
        source = FIXTURES / "photo.jpg"
        self.assertEqual(run([CONVERTER, "-q", "-t", "lab", "-s", "256", source, "-o", expected]).returncode, 0)
        planned = invoke["plan"]({"source": f"{prefix}photo.jpg", "tile": [256, 256], "to": "lab",
                                  "output": f"{prefix}{name}/"})
        tasks = [json.loads(line) for line in (layer.root / "data" / name / "plan.jsonl").read_text().splitlines()]
        self.assertEqual(planned["tiles"], len(tasks))
        for task in tasks:
            invoke["tile"](task)
        self.assertEqual(invoke["assemble"]({"job": planned["job"]})["tiles"], len(tasks))
        self.assert_same(layer.root / "data" / name, expected)

    def run_text(self, layer, invoke, name, prefix):
        source = "".join(f"Paragraph {i}.\nIts second line.\n\n" for i in range(1000))
        (layer.root / f"data/{name}.txt").write_text(source)
        planned = invoke["plan"]({"source": f"{prefix}{name}.txt", "output": f"{prefix}{name}-parts/",
                                  "text": f"{prefix}{name}-new.txt"})
        paragraphs = 0
        for line in (layer.root / f"data/{name}-parts/plan.jsonl").read_text().splitlines():
            task = json.loads(line)
            invoke["text"](task)
            part = layer.root / "data" / f"{name}-parts" / Path(task["output"]).name
            paragraphs += len(part.read_text().splitlines())
        self.assertEqual(paragraphs, 1000)
        invoke["assemble"]({"job": planned["job"]})
        self.assertEqual((layer.root / f"data/{name}-new.txt").read_text().split(), source.split())

    def test_handlers_run_as_programs(self):
        def run_all(layer):
            invoke = {name: layer.local(name) for name in HANDLERS}
            self.run_image(layer, invoke, "local", "/data/")
            self.run_text(layer, invoke, "local-text", "/data/")

        self.each(run_all)

    def test_handlers_run_as_functions(self):
        """With libraries of another system in the way, which static programs pass by."""
        def serve_all(layer):
            (layer.root / "lib64").mkdir(exist_ok=True)
            for name in ("libc.so.6", "libm.so.6", "libnss_files.so.2", "libnss_dns.so.2"):
                (layer.root / "lib64" / name).write_bytes(b"no library")
            (layer.root / "etc/nsswitch.conf").write_text("hosts: files dns myhostname\n")
            environment = {"LD_LIBRARY_PATH": "/lib64:/opt/lib"}
            functions = {name: layer.function(name, environment) for name in HANDLERS}
            try:
                invoke = {name: self.invoking(function) for name, function in functions.items()}
                self.run_image(layer, invoke, "served", "")
                self.run_text(layer, invoke, "served-text", "")
            finally:
                for function in functions.values():
                    function.__exit__()

        self.each(serve_all)

    def test_handlers_speak_tls(self):
        """To a store that has nothing, by name: it says so where its certificate is known, and is not asked else."""
        key, certificate = self.folder / "key.pem", self.folder / "certificate.pem"
        made = run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out",
                    certificate, "-subj", "/CN=runtime.test", "-addext", "subjectAltName=DNS:runtime.test"])
        self.assertEqual(made.returncode, 0, made.stderr)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), EmptyStore)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environment = {"AWS_ENDPOINT_URL_S3": "https://runtime.test:%d" % server.server_port, "AWS_REGION": "us-east-1",
                       "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}

        def ask(layer, bundle):
            done = layer.run("/opt/bootstrap", "--local", "plan", environment={**environment, "AWS_CA_BUNDLE": bundle},
                             input=b'{"source": "s3://bucket/none.jpg", "output": "s3://bucket/tiles/"}')
            self.assertEqual(done.returncode, 1)
            return json.loads(done.stderr)

        def asks(layer):
            shutil.copy(certificate, layer.root / "data")
            (layer.root / "data/empty.pem").write_text("")
            before = EmptyStore.asked
            self.assertEqual(ask(layer, "/data/certificate.pem")["errorType"], "Function.SourceNotFound")
            after = EmptyStore.asked
            self.assertGreater(after, before)
            self.assertEqual(ask(layer, "/data/empty.pem")["errorType"], "Function.SourceUnreadable")
            self.assertEqual(EmptyStore.asked, after)

        try:
            self.each(asks)
        finally:
            server.shutdown()
            server.server_close()

    def test_handlers_load_nothing_to_find_a_host(self):
        """Whatever nsswitch.conf says: what it names is made for another C library."""
        root = self.native()
        for name in ("etc", "modules"):
            (root / name).mkdir()
        (root / "etc/hosts").write_text("127.0.0.1 runtime.test\n")
        (root / "etc/nsswitch.conf").write_text("hosts: trap files\n")
        made = run(["cc", "-shared", "-nostdlib", "-o", root / "modules/libnss_trap.so.2", "-x", "c", "-"],
                   input=b"__attribute__((constructor)) void spring(void) { __builtin_trap(); }")
        self.assertEqual(made.returncode, 0, made.stderr)
        done = run([*ENTER, root, "/opt/bootstrap", "--local", "plan"],
                   input=b'{"source": "s3://bucket/none.jpg", "output": "s3://bucket/tiles/"}',
                   env={"AWS_ENDPOINT_URL_S3": "http://runtime.test:1", "AWS_REGION": "us-east-1",
                        "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "LD_LIBRARY_PATH": "/modules"})
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("connect to runtime.test", json.loads(done.stderr)["errorMessage"])

    def invoking(self, function):
        def invoke(event):
            done, value = function.invoke(event, timeout=300)
            self.assertTrue(done, f"{value} {function.log()}")
            return value
        return invoke

    def region(self):
        """What the examples are asked for, and the pixels of it as another program has them."""
        event = {"image": base64.b64encode((FIXTURES / "photo.jpg").read_bytes()).decode(),
                 "region": [100, 50, 64, 48], "to": "lab", "format": "npy"}
        file = Path(tempfile.mkdtemp(dir=self.folder)) / "region.npy"
        self.assertEqual(run([CONVERTER, "-q", "--region=100,50,64,48", "--to=lab", FIXTURES / "photo.jpg", "-o",
                              file]).returncode, 0)
        return event, file.read_bytes()

    def native(self):
        layer = next(layer for layer in self.layers if layer.native)
        root = Path(tempfile.mkdtemp(dir=self.folder))
        shutil.copytree(layer.root / "opt", root / "opt")
        (root / "tmp").mkdir()
        (root / "var/task").mkdir(parents=True)
        return root

    def test_python_loads_the_library(self):
        root = self.native()
        version = "python%d.%d" % sys.version_info[:2]
        python = add_program(root, sys.executable, os.path.dirname(os.__file__))
        extensions = Path(os.__file__).parent / "lib-dynload"
        for extension in extensions.glob("_ctypes.*.so"):
            add_program(root, extension)
        shutil.copy(EXAMPLES / "function.py", root / "var/task")
        event, expected = self.region()
        code = "import json, sys, function; print(json.dumps(function.handler(json.load(sys.stdin), None)))"

        def call(event):
            return run([*ENTER, root, python, "-c", code], input=json.dumps(event).encode(),
                       env={"PYTHONPATH": "/var/task", "PYTHONHOME": sys.base_prefix})

        done = call(event)
        self.assertEqual(done.returncode, 0, f"{version}: {done.stderr.decode()}")
        answer = json.loads(done.stdout)
        self.assertEqual((answer["width"], answer["height"], answer["channels"]), (64, 48, 3))
        pixels = base64.b64decode(answer["pixels"])
        self.assertEqual(len(pixels), 64 * 48 * 3)
        self.assertEqual(pixels, expected[-len(pixels):])  # behind NPY's header
        refused = call(event | {"region": [0, 0, 1 << 30, 1]})
        self.assertIn("not within the image's", refused.stderr.decode())

    def test_node_runs_the_tool(self):
        if not shutil.which("node"):
            self.skipTest("there is no Node.js")
        root = self.native()
        # Debian's has some of its own modules outside.
        node = add_program(root, shutil.which("node"), *Path("/usr/share/nodejs").glob("acorn*"),
                           *Path("/usr/share/nodejs").glob("cjs-module-lexer"),
                           *Path("/usr/share/nodejs").glob("undici"), *Path("/usr/share/nodejs").glob("minimatch"))
        shutil.copy(EXAMPLES / "function.mjs", root / "var/task")
        event, expected = self.region()
        (root / "var/task/event.json").write_text(json.dumps(event))
        code = ("import { handler } from '/var/task/function.mjs'; import { readFileSync } from 'node:fs';"
                "console.log(JSON.stringify(await handler(JSON.parse(readFileSync('/var/task/event.json')))))")
        (root / "var/task/call.mjs").write_text(code)
        done = run([*ENTER, root, node, "/var/task/call.mjs"], env={})
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual(base64.b64decode(json.loads(done.stdout)["image"]), expected)
        self.assertEqual(os.listdir(root / "tmp"), [])


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    ENTER = find_enter()
    if not ENTER:
        print("neither unshare nor chroot is permitted: the layers are not run")
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1], verbosity=2)
