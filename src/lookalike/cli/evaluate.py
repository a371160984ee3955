"""``lookalike eval``: labels → precision at k and mean average precision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from lookalike.cli.options import FOLDER, json_option, library_option, print_json, view_options

if TYPE_CHECKING:
    from lookalike.library import ClassScore, Evaluation

_WIDE = 10_000  # columns


@click.command("eval", short_help="Measure precision at k and mAP on labels.")
@click.argument("labels", metavar="[LABELS]", required=False, type=FOLDER)
@library_option
@click.option("--queries", metavar="N", type=click.IntRange(min=1), help="Ask N pictures only.")
@click.option("--seed", metavar="S", type=int, default=0, help="What N is drawn with.")
@view_options
@click.option("--by-class", is_flag=True, help="Print a line for each label, too.")
@json_option
def eval_command(
    *,
    labels: str | None,
    library_folder: Path | None,
    queries: int | None,
    seed: int,
    view: str | None,
    neighbours: int,
    by_class: bool,
    as_json: bool,
) -> None:
    """Measure how well pictures of one label find each other.

    LABELS is a CSV file with a header: the file's name or relative path first, the label second.
    Without it, the folder that a picture lies in is its label. Every picture with a label (or N of
    them) is a query against all others; a hit is a picture with the same label. Pictures without
    a label are left out. With --view, evaluate pictures that the view was not learned from:
    those that it was learned from find each other better than others will.
    """
    from lookalike.library import Library

    with Library.open(library_folder) as library:
        result = library.evaluate(
            labels, queries=queries, seed=seed, view=view, neighbours=neighbours
        )
    if as_json:
        print_json(result.to_json(by_class=by_class))
    else:
        _print_table(result, by_class)


def _print_table(result: Evaluation, by_class: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from lookalike.library import printable

    table = Table(box=None, pad_edge=False)
    for title in ("label", "queries", "P@1", "P@10", "P@30", "mAP"):
        justify: Literal["left", "right"] = "left" if title == "label" else "right"
        table.add_column(title, justify=justify, overflow="fold")

    def add(name: str, row: Evaluation | ClassScore) -> None:
        figures = (row.p_at_1, row.p_at_10, row.p_at_30, row.map)
        cells = [f"{figure:.3f}" for figure in figures]
        table.add_row(Text(printable(name)), f"{row.queries:,}", *cells)

    for row in result.by_class if by_class else ():
        add(row.label, row)
    add("all", result)
    console = Console()
    if not console.is_terminal:  # what reads a pipe wants a row a line, however long the label
        console.width = _WIDE
    console.print(table)
