"""A folder → the same behind FUSE, where it fails, hangs or goes away as a test says.

``python -m tests.fuse SOURCE MOUNT`` serves until its standard input ends; `Drive` starts that in a
process of its own. It speaks the kernel's protocol itself (linux/fuse.h), so that no package is
needed: /dev/fuse and root's right to mount are enough, and `drive` skips without them. Everything
is asked of it each time, nothing is cached, and whoever waits for an answer can be killed, as with
a network drive: when its process is interrupted, its question is answered by EINTR.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import selectors
import stat
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_READ_ONLY, _NO_SUID, _NO_DEV, _DETACH = 1, 2, 4, 2
_HEADER = struct.Struct("<IIQQIIII")  # length, what, number, node, user, group, process, unused
_ATTRIBUTES = struct.Struct("<6Q10I")
_LOOKUP, _FORGET, _GETATTR, _READLINK, _OPEN, _READ = 1, 2, 3, 5, 14, 15
_STATFS, _RELEASE, _INIT, _OPENDIR, _READDIR, _RELEASEDIR = 17, 18, 26, 27, 28, 29
_INTERRUPT, _DESTROY, _BATCH_FORGET = 36, 38, 42
_GREETING = struct.pack("<4I2H2I2H8I", 7, 31, 0, 0, 12, 9, 65536, 1, 16, 0, *([0] * 8))
_READS = -1  # hangs, but only when it is read
_DIRECT = 1  # reads come to us, not to the cache of pages


class Server:
    """Answers what the kernel asks of a mounted folder."""

    def __init__(self, source: Path, device: int) -> None:
        self._source = os.fsencode(source)
        self._device = device
        self._paths: dict[int, bytes] = {1: b""}
        self._nodes: dict[bytes, int] = {b"": 1}
        self._listings: dict[int, list[tuple[int, int, bytes]]] = {}
        self._rules: dict[bytes, int] = {}  # what fails, and with which error; 0 hangs
        self._held: dict[int, bytes] = {}  # questions without an answer, by number

    def rule(self, path: str | None, error: int) -> None:
        """From now on what lies at or below a path fails, or hangs; for None, nothing does."""
        if path is not None:
            self._rules[os.fsencode(path)] = error
            return
        self._rules.clear()
        held, self._held = self._held, {}
        for question in held.values():
            self.answer(question)

    def answer(self, question: bytes) -> None:
        """Answer one question, or do not."""
        _, what, number, node, *_ = _HEADER.unpack_from(question)
        body = question[_HEADER.size :]
        if what in (_FORGET, _BATCH_FORGET, _DESTROY):
            return
        if what == _INIT:
            self._reply(number, 0, _GREETING)
            return
        if what == _INTERRUPT:
            (waiting,) = struct.unpack_from("<Q", body)
            if self._held.pop(waiting, None) is not None:
                self._reply(waiting, errno.EINTR)
            return
        path = self._paths.get(node, b"")
        if what == _LOOKUP:
            path = path + b"/" * bool(path) + body.rstrip(b"\0")
        error = self._rule_for(path)
        if error == _READS:
            error = 0 if what == _READ else None
        if error == 0:
            self._held[number] = question
        elif error:
            self._reply(number, error)
        else:
            self._carry_out(what, number, node, path, body)

    def _rule_for(self, path: bytes) -> int | None:
        for place, error in self._rules.items():
            if not place or path == place or path.startswith(place + b"/"):
                return error
        return None

    def _carry_out(self, what: int, number: int, node: int, path: bytes, body: bytes) -> None:
        try:
            self._reply(number, 0, self._content(what, node, path, body))
        except OSError as error:
            self._reply(number, error.errno or errno.EIO)

    def _content(self, what: int, node: int, path: bytes, body: bytes) -> bytes:
        place = self._source + b"/" * bool(path) + path
        if what == _LOOKUP:
            attributes = _attributes(place)
            node = self._nodes.setdefault(path, len(self._nodes) + 1)
            self._paths[node] = path
            return struct.pack("<4Q2I", node, 0, 0, 0, 0, 0) + attributes
        if what == _GETATTR:
            return struct.pack("<QII", 0, 0, 0) + _attributes(place)
        if what == _READLINK:
            return os.readlink(place)  # noqa: PTH115 - bytes
        if what == _OPEN:
            return struct.pack("<QII", node, _DIRECT, 0)
        if what == _READ:
            _, offset, size = struct.unpack_from("<QQI", body)
            with Path(os.fsdecode(place)).open("rb") as file:
                return os.pread(file.fileno(), size, offset)
        if what == _OPENDIR:
            with os.scandir(place) as found:
                self._listings[node] = [
                    (one.inode(), _kind(one), one.name)
                    for one in sorted(found, key=lambda x: x.name)
                ]
            return struct.pack("<QII", node, 0, 0)
        if what == _READDIR:
            _, offset, size = struct.unpack_from("<QQI", body)
            return self._listed(node, offset, size)
        if what == _STATFS:
            return struct.pack("<5Q10I", *([1 << 20] * 5), 4096, 255, 4096, *([0] * 7))
        if what in (_RELEASE, _RELEASEDIR):
            return b""
        raise OSError(errno.ENOSYS, "not here")

    def _listed(self, node: int, offset: int, size: int) -> bytes:
        content = b""
        for at, (inode, kind, name) in enumerate(self._listings[node]):
            entry = struct.pack("<QQII", inode, at + 1, len(name), kind) + name
            entry += bytes(-len(entry) % 8)
            if at >= offset:
                if len(content) + len(entry) > size:
                    break
                content += entry
        return content

    def _reply(self, number: int, error: int, content: bytes = b"") -> None:
        with contextlib.suppress(FileNotFoundError):  # whoever asked has been interrupted
            os.write(self._device, struct.pack("<IiQ", 16 + len(content), -error, number) + content)


def _attributes(place: bytes) -> bytes:
    found = os.lstat(place)
    times = [getattr(found, f"st_{one}time_ns") for one in "amc"]
    seconds, parts = zip(*(divmod(one, 10**9) for one in times), strict=True)
    return _ATTRIBUTES.pack(
        *(found.st_ino, found.st_size, found.st_blocks, *seconds, *parts, found.st_mode),
        *(found.st_nlink, found.st_uid, found.st_gid, 0, 4096, 0),
    )


def _kind(entry: os.DirEntry[bytes]) -> int:
    return stat.S_IFMT(entry.stat(follow_symlinks=False).st_mode) >> 12


def serve(source: Path, mount: Path) -> None:
    """Mount, say so, and answer until standard input ends; its lines are rules."""
    device = os.open("/dev/fuse", os.O_RDWR)
    library = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
    flags = _READ_ONLY | _NO_SUID | _NO_DEV
    if library.mount(b"pictures", os.fsencode(mount), b"fuse", flags, options.encode()):
        sys.exit(f"no drive can be mounted here: {os.strerror(ctypes.get_errno())}")
    try:
        server = Server(source, device)
        with selectors.DefaultSelector() as coming:
            coming.register(device, selectors.EVENT_READ)
            coming.register(sys.stdin, selectors.EVENT_READ)
            sys.stdout.write("mounted\n")
            sys.stdout.flush()
            while _turn(server, coming):
                pass
    finally:
        library.umount2(os.fsencode(mount), _DETACH)


def _obey(server: Server) -> bool:
    """Take one rule; False where there are no more."""
    if not (line := sys.stdin.readline()):
        return False
    server.rule(*json.loads(line))
    sys.stdout.write("so be it\n")
    sys.stdout.flush()
    return True


def _turn(server: Server, coming: selectors.BaseSelector) -> bool:
    for key, _ in coming.select():
        if key.fileobj is sys.stdin:
            if not _obey(server):
                return False
            continue
        try:
            server.answer(os.read(key.fd, 1 << 17))
        except OSError as error:
            if error.errno == errno.ENODEV:  # unmounted
                return False
            if error.errno not in (errno.ENOENT, errno.EINTR, errno.EAGAIN):
                raise
    return True


class Drive:
    """A folder behind FUSE, served by another process."""

    def __init__(self, folder: Path, process: subprocess.Popen[str]) -> None:
        self.folder = folder
        self._process = process

    def hang(self, path: str = "") -> None:
        """Answer nothing any more of what lies at or below a path."""
        self._rule(path, 0)

    def hang_reads(self, path: str) -> None:
        """Answer nothing any more when a file is read; it is still listed."""
        self._rule(path, _READS)

    def fail(self, path: str = "", error: int = errno.EIO) -> None:
        """Have everything at or below a path fail."""
        self._rule(path, error)

    def free(self) -> None:
        """Answer everything, and what was asked meanwhile."""
        self._rule(None, 0)

    def unmount(self) -> None:
        """Go away, as a disk does that is pulled out."""
        subprocess.run(["umount", "--lazy", self.folder], check=True)

    def end(self) -> None:
        """Go away for good; whoever waits for an answer gets an error."""
        self._process.kill()
        self._process.wait()
        subprocess.run(["umount", "--lazy", self.folder], check=False, stderr=subprocess.DEVNULL)

    def _rule(self, path: str | None, error: int) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([path, error]) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "so be it\n"


@contextlib.contextmanager
def drive(source: Path, mount: Path) -> Iterator[Drive]:
    """A drive that shows a folder at another place. Skips where none can be had."""
    if sys.platform != "linux" or os.geteuid() != 0 or not Path("/dev/fuse").exists():
        pytest.skip("a drive that hangs needs Linux, root and /dev/fuse")
    command = [sys.executable, "-m", "tests.fuse", str(source), str(mount)]
    root = Path(__file__).resolve().parent.parent
    process = subprocess.Popen(
        command,
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        if process.stdout.readline() != "mounted\n":
            _, why = process.communicate()
            pytest.skip(why.strip() or "no drive can be mounted here")
        made = Drive(mount, process)
        try:
            yield made
        finally:
            made.end()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]))
