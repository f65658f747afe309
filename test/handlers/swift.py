#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A real S3 server for tests: OpenStack Swift with its s3api, out of Debian's package python3-swift, which starts no
service, in a folder of its own and on ports of its own.

Prints its endpoint ("http://127.0.0.1:PORT"; access key test:tester, secret testing, region us-east-1) once it serves
with the buckets tile, tile-other, tile.dotted and tile-versions, which keeps versions, and ends, and removes its folder, with its parent or on SIGTERM. Exits with 77 where Swift is not installed.
"""
import atexit
import ctypes
import os
import shutil
import signal
import socket
import sys
import tempfile

BUCKETS = ("tile", "tile-other", "tile.dotted", "tile-versions")
PARENT = os.getppid()
ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
signal.signal(signal.SIGTERM, lambda *_: stop())
signal.signal(signal.SIGINT, lambda *_: stop())
FOLDERS = []
if os.getppid() != PARENT:
    sys.exit(0)

del sys.path[0]  # where this file would be taken for the package
try:
    import eventlet
    eventlet.monkey_patch()
    from swift.common import constraints, storage_policy, utils, wsgi
    from swift.common.ring import RingBuilder
    from swift.common.wsgi import SwiftHttpProtocol
except ImportError as missing:
    print(f"no S3 server: {missing}: install python3-swift", file=sys.stderr)
    sys.exit(77)

COMMON = """[DEFAULT]
bind_ip = 127.0.0.1
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
log_level = CRITICAL
conn_timeout = 30
node_timeout = 60
recoverable_node_timeout = 60
error_suppression_limit = 1000000
user = {user}

"""

STORAGE = COMMON + """[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""

PROXY = COMMON + """[pipeline:main]
pipeline = catch_errors cache s3api tempauth bulk slo dlo versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
min_segment_size = 1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
rate_limit_under_size = 0
[filter:dlo]
use = egg:swift#dlo
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
[filter:symlink]
use = egg:swift#symlink
"""


def remove():
    for folder in FOLDERS:
        shutil.rmtree(folder, ignore_errors=True)


def stop():
    """At once, whatever is going on: as a signal's handler."""
    remove()
    os._exit(0)


def has_attributes(folder):
    """Whether files there can have the extended attributes that Swift keeps its metadata in."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            os.setxattr(file.name, "user.swift.metadata", b"x" * 4000)
        return True
    except OSError:
        return False


def make_folder():
    for place in ("/dev/shm", os.environ.get("TMPDIR", "/tmp"), "/var/tmp"):
        if has_attributes(place):
            folder = tempfile.mkdtemp(prefix="tile-swift-", dir=place)
            FOLDERS.append(folder)
            return folder
    sys.exit("no S3 server: no folder has extended attributes")


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="ascii") as file:
        file.write(text)


def write_ring(folder, name, port):
    builder = RingBuilder(6, 1, 1)
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "weight": 1, "ip": "127.0.0.1", "port": port,
                     "device": "d1", "meta": ""})
    builder.rebalance()
    builder.get_ring().save(os.path.join(folder, name + ".ring.gz"))


def without_bodies(app):
    """An answer to HEAD of unknown length would be ended as if it had a body, and the next answer begin with that."""
    def call(environment, start_response):
        def start(status, headers, *more):
            if environment["REQUEST_METHOD"] == "HEAD" and "content-length" not in (name.lower() for name, _ in headers):
                headers = headers + [("Content-Length", "0")]
            return start_response(status, headers, *more)
        return app(environment, start)
    return call


def main():
    folder = make_folder()
    os.makedirs(os.path.join(folder, "devices", "d1"))
    write(folder, "swift.conf", "[swift-hash]\nswift_hash_path_suffix = tile\n"
                                "[storage-policy:0]\nname = only\ndefault = yes\n"
                                "[swift-constraints]\nmax_meta_value_length = 2048\n")  # as S3; its own is 256
    utils.set_swift_dir(folder)
    constraints.reload_constraints()
    utils.validate_hash_conf()
    storage_policy.reload_storage_policies()
    user = os.environ.get("USER", "root")
    servers = []
    for kind in ("account", "container", "object", "proxy"):
        listener = eventlet.listen(("127.0.0.1", 0), backlog=512)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if kind != "proxy":
            write_ring(folder, kind, listener.getsockname()[1])
        write(folder, kind + ".conf", (PROXY if kind == "proxy" else STORAGE).format(
            folder=folder, kind=kind, user=user))
        servers.append((kind, listener))
    for kind, listener in servers:
        app = wsgi.loadapp(os.path.join(folder, kind + ".conf"), global_conf={"log_name": kind})
        thread = eventlet.spawn(eventlet.wsgi.server, listener, without_bodies(app), wsgi.NullLogger(), protocol=SwiftHttpProtocol,
                                socket_timeout=60, capitalize_response_headers=False)
    for bucket in BUCKETS:
        headers = {"X-Versions-Enabled": "true"} if bucket == "tile-versions" else {}
        answer = wsgi.make_pre_authed_request({}, "PUT", f"/v1/AUTH_test/{bucket}", headers=headers).get_response(app)
        if answer.status_int // 100 != 2:
            sys.exit(f"no S3 server: making bucket {bucket}: {answer.status}")
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    thread.wait()


atexit.register(remove)
main()
