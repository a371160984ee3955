"""``lookalike search``: a picture → the pictures of the library that look like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lookalike.cli.counts import count_fields, print_counts
from lookalike.cli.examples import Question, example_options, words_options
from lookalike.cli.options import (
    FOLDER,
    filter_options,
    json_option,
    library_option,
    max_pixels_option,
    print_json,
    view_options,
)
from lookalike.cli.saving import print_saved, save_options, saved_fields
from lookalike.cli.understood import print_understood, understood_fields
from lookalike.errors import InputError

_NO_WIDTH = 10_000
_NONE_LIKE_IT = "probably nothing"
_SHORT = {"the same picture": "same", "strong": "strong", "weak": "weak", _NONE_LIKE_IT: "-"}
_WIDEN = "No picture passes the filters: widen them, or leave one out."
_NOTHING_YET = "The library holds no other pictures yet: `lookalike index FOLDER`."

if TYPE_CHECKING:
    from lookalike.library import Answers, Asked, Filter, Hit, Hits, Library, Saved


@click.command("search", short_help="Show the pictures that look most like one.")
@click.argument("image", metavar="[IMAGE]", required=False, type=FOLDER)
@library_option
@example_options
@words_options
@click.option(
    "-k",
    metavar="N",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    help="How many to show.",
)
@click.option("--exact", is_flag=True, help="Compare every picture, however many there are.")
@click.option(
    "--offset",
    metavar="N",
    type=click.IntRange(min=0),
    help="Pass over the N best, and tell how many answers there are; compares every picture.",
)
@click.option(
    "--distribution",
    is_flag=True,
    help="Show how the scores of all pictures lie; compares every picture.",
)
@click.option(
    "--fold",
    is_flag=True,
    help="Count pictures that show the same as one; compares every picture.",
)
@view_options
@filter_options
@click.option(
    "--previews/--no-previews",
    default=None,
    help="Show the pictures in the terminal.  [default: where it can]",
)
@save_options
@max_pixels_option
@json_option
def search_command(*, library_folder: Path | None, max_pixels: int, **how: Any) -> None:
    """Show the pictures that look most like IMAGE, best first.

    IMAGE is a file; - for a picture on standard input; or the path of a picture that the library
    knows though its file is not there now, which then leaves itself out.

    With --like and --unlike, the sum of several pictures is searched for, less those that are not
    wanted: rose.jpg --like tulip.jpg@0.5 --unlike leaf.jpg.

    With --words, by itself or beside pictures: rose.jpg --words "in a vase" --without-words
    "a person". `lookalike models` says which models find by words. The default model has never
    seen a word: English words are taken for the nearest of the 1,000 things that it tells apart,
    and a line says for which. So things are found, and not who, where, how many or what is
    written.

    Of a large library, only the part that is like IMAGE is compared, and a picture may be missed;
    `lookalike stats` says how many are found. With --exact, and with any of --folder, --format,
    --from, --to, --camera, --min-side, --tag, --favourite, --label and --text, which all must
    hold, none is missed. Nor is with --offset and --fold: as long as the library stays as it is,
    one stretch of the answers goes on where the one before ended. Copies to fold are those that
    `lookalike duplicates` has found.

    With --view and --neighbours, pictures are compared in another space, each of them, and the
    score is the cosine there. A view that was learned from what is liked needs no IMAGE; where it
    can, it then tells how likely each picture is liked. With --view parts, IMAGE is looked for
    within pictures, and a box says where it is; `lookalike index FOLDER --parts` makes it.

    With --save the answers go to a file, and what it holds is told instead of them.

    The score is the cosine of the two embeddings: 1 is the same, 0 is unrelated. The distance is
    the L2 distance between them. The verdict says what that is worth among these pictures: same,
    strong, weak, or - where it is probably nothing; it is empty where that cannot be said.
    """
    from lookalike.library import Library

    asked_with = {field.name: how.pop(field.name) for field in fields(Question)[:-1]}
    question = Question(**asked_with, in_view=how["view"] is not None)
    asked = None if question.is_empty else question.asked()
    with Library.open(library_folder, max_pixels=max_pixels) as library:
        _tell(library, question, asked, **how)


def _tell(
    library: Library,
    question: Question,
    asked: Asked | None,
    *,
    target: str | None,
    force: bool,
    previews: bool | None,
    as_json: bool,
    **how: Any,
) -> None:
    found = _ask(library, asked, **how)
    saved = _save(library, found, question, target, force)
    meanings = [] if asked is None else library.meanings(asked)
    if as_json:
        answer = _answer(library, found, saved, fold=how["fold"])
        print_json({"query": question.shown(), **understood_fields(meanings), **answer})
    else:
        print_understood(meanings)
        _print(library, found, saved, previews, above=how["offset"] or 0)


def _save(
    library: Library, found: _Found, question: Question, target: str | None, force: bool
) -> Saved | None:
    if target is None:
        return None
    if not found.hits:
        raise InputError(_nothing(library, found))
    return library.save(found.hits, target, query=question.shown(), force=force)


def _answer(
    library: Library, found: _Found, saved: Saved | None, *, fold: bool
) -> dict[str, object]:
    return {
        "verdict": found.hits.verdict,
        "reason": found.hits.reason,
        **({} if found.hits.lacking is None else {"lacking": found.hits.lacking}),
        "hits": _fields(library, found.hits, fold=fold),
        **count_fields(found.counted),
        **({"saved": saved_fields(saved)} if saved else {}),
    }


def _print(
    library: Library, found: _Found, saved: Saved | None, previews: bool | None, *, above: int
) -> None:
    if saved:
        print_saved(saved)
    elif found.hits:
        if found.hits.verdict == _NONE_LIKE_IT:
            click.echo(found.hits.reason)
        _print_table(library, found.hits, previews, above=above)
        if found.hits.lacking:
            click.echo(found.hits.reason)
    else:
        click.echo(_nothing(library, found))
    print_counts(found.counted)


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found, and how good that is, among what; ``counted`` where it is a stretch of all
    answers."""

    hits: Hits
    where: Filter | None
    counted: Answers | None = None


def _ask(
    library: Library,
    asked: Asked | None,
    *,
    k: int,
    exact: bool,
    offset: int | None,
    distribution: bool,
    fold: bool,
    view: str | None,
    neighbours: int,
    **only: Any,
) -> _Found:
    from lookalike.library import Hits

    where = filter_of(library, **only)
    how: dict[str, Any] = {"where": where, "view": view, "neighbours": neighbours}
    if offset is None and not distribution and not fold:
        return _Found(library.search(asked, k, exact=exact, **how), where)
    counted = library.answers(
        asked, k, offset=offset or 0, distribution=distribution, fold=fold, **how
    )
    hits = Hits(counted.hits, counted.verdict, counted.reason, counted.lacking)
    return _Found(hits, where, counted)


def _nothing(library: Library, found: _Found) -> str:
    if found.counted and found.counted.total:
        return "There are no answers from there on: take a smaller --offset."
    return _WIDEN if found.where is not None and library.count() else _NOTHING_YET


def filter_of(library: Library, folder: str | None, **only: Any) -> Filter | None:
    """What the options ask for; None where they ask for nothing."""
    from lookalike.library import Filter

    where = Filter(folder=library.known_folder(folder) if folder else None, **only)
    return None if where == Filter() else where


def _fields(
    library: Library, hits: Sequence[Hit], *, fold: bool = False
) -> list[dict[str, object]]:
    return [
        {
            "path": hit.path,
            "score": hit.score,
            "distance": hit.distance,
            "verdict": hit.verdict,
            **({"box": hit.box} if hit.box else {}),
            **({} if hit.liked is None else {"liked": hit.liked}),
            "id": hit.record.id,
            "width": hit.record.width,
            "height": hit.record.height,
            "favourite": marks.favourite,
            "tags": marks.tags,
            **({"copies": _fields(library, hit.copies)} if fold else {}),
        }
        for hit, marks in zip(hits, library.marks(*(hit.record for hit in hits)), strict=True)
    ]


def _more(hit: Hit) -> str:
    number = len(hit.copies)
    return f"  and {number:,} {'copy' if number == 1 else 'copies'}" if number else ""


def _box(hit: Hit) -> str:
    return ",".join(f"{edge:.2f}" for edge in hit.box or ())


def _liked(hit: Hit) -> str:
    return "" if hit.liked is None else f"{hit.liked:.0%}"


_MORE = (("box", _box), ("liked", _liked))
"""Columns that are there where some hit has something to say in them."""


def _print_table(library: Library, hits: list[Hit], previews: bool | None, *, above: int) -> None:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

    from lookalike.cli.previews import Previews
    from lookalike.library import printable

    console = Console()
    if not console.is_terminal:  # for grep and its like: a hit is a line
        console.width = _NO_WIDTH
    shown = Previews(library, console, wanted=previews)
    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column("", justify="right", style="dim")
    if shown:
        table.add_column("", width=shown.columns)
    table.add_column("score", justify="right")
    table.add_column("distance", justify="right", style="dim")
    table.add_column("verdict", style="dim")
    more = [one for one in _MORE if any(map(one[1], hits))]
    for name, _ in more:
        table.add_column(name, justify="right", style="dim")
    table.add_column("picture", overflow="fold")
    for rank, hit in enumerate(hits, start=above + 1):
        cells: list[RenderableType] = [
            f"{rank}",
            f"{hit.score:.3f}",
            f"{hit.distance:.3f}",
            _SHORT.get(hit.verdict or "", ""),
            *(told(hit) for _, told in more),
            Text.assemble(printable(hit.path), (_more(hit), "dim")),
        ]
        if shown:
            cells.insert(1, shown.of(hit.record))
        table.add_row(*cells)
    console.print(table)
