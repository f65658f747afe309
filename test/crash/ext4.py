#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""ext4.py TILE-CONVERT FIXTURES

Copies an ext4 file system while tile-convert writes to it, as a crash of the machine would leave it. On each copy the
same command must end with the files of an uninterrupted run; on the copy that is made when it has ended, they are there.
"""
import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

COPIES = 3
# The kernel writes names each second; the second way, not after the bytes of the files that they are of.
OPTIONS = ["commit=1", "commit=1,noauto_da_alloc,data=writeback"]
SIZE = 64 << 20


def run(*command):
    return subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


@contextlib.contextmanager
def mounted(image, point, options):
    done = run("mount", "-t", "ext4", "-o", "loop," + options, image, point)
    if done.returncode != 0:
        skip("no ext4 image can be mounted: " + done.stderr.strip().split("\n")[-1])
    try:
        yield
    finally:
        if run("umount", point).returncode != 0:
            run("umount", "-l", point)


def read_still(image):
    """The image's bytes, at one moment: the kernel may be writing to it."""
    before = b""
    for _ in range(50):
        now = image.read_bytes()
        if now == before:
            return now
        before = now
        time.sleep(0.05)
    sys.exit("the kernel does not come to rest")


def files_in(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {}


def copies_of_a_run(command, image, folder):
    """Stopped where it happens to be, so that the kernel has the time to write some of it."""
    copies, enough = [], 200
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        while process.poll() is None:
            if len(copies) < COPIES and folder.is_dir() and len(os.listdir(folder)) > enough:
                process.send_signal(signal.SIGSTOP)
                time.sleep(1.2)
                # What was written since then is not on the disk.
                process.send_signal(signal.SIGCONT)
                time.sleep(0.05)
                process.send_signal(signal.SIGSTOP)
                copies.append(read_still(image))
                process.send_signal(signal.SIGCONT)
                enough = len(os.listdir(folder)) + 400
    finally:
        process.kill()
        process.wait()
    if process.returncode != 0:
        sys.exit(f"exit status {process.returncode}")
    return copies, read_still(image)


def try_options(options, command, folder, image, point, expected):
    """Counts of copies, and of those that had tiles but not all that was written to them or the journal."""
    failures = partial = 0
    subprocess.run(["mkfs.ext4", "-q", "-F", image, str(SIZE >> 10)], check=True)
    with mounted(image, point, options):
        copies, last = copies_of_a_run(command, image, folder)
    for number, copy in enumerate([*copies, last]):
        image.write_bytes(copy)
        with mounted(image, point, options):
            left = files_in(folder)
            if number < len(copies):
                partial += any(expected.get(name, content) != content for name, content in left.items())
                done = run(*command)
                left = files_in(folder)
                if done.returncode != 0:
                    failures += 1
                    print(f"FAILED: {options}: copy {number}: exit status {done.returncode}: {done.stderr.strip()}")
            elif left.keys() - expected.keys() == {"manifest.part"}:
                left.pop("manifest.part")  # what is not needed any more need not be gone
            if left != expected:
                failures += 1
                print(f"FAILED: {options}: copy {number}: {len(left)} files instead of {len(expected)}, or others")
    print(f"{options}: {len(copies)} copies while it ran, {partial} with tiles that were not whole; one at its end")
    return failures


def main(tool, fixtures):
    if os.geteuid() != 0:
        skip("only root mounts file systems")
    if run("sh", "-c", "command -v mkfs.ext4 && command -v mount").returncode != 0:
        skip("there is no mkfs.ext4 or mount")
    failures = 0
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as work:
        work = pathlib.Path(work)
        point, image = work / "mounted", work / "image"
        point.mkdir()
        image.write_bytes(b"")
        os.truncate(image, SIZE)
        command = [tool, os.path.join(fixtures, "photo.jpg"), "-f", "png", "-s", "8", "-j", "1", "-o"]
        subprocess.run([*command, work / "expected"], check=True)
        expected = files_in(work / "expected")
        for options in OPTIONS:
            failures += try_options(options, [*command, str(point / "tiles")], point / "tiles", image, point, expected)
    sys.exit(1 if failures else 0)


main(*sys.argv[1:])
