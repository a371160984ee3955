"""``lookalike map``: a library → a plane where similar pictures lie together, and its clusters."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lookalike.cli.options import json_option, library_option, print_json
from lookalike.cli.steps import shown_steps

if TYPE_CHECKING:
    from lookalike.library import Library, PictureMap

_DOING = {
    "reading": "Reading embeddings",
    "arranging": "Laying out the map",
    "placing": "Placing pictures",
}
_SHOWN = 20  # clusters that are listed for people


@click.command("map", short_help="Lay all pictures out so that similar ones lie together.")
@library_option
@click.option("--rebuild", is_flag=True, help="Lay all pictures out anew.")
@click.option(
    "--method",
    type=click.Choice(["neighbours", "components"]),
    help="How: keep neighbours together, or take the two main directions.  [default: the first, "
    "where its package is installed]",
)
@click.option(
    "--csv", "as_csv", is_flag=True, help="Print path, x, y and cluster of every picture."
)
@json_option
def map_command(
    *,
    library_folder: Path | None,
    rebuild: bool,
    method: str | None,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Lay all pictures out on a plane where similar ones lie together.

    `lookalike serve` shows the map on the page /map. It is kept with the library: the first run
    takes a while, later ones place the pictures that are new, and lay all out again when a fifth
    of them is.

    Clusters have the name of the folder that most of their pictures lie in and few others do, if
    there is one.
    """
    from lookalike.library import Library

    if as_csv and as_json:
        raise click.UsageError("Give one of --csv and --json.")
    with Library.open(library_folder) as library:
        with shown_steps(_DOING) as tell:
            found = library.map(rebuild=rebuild, method=method, on_step=tell)
        if as_csv:
            _write_csv(library, found)
        elif as_json:
            print_json(_fields(library, found))
        else:
            _print(found)


def _print(found: PictureMap) -> None:
    from lookalike.library import INSTALL_FOR_MAP, neighbours_possible, printable

    if found.method is None:
        click.echo("There are no pictures to lay out: index a folder first.")
        return
    for cluster in found.clusters[:_SHOWN]:
        middle = printable(cluster.middle.path) if cluster.middle else ""
        click.echo(f"{cluster.images:8,}  {printable(cluster.name or '-'):24}  {middle}")
    number = len(found.clusters)
    click.echo(
        f"{len(found):,} {'picture' if len(found) == 1 else 'pictures'} on the map, in {number:,} "
        f"{'cluster' if number == 1 else 'clusters'}; `lookalike serve` shows it."
    )
    if not neighbours_possible():
        click.echo(f"A map that keeps neighbours together needs one package: {INSTALL_FOR_MAP}")


def _rows(library: Library, found: PictureMap) -> list[tuple[str, float, float, int]]:
    """Path, x, y and cluster of each picture, in order of path."""
    places = found.places.astype(float).round(6).tolist()
    rows = dict(
        zip(found.ids.tolist(), zip(places, found.belongs.tolist(), strict=True), strict=True)
    )
    known = ((record.path, rows[record.id]) for record in library.records() if record.id in rows)
    return [(path, x, y, cluster) for path, ((x, y), cluster) in known]


def _fields(library: Library, found: PictureMap) -> dict[str, Any]:
    return {
        "method": found.method,
        "waiting": found.waiting,
        "clusters": [
            {
                "name": cluster.name,
                "images": cluster.images,
                "middle": cluster.middle.path if cluster.middle else None,
            }
            for cluster in found.clusters
        ],
        "points": [
            {"path": path, "x": x, "y": y, "cluster": cluster if cluster >= 0 else None}
            for path, x, y, cluster in _rows(library, found)
        ],
    }


def _write_csv(library: Library, found: PictureMap) -> None:
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["path", "x", "y", "cluster"])
    for path, x, y, cluster in _rows(library, found):
        out.writerow([path, x, y, cluster if cluster >= 0 else ""])
