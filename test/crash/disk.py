# SPDX-License-Identifier: MIT
"""A disk that forgets what was not synced, told by a log of faults.c.

What it keeps is what POSIX promises, and no more: a file's bytes after fsync() or fdatasync() of it, a folder's names
after fsync() of that, all after syncfs() or sync(). Of what came later any part may be there: of each folder, its
first changes in their order; of a file, its old or its new bytes, the new ones cut or with zeros at their end.
"""
import os


class File:
    def __init__(self, content=b""):
        self.durable = self.now = content

    def after_a_crash(self, random, worst):
        if worst == "most" or self.durable == self.now:
            return self.durable if worst else self.now
        kept = len(self.durable) if self.now.startswith(self.durable) else 0
        cut = random.randint(kept, len(self.now))
        block = max(kept, cut - cut % 512)
        return random.choice([self.durable, self.now, self.now[:cut], self.now[:block].ljust(len(self.now), b"\0")])


class Folder:
    def __init__(self, entries=None):
        self.first = entries or {}
        self.now = dict(self.first)
        self.changes = []  # each: name -> what it is then, None for nothing
        self.durable = 0  # as many of them

    def set(self, names):
        self.changes.append(names)
        self.apply(self.now, names)

    @staticmethod
    def apply(entries, names):
        for name, node in names.items():
            if node is None:
                entries.pop(name, None)
            else:
                entries[name] = node

    def after_a_crash(self, random, worst):
        count = {"most": self.durable, "data": len(self.changes)}.get(worst)
        entries = dict(self.first)
        for names in self.changes[: random.randint(self.durable, len(self.changes)) if count is None else count]:
            self.apply(entries, names)
        return {name: node.after_a_crash(random, worst) for name, node in entries.items()}


class Disk:
    """`root` as it is, all of it durable."""

    def __init__(self, root):
        self.root = root
        self.inodes = {}
        self.top = self.read(root)

    def read(self, path):
        if os.path.isdir(path):
            return Folder({name: self.read(os.path.join(path, name)) for name in os.listdir(path)})
        with open(path, "rb") as file:
            node = self.inodes[os.stat(path).st_ino] = File(file.read())
        return node

    def find(self, path):
        """The folder or file of a path; None outside of the root."""
        if path != self.root and not path.startswith(self.root + "/"):
            return None
        node = self.top
        for name in path[len(self.root) :].split("/"):
            if name:
                node = node.now.get(name) if isinstance(node, Folder) else None
        return node

    def all(self, node=None):
        node = node or self.top
        yield node
        if isinstance(node, Folder):
            for below in node.now.values():
                yield from self.all(below)

    def take(self, call):
        """What a call did."""
        if call.result < 0:
            return
        folder, name = self.find(os.path.dirname(call.path)), os.path.basename(call.path)
        file = self.inodes.get(call.inode)
        if call.name == "open" and call.made and folder:
            self.inodes[call.inode] = File()
            folder.set({name: self.inodes[call.inode]})
        elif call.name == "pwrite" and file:
            before = file.now.ljust(call.offset, b"\0")
            file.now = before[: call.offset] + call.data + before[call.offset + len(call.data) :]
        elif call.name == "ftruncate" and file:
            file.now = file.now[: call.offset].ljust(call.offset, b"\0")
        elif call.name == "mkdir" and folder:
            folder.set({name: Folder()})
        elif call.name in ("unlink", "rmdir") and folder:
            folder.set({name: None})
        elif call.name == "rename" and folder:
            assert os.path.dirname(call.second) == os.path.dirname(call.path)
            folder.set({name: None, os.path.basename(call.second): folder.now[name]})
        elif call.name == "link" and folder:
            folder.set({os.path.basename(call.second): folder.now[name]})
        elif call.name in ("fsync", "fdatasync"):
            self.sync(self.find(call.path) if isinstance(self.find(call.path), Folder) else file)
        elif call.name in ("syncfs", "sync"):
            for node in list(self.all()):
                self.sync(node)

    @staticmethod
    def sync(node):
        if isinstance(node, Folder):
            node.durable = len(node.changes)
        elif node:
            node.durable = node.now

    def after_a_crash(self, random, worst=None):
        """Names and what they hold, a dict for a folder. `worst`: "most" is lost, or of all that has a name the "data"."""
        return self.top.after_a_crash(random, worst)


class Call:
    def __init__(self, line):
        fields = os.fsdecode(line).split("\t")
        self.name, self.path, self.second = fields[0], fields[7], fields[8]
        self.result, self.errno, self.inode, self.made, self.offset, self.bytes = map(int, fields[1:7])
        self.data = b""


def read_log(path):
    """The calls in a log; one that was cut by a kill is left out."""
    calls = []
    with open(path, "rb") as log:
        for line in log:
            call = Call(line.rstrip(b"\n"))
            call.data = log.read(call.bytes)
            calls.append(call)
    return calls
