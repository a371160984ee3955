"""A text in any writing → the same drawn on a page, in those fonts of this machine that have it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import suppress

from PIL import ImageDraw, ImageFont

# Ordered: the first that has a letter draws it. Pillow looks for them where the system keeps fonts.
FONTS = (
    # Latin, Greek, Cyrillic, and more: Linux, Windows, macOS
    *("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf"),
    *("segoeui.ttf", "arial.ttf", "Arial Unicode.ttf", "Helvetica.ttc"),
    # Chinese, Japanese, Korean
    *("NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "wqy-microhei.ttc"),
    *("wqy-zenhei.ttc", "DroidSansFallbackFull.ttf", "YuGothR.ttc", "msgothic.ttc", "msyh.ttc"),
    *("malgun.ttf", "Hiragino Sans GB.ttc", "PingFang.ttc", "AppleSDGothicNeo.ttc"),
    # Arabic, Hebrew, the writings of India, Thai
    *("NotoSansArabic-Regular.ttf", "NotoSansHebrew-Regular.ttf", "GeezaPro.ttc"),
    *("NotoSansDevanagari-Regular.ttf", "NotoSansBengali-Regular.ttf", "NotoSansTamil-Regular.ttf"),
    *("Nirmala.ttc", "Nirmala.ttf", "Kohinoor.ttc", "Lohit-Devanagari.ttf"),
    *("NotoSansThai-Regular.ttf", "leelawui.ttf", "Thonburi.ttc"),
    # signs and faces, and what covers nearly everything, plainly
    *("NotoEmoji-Regular.ttf", "seguiemj.ttf", "Symbola.ttf", "unifont.otf", "unifont.ttf"),
)

_Font = ImageFont.FreeTypeFont
_SIZE = 20
_NO_LETTER = "\U0010ffff"  # which every font draws as it draws what it does not have
_JOINERS = "\u200c\u200d"  # unseen, and a part of words in Persian and Hindi
_CUT = "…"


class Lettering:
    """Draws texts; fonts are looked for as letters need them. Not for several threads at once."""

    def __init__(self, fonts: Sequence[str] = FONTS) -> None:
        self._names = iter(fonts)
        self._fonts: list[_Font] = []
        self._sized: dict[tuple[int, int], _Font] = {}
        self._of_letter: dict[str, int | None] = {}
        self._all_found = False

    def length(self, text: str, size: int) -> float:
        """How wide a text is when it is drawn, in pixels."""
        return sum(font.getlength(part) for part, font in self._runs(text, size))

    def fitted(self, text: str, size: int, width: int) -> str:
        """The text, or the most of its beginning and its end that is no wider."""
        long = self.length(text, size)
        kept = len(text) if long <= width else min(len(text) - 1, int(len(text) * width / long) + 2)
        short = text
        while long > width and kept > 1:
            end = kept // 2
            short = text[: kept - end] + _CUT + text[len(text) - end :]
            long, kept = self.length(short, size), kept - 1
        return short

    def draw(
        self, on: ImageDraw.ImageDraw, place: tuple[int, int], text: str, size: int, colour: str
    ) -> None:
        """Draw a text on one line, which begins on the left at ``place`` and stands on it."""
        left, base = float(place[0]), place[1]
        for part, font in self._runs(text, size):
            on.text((left, base), part, fill=colour, font=font, anchor="ls")
            left += font.getlength(part)

    def _runs(self, text: str, size: int) -> Iterator[tuple[str, _Font]]:
        """The text in pieces with their fonts: one piece, so that its letters join and turn as
        they should, where one of the fonts has it all."""
        shown = "".join(one if self._font_of(one) is not None else _escape(one) for one in text)
        needed = sorted({self._font_of(one) or 0 for one in shown})
        for at in needed:
            if all(self._has(at, one) for one in set(shown)):
                needed = [at]
        if len(needed) <= 1:
            yield shown, self._font(needed[0] if needed else 0, size)
            return
        for at, letters in itertools.groupby(shown, lambda one: self._font_of(one) or 0):
            yield "".join(letters), self._font(at, size)

    def _font_of(self, letter: str) -> int | None:
        """The first font that has a letter; None where none has."""
        if letter not in self._of_letter:
            seen = letter.isprintable() or letter in _JOINERS
            self._of_letter[letter] = self._search(letter) if seen else None
        return self._of_letter[letter]

    def _search(self, letter: str) -> int | None:
        at = 0
        while at < len(self._fonts) or self._find_one_more():
            if self._has(at, letter):
                return at
            at += 1
        return None

    def _find_one_more(self) -> bool:
        for name in self._names:
            with suppress(OSError):  # not on this machine
                self._fonts.append(ImageFont.truetype(name, _SIZE))
                return True
        if self._all_found:
            return False
        self._all_found = True
        inside = ImageFont.load_default(_SIZE)  # Pillow's own, for where there is no font at all
        if isinstance(inside, _Font):
            self._fonts.append(inside)
        return isinstance(inside, _Font)

    def _has(self, at: int, letter: str) -> bool:
        if letter == " " or letter in _JOINERS:
            return True
        font = self._fonts[at]
        return _drawn(font, letter) != _drawn(font, _NO_LETTER)

    def _font(self, at: int, size: int) -> _Font:
        if not self._fonts:
            self._find_one_more()
        if (at, size) not in self._sized:
            self._sized[at, size] = self._fonts[at].font_variant(size=size)
        return self._sized[at, size]


def _drawn(font: _Font, letter: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(letter, "L")
    return mask.size, bytes(mask)


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
