"""IMAGE, ``--like``, ``--unlike``, ``--box`` and words → what to search with, and its JSON."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lookalike.cli.options import FOLDER

if TYPE_CHECKING:
    from lookalike.library import Asked

_Command = TypeVar("_Command", bound=Callable[..., Any])
Box = tuple[float, float, float, float]
_Asking = tuple[str | bytes, float, Box | None]

_WITH_WEIGHT = re.compile(r"(.+)@(\d+\.?\d*|\.\d+)", re.DOTALL)
_LIKE, _UNLIKE = 1.0, 0.5


@dataclass(frozen=True, slots=True)
class Question:
    """What a search was asked with; ``box`` is a part of ``image``. ``in_view`` says whether there
    is a view, which may be asked alone."""

    image: str | None
    like: tuple[str, ...]
    unlike: tuple[str, ...]
    box: Box | None
    words: tuple[str, ...] = ()
    without_words: tuple[str, ...] = ()
    in_view: bool = False

    def __post_init__(self) -> None:
        pictures = bool(self.image or self.like or self.unlike)
        if not pictures and not self.words and not self.in_view:
            raise click.UsageError("Give one IMAGE, or words with --words.")
        if self.box and self.image is None:
            raise click.UsageError("--box is a part of IMAGE: give an IMAGE.")

    def asked(self) -> Asked:
        """What to search with. Raises InputError, and reads standard input where IMAGE is -."""
        from lookalike.library import Example, Words

        image = None if self.image is None else _content(self.image)
        if image is not None and self._plain:
            return image
        said = self._said()
        pictures = [Example(*one) for one in self._examples(image)]
        if self._is_one_text:
            return Words(said[0][0])
        return [*pictures, *(Example(Words(text), weight) for text, weight in said)]

    def shown(self) -> object:
        """The question for ``--json``: a text, or a list of examples."""
        if self._plain:
            return self.image
        said = self._said()
        pictures = self._examples(self.image)
        if self._is_one_text:
            return said[0][0]
        return [
            *(
                {"picture": path, "weight": weight, **({"box": box} if box else {})}
                for path, weight, box in pictures
            ),
            *({"words": text, "weight": weight} for text, weight in said),
        ]

    def names(self) -> list[str]:
        """What each picture that is searched with was called."""
        return [str(path) for path, _, _ in self._examples(self.image)]

    @property
    def is_empty(self) -> bool:
        """Whether the view is all that there is."""
        return not (self.image or self.like or self.unlike or self.words)

    @property
    def _plain(self) -> bool:
        return not (self.like or self.unlike or self.box or self.words or self.without_words)

    @property
    def _is_one_text(self) -> bool:
        """Whether words of full weight are all that there is."""
        pictures = self.image or self.like or self.unlike
        return not pictures and [weight for _, weight in self._said()] == [1]

    def _said(self) -> list[tuple[str, float]]:
        """The words and their weights, wanted and not wanted."""
        unwanted = [_weighted(text, _UNLIKE) for text in self.without_words]
        wanted = [_weighted(text, _LIKE) for text in self.words]
        return [*wanted, *((text, -weight) for text, weight in unwanted)]

    def _examples(self, image: str | bytes | None) -> list[_Asking]:
        wanted = [_weighted(text, _LIKE) for text in self.like]
        unwanted = [_weighted(text, _UNLIKE) for text in self.unlike]
        return [
            *([] if image is None else [(image, 1.0, self.box)]),
            *((path, weight, None) for path, weight in wanted),
            *((path, -weight, None) for path, weight in unwanted),
        ]


class _Box(click.ParamType[Box]):
    """Four numbers with commas between them; which ones make a box is for the library to say."""

    name = "L,T,W,H"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            left, top, wide, high = map(float, value.split(","))
        except ValueError:
            self.fail(f"{value!r} is not four numbers such as 0.25,0.25,0.5,0.5.", param, ctx)
        return left, top, wide, high


def example_options(command: _Command) -> _Command:
    """``--like``, ``--unlike`` and ``--box``: several pictures, and a part of one."""
    like = click.option(
        "--like",
        metavar="IMAGE[@WEIGHT]",
        type=FOLDER,
        multiple=True,
        help="Also like this picture. WEIGHT is from 0 to 1, and 1 if it is not given, as for "
        "IMAGE itself. May be given again, and without IMAGE.",
    )
    unlike = click.option(
        "--unlike",
        metavar="IMAGE[@WEIGHT]",
        type=FOLDER,
        multiple=True,
        help="Not like this picture; WEIGHT is 0.5 if it is not given. May be given again.",
    )
    box = click.option(
        "--box",
        "--region",
        "box",
        metavar="L,T,W,H",
        type=_Box(),
        help="Only this part of IMAGE: left, top, width and height as fractions of it.",
    )
    return like(unlike(box(command)))


def words_options(command: _Command) -> _Command:
    """``--words`` and ``--without-words``: words alone, or beside pictures."""
    words = click.option(
        "--words",
        metavar="TEXT[@WEIGHT]",
        multiple=True,
        help="What the pictures show, in English; by itself or beside pictures. WEIGHT as for "
        "--like. May be given again.",
    )
    without = click.option(
        "--without-words",
        metavar="TEXT[@WEIGHT]",
        multiple=True,
        help="What they should not show; WEIGHT is 0.5 if it is not given. May be given again.",
    )
    return words(without(command))


def _weighted(text: str, otherwise: float) -> tuple[str, float]:
    """A path and its weight; a file that is really called so needs no other name."""
    found = _WITH_WEIGHT.fullmatch(text)
    if found is None or os.path.exists(text):  # noqa: PTH110 - a path that may hold any bytes
        return text, otherwise
    return found[1], float(found[2])


def _content(image: str) -> str | bytes:
    if image != "-":
        return image
    if sys.stdin.isatty():
        raise click.UsageError("- reads a picture from standard input, and there is none.")
    return sys.stdin.buffer.read()
