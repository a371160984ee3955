"""A HEIC or AVIF file of one picture → the same coded picture in a container that lies or loops."""

from __future__ import annotations

import struct
from dataclasses import dataclass

Size = tuple[int, int]


def box(name: bytes, *content: bytes) -> bytes:
    """A box of an ISO base media file."""
    body = b"".join(content)
    return struct.pack(">I", 8 + len(body)) + name + body


def full(name: bytes, version: int, *content: bytes, flags: int = 0) -> bytes:
    """A box with a version and flags."""
    return box(name, struct.pack(">I", version << 24 | flags), *content)


def boxes(content: bytes) -> list[tuple[bytes, bytes]]:
    """The boxes of a file or of a box: each with its name and what is in it."""
    found, at = [], 0
    while at + 8 <= len(content):
        size = int.from_bytes(content[at : at + 4], "big") or len(content) - at
        found.append((content[at + 4 : at + 8], content[at + 8 : at + size]))
        at += size
    return found


@dataclass(frozen=True)
class Coded:
    """What a file has for its picture: brand box, kind of item, its data and its properties."""

    ftyp: bytes
    kind: bytes
    data: bytes
    properties: list[bytes]


def coded(content: bytes) -> Coded:
    """The primary item of a file as encoders here write it."""
    top = dict(boxes(content))
    meta = dict(boxes(top[b"meta"][4:]))
    primary = int.from_bytes(meta[b"pitm"][4:6], "big")
    kinds = {
        int.from_bytes(entry[4:6], "big"): entry[8:12] for _, entry in boxes(meta[b"iinf"][6:])
    }
    start, length = _places(meta[b"iloc"])[primary]
    within = dict(boxes(meta[b"iprp"]))
    every = boxes(within[b"ipco"])
    chosen = [every[at - 1] for at in _associated(within[b"ipma"])[primary]]
    return Coded(
        box(b"ftyp", top[b"ftyp"]),
        kinds[primary],
        content[start : start + length],
        [box(name, body) for name, body in chosen],
    )


def _places(iloc: bytes) -> dict[int, tuple[int, int]]:
    """Of each item with one extent in the file: where it begins, and its length."""
    version, sizes = iloc[0], iloc[4:6]
    offset, length, base, index = sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4, sizes[1] & 15
    at, found = 8, {}
    for _ in range(int.from_bytes(iloc[6:8], "big")):
        number = int.from_bytes(iloc[at : at + 2], "big")
        at += 2 + (2 if version else 0) + 2
        start = int.from_bytes(iloc[at : at + base], "big")
        at += base
        extents = int.from_bytes(iloc[at : at + 2], "big")
        at += 2
        for _ in range(extents):
            at += index if version else 0
            first = start + int.from_bytes(iloc[at : at + offset], "big")
            at += offset
            found[number] = first, int.from_bytes(iloc[at : at + length], "big")
            at += length
    return found


def _associated(ipma: bytes) -> dict[int, list[int]]:
    at, found = 8, {}
    for _ in range(int.from_bytes(ipma[4:8], "big")):
        number, count = int.from_bytes(ipma[at : at + 2], "big"), ipma[at + 2]
        found[number] = [byte & 0x7F for byte in ipma[at + 3 : at + 3 + count]]
        at += 3 + count
    return found


def lying_size(content: bytes, width: int, height: int) -> bytes:
    """The same file with another size in every header that gives one."""
    out, at = bytearray(content), content.find(b"ispe")
    while at >= 0:
        struct.pack_into(">II", out, at + 8, width, height)
        at = content.find(b"ispe", at + 4)
    return bytes(out)


def nameless_property(content: bytes) -> bytes:
    """The same file with a property that must be understood, whose name no terminal can show."""
    named = bytearray(content.replace(b"pixi", b"c\1\2\n"))
    places = named.find(b"ipma") + 15  # of the first item: how many properties, and which
    for at in range(places, places + named[places - 1]):
        named[at] |= 0x80
    return bytes(named)


def _file(
    one: Coded, primary: int, items: dict[int, tuple[bytes, bytes, list[bytes]]], references: bytes
) -> bytes:
    """A file of items: number → kind, data and properties."""
    every = [part for _, _, parts in items.values() for part in parts]
    associated, at = b"", 1
    for number, (_, _, parts) in items.items():
        associated += struct.pack(">HB", number, len(parts)) + bytes(range(at, at + len(parts)))
        at += len(parts)
    infos = [
        full(b"infe", 2, struct.pack(">HH", n, 0), kind, b"\0") for n, (kind, _, _) in items.items()
    ]

    def meta(start: int) -> bytes:
        places = b""
        for number, (_, data, _) in items.items():
            places += struct.pack(">HHHII", number, 0, 1, start, len(data))
            start += len(data)
        return full(
            b"meta",
            0,
            full(b"hdlr", 0, bytes(4), b"pict", bytes(13)),
            full(b"pitm", 0, struct.pack(">H", primary)),
            full(b"iloc", 0, b"\x44\0", struct.pack(">H", len(items)), places),
            full(b"iinf", 0, struct.pack(">H", len(items)), *infos),
            full(b"iref", 0, references),
            box(
                b"iprp",
                box(b"ipco", *every),
                full(b"ipma", 0, struct.pack(">I", len(items)), associated),
            ),
        )

    start = len(one.ftyp) + len(meta(0)) + 8
    data = (data for _, data, _ in items.values())
    return one.ftyp + meta(start) + box(b"mdat", *data)


def _refers(name: bytes, source: int, targets: list[int]) -> bytes:
    return box(name, struct.pack(f">HH{len(targets)}H", source, len(targets), *targets))


def grid(content: bytes, cells: Size, size: Size, *, says: Size | None = None) -> bytes:
    """A grid of that many columns and rows, each the same picture, of that size in pixels;
    ``says`` is the size that its header gives."""
    one = coded(content)
    wide, high = says or size
    plan = struct.pack(">BBBBHH", 0, 0, cells[1] - 1, cells[0] - 1, *size)
    shown = [full(b"ispe", 0, struct.pack(">II", wide, high))]
    items = {1: (one.kind, one.data, one.properties), 2: (b"grid", plan, shown)}
    return _file(one, 2, items, _refers(b"dimg", 2, [1] * (cells[0] * cells[1])))


def item_loop(content: bytes, name: str) -> bytes:
    """A grid that is its own cell, by way of another grid; or with references of another name."""
    one = coded(content)
    plan = struct.pack(">BBBBHH", 0, 0, 0, 0, 64, 64)
    shown = [full(b"ispe", 0, struct.pack(">II", 64, 64))]
    items = {
        1: (one.kind, one.data, one.properties),
        2: (b"grid", plan, shown),
        3: (b"grid", plan, shown),
    }
    ways = _refers(name.encode(), 2, [3]) + _refers(name.encode(), 3, [2])
    return _file(one, 2, items, ways + _refers(b"cdsc", 1, [1]))
