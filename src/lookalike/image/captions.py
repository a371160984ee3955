"""An XMP packet or an IPTC block → what people wrote about a picture: `Caption`.

Sources: ISO 16684-1 (XMP) and IPTC-IIM 4.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from lookalike.image.metadata import one_line

MOST_BYTES = 1 << 20
"""The longest packet that is read; those of ordinary pictures have some thousand bytes."""

_DEEPEST = 32  # elements within each other; those of ordinary packets are eight deep

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_XMP = "{http://ns.adobe.com/xap/1.0/}"
_ORDERS = (b"\xff\xfe", b"\xfe\xff")

# Data sets of IPTC's application record.
_APPLICATION, _TITLE, _KEYWORD, _BY, _COPYRIGHT, _CAPTION = 2, 5, 25, 80, 116, 120


@dataclass(frozen=True, slots=True)
class Caption:
    """What people wrote; None for what they did not. ``rating`` has no bounds here."""

    title: str | None = None
    description: str | None = None
    artist: str | None = None
    copyright: str | None = None
    keywords: tuple[str, ...] = ()
    rating: int | None = None


def from_xmp(packet: bytes) -> Caption:
    """Read an XMP packet. Raises ValueError for one that is damaged, or defines entities."""
    text = packet.decode("utf-16" if packet[:2] in _ORDERS else "utf-8").strip("\ufeff\0 \n")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("it defines entities, as no packet does")
    try:
        # Without entities of its own, a text cannot grow while it is read.
        parser = ElementTree.XMLParser(target=_Shallow())  # noqa: S314
        root = ElementTree.fromstring(text, parser)  # noqa: S314
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error

    def first(name: str) -> str | None:
        return next(_values(root, name), None)

    return Caption(
        title=first(f"{_DC}title"),
        description=first(f"{_DC}description"),
        artist=", ".join(_values(root, f"{_DC}creator")) or None,
        copyright=first(f"{_DC}rights"),
        keywords=tuple(_values(root, f"{_DC}subject")),
        rating=_whole(first(f"{_XMP}Rating")),
    )


class _Shallow(ElementTree.TreeBuilder):
    """A tree that does not become so deep that going through it again and again takes for ever."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> ElementTree.Element:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("its elements lie too deep within each other")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ElementTree.Element:
        self._depth -= 1
        return super().end(tag)


def from_iptc(block: bytes) -> Caption:
    """Read the data sets of an IPTC block. Raises ValueError for one that is cut short."""
    found: dict[int, list[str]] = {}
    for number, value in _data_sets(block):
        if text := one_line(value):
            found.setdefault(number, []).append(text)
    return Caption(
        title=", ".join(found.get(_TITLE, ())) or None,
        description=", ".join(found.get(_CAPTION, ())) or None,
        artist=", ".join(found.get(_BY, ())) or None,
        copyright=", ".join(found.get(_COPYRIGHT, ())) or None,
        keywords=tuple(found.get(_KEYWORD, ())),
    )


def _values(root: ElementTree.Element, name: str) -> Iterator[str]:
    """The values of a property, written as an attribute, as an element, or as a list of items."""
    for about in root.iter(f"{_RDF}Description"):
        texts = [about.get(name, "")]
        for element in about.findall(name):
            items = list(element.iter(f"{_RDF}li")) or [element]
            texts += ("".join(item.itertext()) for item in items)
        yield from filter(None, map(one_line, texts))


def _whole(text: str | None) -> int | None:
    try:
        return int(float(text)) if text else None
    except (ValueError, OverflowError):
        return None


def _data_sets(block: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while block[at : at + 1] == b"\x1c":
        record, number, *length = block[at + 1 : at + 5]
        end = at + 5 + int.from_bytes(length, "big")
        if end > len(block):
            raise ValueError("it is cut short")
        if record == _APPLICATION:
            yield number, block[at + 5 : end]
        at = end
