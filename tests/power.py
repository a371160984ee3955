"""A command, recorded → what a disk would hold had the power failed at a moment of it.

strace tells every write, truncation, rename and sync of the real command in the library's folder.
`Recording.cut` plays them up to a moment and loses what no sync had secured: of the data each
sector of 512 bytes by itself, of what happened to names all from some change on, for the journals
of ext4, XFS, Btrfs, NTFS and APFS keep the order of those. What is written through a mapping is not
recorded: SQLite's shared memory is, and that is left out or filled with noise.

This cannot show a disk that says it has written what it has not, nor the faults of a file system.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

SECTOR = 512
_CALLS = (
    "openat,lseek,write,pwrite64,writev,ftruncate,fallocate,fsync,fdatasync,"
    "rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir"
)
_LINE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+)(?:<([^>]*)>)?", re.DOTALL)
_BEGUN = re.compile(r"(\d+) +(\w+)\((.*) <unfinished \.\.\.>")
_RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)", re.DOTALL)
_DESCRIPTOR = re.compile(r"(\d+)<([^>]*)>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_REST = re.compile(r'"[^"]*"|\d+<[^>]*>')
_SHARED = "-shm"


@dataclass
class _File:
    """One file, whatever its name: what is secured of it, and what was done to it since."""

    content: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, int, bytes | None]] = field(default_factory=list)  # None: a new size

    def secure(self, until: int) -> None:
        for number, at, data in self.pending:
            if number < until:
                _put(self.content, at, data)
        self.pending = [one for one in self.pending if one[0] >= until]

    def survives(self, chance: random.Random) -> bytes:
        """What may be there: each sector that no sync has secured, or not."""
        content, luck = bytearray(self.content), chance.choice((0.0, 0.5, 0.9, 1.0))
        for _, at, data in self.pending:
            if data is None:
                if chance.random() < luck:
                    _put(content, at, None)
                continue
            edges = [0, *range(SECTOR - at % SECTOR, len(data), SECTOR), len(data)]
            for start, end in pairwise(edges):
                if chance.random() < luck:
                    _put(content, at + start, data[start:end])
        return bytes(content)


def _put(content: bytearray, at: int, data: bytes | None) -> None:
    end = at if data is None else at + len(data)
    content.extend(bytes(max(0, end - len(content))))
    if data is None:
        del content[at:]
    else:
        content[at:end] = data


@dataclass(frozen=True)
class _Event:
    """What happened, and the number of the event at which it began."""

    kind: str
    began: int
    path: str = ""
    to: str = ""
    at: int = 0
    data: bytes = b""


class Recording:
    """All that a command did to a folder, and what it printed, in their order."""

    def __init__(self, events: list[_Event], before: dict[str, bytes]) -> None:
        self._events = events
        self._before = before

    def __len__(self) -> int:
        return len(self._events)

    def cut(self, moment: int, chance: random.Random) -> tuple[dict[str, bytes], str]:
        """What a folder may hold after the power failed before an event: path → content; and all
        that had been printed."""
        files = {path: _File(bytearray(content)) for path, content in self._before.items()}
        names, changes, told = dict(files), list[_Event](), ""
        open_now = dict(files)  # as the command sees it
        made: dict[int, _File] = {}
        for number, event in enumerate(self._events[:moment]):
            if event.kind == "told":
                told += event.data.decode()
            elif event.kind in ("write", "size"):
                data = event.data if event.kind == "write" else None
                if event.path in open_now:
                    open_now[event.path].pending.append((number, event.at, data))
            elif event.kind == "sync":
                if event.path in open_now:
                    open_now[event.path].secure(event.began)
                for change in [one for one in changes if one.began < event.began]:
                    _rename(names, change, made)
                changes = [one for one in changes if one.began >= event.began]
            else:
                if event.kind == "create":
                    made[number] = _File()
                _rename(open_now, event, made)
                changes.append(event)
        for change in changes[: chance.randint(0, len(changes))]:
            _rename(names, change, made)
        return {path: file.survives(chance) for path, file in names.items()}, told


def _rename(names: dict[str, _File], event: _Event, made: dict[int, _File]) -> None:
    if event.kind == "create":
        names[event.path] = made[event.at]
    elif event.kind == "remove":
        names.pop(event.path, None)
    elif event.path in names:
        names[event.to] = names.pop(event.path)


def record(command: list[str], folder: Path, out: Path) -> Recording:
    """Run ``lookalike`` with arguments under strace. Skips where there is none."""
    if shutil.which("strace") is None:
        pytest.skip("recording what is written needs strace")
    before = {
        os.path.relpath(path, folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(_SHARED)
    }
    log = out.with_suffix(".strace")
    trace = ["strace", "-f", "-qq", "-y", "-xx", "-s", str(1 << 24), "-e", f"trace={_CALLS}"]
    with out.open("wb") as printed:
        done = subprocess.run(
            [*trace, "-e", "signal=none", "-o", log, sys.executable, "-m", "lookalike", *command],
            stdout=printed,
            stderr=subprocess.PIPE,
            check=False,
        )
    if b"ptrace" in done.stderr:
        pytest.skip("no process may be traced here")
    assert done.returncode == 0, done.stderr
    return Recording(list(_Reader(str(folder), str(out), set(before)).events(log)), before)


class _Reader:
    """Reads strace's log; keeps which names there are, and where each descriptor is in its
    file."""

    def __init__(self, folder: str, out: str, names: set[str]) -> None:
        self._folder, self._out, self._names = folder, out, names
        self._at: dict[int, int] = {}
        self._number = 0  # of the event that comes next

    def events(self, log: Path) -> Iterator[_Event]:
        begun: dict[str, tuple[str, int]] = {}
        with log.open("r", encoding="latin-1") as lines:
            for line in lines:
                if found := _BEGUN.match(line):
                    begun[found[1]] = f"{found[1]} {found[2]}({found[3]}", self._number
                    continue
                whole, began = line, self._number
                if found := _RESUMED.match(line):
                    start, began = begun.pop(found[1])
                    whole = start + found[3]
                if (call := _LINE.match(whole)) and int(call[4]) >= 0:
                    for event in self._of(call[2], call[3], int(call[4]), call[5], began):
                        self._number += 1
                        yield event

    def _of(
        self, name: str, arguments: str, result: int, opened: str | None, began: int
    ) -> Iterator[_Event]:
        descriptors = [(int(one), _text(path)) for one, path in _DESCRIPTOR.findall(arguments)]
        texts = _TEXT.findall(arguments)
        rest = [int(one) for one in re.findall(r"(?<![\w.])\d+", _REST.sub("", arguments))]
        if name == "openat":
            yield from self._opened(_text(opened or ""), result, arguments, began)
        elif name in ("rename", "renameat", "renameat2"):
            yield from self._moved(_text(texts[0]), _text(texts[1]), began)
        elif name in ("unlink", "unlinkat", "rmdir"):
            if (path := self._inside(_text(texts[0]))) in self._names:
                self._names.discard(path)
                yield _Event("remove", began, path)
        elif name in ("mkdir", "mkdirat") or not descriptors:
            return
        else:
            yield from self._done(name, *descriptors[0], texts, rest, result, began)

    def _opened(self, path: str, result: int, arguments: str, began: int) -> Iterator[_Event]:
        self._at[result] = 0
        inside = self._inside(path)
        if inside is None or inside.endswith(_SHARED):
            return
        if inside not in self._names and "O_CREAT" in arguments:
            self._names.add(inside)
            yield _Event("create", began, inside, at=self._number)
        if "O_TRUNC" in arguments:
            yield _Event("size", began, inside)

    def _moved(self, old: str, new: str, began: int) -> Iterator[_Event]:
        one, other = self._inside(old), self._inside(new)
        if one in self._names and other is not None:
            self._names.discard(one)
            self._names.add(other)
            yield _Event("rename", began, one, other)

    def _done(
        self,
        name: str,
        number: int,
        path: str,
        texts: list[str],
        rest: list[int],
        result: int,
        began: int,
    ) -> Iterator[_Event]:
        if name == "lseek":
            self._at[number] = result
            return
        data = b"".join(map(_bytes, texts))[:result]
        at = rest[-1] if name == "pwrite64" else self._at.get(number, 0)
        if name in ("write", "writev"):
            self._at[number] = at + result
        inside = self._inside(path)
        if path == self._out and name == "write":
            yield _Event("told", began, data=data)
        elif inside is None or inside.endswith(_SHARED):
            return
        elif name in ("fsync", "fdatasync"):
            yield _Event("sync", began, inside)
        elif name == "ftruncate":
            yield _Event("size", began, inside, at=rest[-1])
        elif name in ("write", "writev", "pwrite64"):
            yield _Event("write", began, inside, at=at, data=data)

    def _inside(self, path: str) -> str | None:
        """A path below the folder, relative to it; empty for the folder; None for others."""
        if path == self._folder:
            return ""
        return (
            path.removeprefix(self._folder + "/") if path.startswith(self._folder + "/") else None
        )


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _text(text: str) -> str:
    return os.fsdecode(_bytes(text)) if "\\x" in text else text
