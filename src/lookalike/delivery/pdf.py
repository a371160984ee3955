"""JPEGs, a page each → a PDF of A4 pages that is written as they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_WIDE, _HIGH = b"595.276", b"841.89"  # A4 in points
_CATALOG, _TREE, _INFO = 1, 2, 3
_A_PAGE = 3  # objects: the page, what is on it, its picture
_SHOW = b"q %b 0 0 %b 0 0 cm /Page Do Q" % (_WIDE, _HIGH)


def document(pages: Iterable[bytes], size: tuple[int, int], title: str) -> Iterator[bytes]:
    """The document, a page at a time; each is an RGB JPEG of ``size`` pixels, which fills it.

    ISO 32000-1 describes the format. Of its many ways this takes the plainest: objects in a row,
    and at the end a table of where each of them begins.
    """
    out = _Objects()
    yield out.keep(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    kids = []
    for count, page in enumerate(pages):
        number = _INFO + 1 + count * _A_PAGE
        kids.append(b"%d 0 R" % number)
        yield out.object(number, _page(number))
        yield out.object(number + 1, _stream(b"", _SHOW))
        yield out.object(number + 2, _stream(_picture(size), page))
    tree = b"<< /Type /Pages /Count %d /Kids [%b] >>" % (len(kids), b" ".join(kids))
    yield out.object(_TREE, tree)
    view = b"/ViewerPreferences << /DisplayDocTitle true >>"
    yield out.object(_CATALOG, b"<< /Type /Catalog /Pages %d 0 R %b >>" % (_TREE, view))
    yield out.object(_INFO, b"<< /Title %b /Producer (Lookalike) >>" % _text(title))
    yield out.end()


class _Objects:
    """The numbered objects of a document, and where each begins."""

    def __init__(self) -> None:
        self._places: dict[int, int] = {}
        self._length = 0

    def keep(self, content: bytes) -> bytes:
        self._length += len(content)
        return content

    def object(self, number: int, body: bytes) -> bytes:
        self._places[number] = self._length
        return self.keep(b"%d 0 obj\n%b\nendobj\n" % (number, body))

    def end(self) -> bytes:
        """The table, and where it begins."""
        count = len(self._places) + 1
        rows = b"".join(b"%010d 00000 n \n" % place for _, place in sorted(self._places.items()))
        entries = b"/Size %d /Root %d 0 R /Info %d 0 R" % (count, _CATALOG, _INFO)
        table = b"xref\n0 %d\n0000000000 65535 f \n%b" % (count, rows)
        return b"%btrailer\n<< %b >>\nstartxref\n%d\n%%%%EOF\n" % (table, entries, self._length)


def _page(number: int) -> bytes:
    return (
        b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %b %b] /Contents %d 0 R "
        b"/Resources << /XObject << /Page %d 0 R >> >> >>"
    ) % (_TREE, _WIDE, _HIGH, number + 1, number + 2)


def _picture(size: tuple[int, int]) -> bytes:
    return (
        b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB "
        b"/BitsPerComponent 8 /Filter /DCTDecode "
    ) % size


def _stream(entries: bytes, content: bytes) -> bytes:
    return b"<< %b/Length %d >>\nstream\n%b\nendstream" % (entries, len(content), content)


def _text(text: str) -> bytes:
    """Any text as the format has it: UTF-16 with its mark, in hexadecimal digits."""
    return b"<feff%b>" % text.encode("utf-16-be", "replace").hex().encode("ascii")
