"""``lookalike upgrade``: another model → its vectors beside the present ones, and a switch."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lookalike.cli.options import (
    FOLDER,
    json_option,
    library_option,
    max_pixels_option,
    patience_option,
    print_json,
    wait_option,
)

if TYPE_CHECKING:
    from lookalike.library import Built, Compared, Hit, Judged, SideBySide, Switched, Upgrades

_SHOWN = 20  # files that are listed at the end


class _InOrder(click.Group):
    """Lists its commands in the order in which they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group("upgrade", cls=_InOrder, short_help="Take the library to another model, and back.")
def upgrade_command() -> None:
    """Take the library to another model, and back, without losing anything.

    \b
      lookalike upgrade build MODEL     make its vectors beside the present ones
      lookalike upgrade compare         how both answer for your pictures
      lookalike upgrade switch MODEL    answer with it from now on

    The library answers all the while. Switching to the former model goes back. Tags, favourites
    and what you said of duplicates stay; views that were learned belong to a model and come back
    with it.
    """


@upgrade_command.command("status", short_help="List the models whose vectors are there.")
@library_option
@json_option
def status_command(*, library_folder: Path | None, as_json: bool) -> None:
    """List the present model, and those whose vectors lie beside, with how complete they are."""
    from lookalike.library import Library

    with Library.open(library_folder) as library:
        found = library.upgrades()
    if as_json:
        print_json(asdict(found))
    else:
        _tell_status(found)


@upgrade_command.command("build", short_help="Make vectors of another model beside.")
@click.argument("model", metavar="MODEL")
@library_option
@max_pixels_option
@patience_option
@json_option
def build_command(
    *, model: str, library_folder: Path | None, max_pixels: int, patience: float, as_json: bool
) -> None:
    """Make vectors of MODEL beside the present ones, from the files of the pictures.

    MODEL is one of `lookalike models`, or an .onnx file of your own with its card beside it. The
    library can be searched and indexed meanwhile. A run that was stopped is continued, and a run
    after indexing adds the new pictures.

    With --json, each event is one JSON object on a line; the last tells what was built.
    """
    from lookalike.cli.front import INTERRUPTED
    from lookalike.cli.progress import print_event, shown_progress
    from lookalike.library import Library

    with Library.open(library_folder, max_pixels=max_pixels) as library:
        try:
            with nullcontext(print_event) if as_json else shown_progress() as tell:
                built = library.upgrade_build(model, patience=patience, on_event=tell)
        except KeyboardInterrupt:
            click.echo("Stopped: the same command goes on from here.", err=True)
            sys.exit(INTERRUPTED)
    if not as_json:
        _tell_built(built)


@upgrade_command.command("compare", short_help="Hold another model against the present one.")
@click.argument("model", metavar="[MODEL]", required=False)
@library_option
@click.option(
    "--like",
    metavar="IMAGE",
    type=FOLDER,
    help="Show both answers to this picture of the library, side by side.",
)
@click.option(
    "-k",
    metavar="N",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    help="How many of the nearest to compare.",
)
@click.option(
    "--labels",
    metavar="FILE",
    type=FOLDER,
    help="A CSV of pictures and their labels, as `lookalike eval` takes it.",
)
@json_option
def compare_command(
    *,
    model: str | None,
    library_folder: Path | None,
    like: str | None,
    k: int,
    labels: str | None,
    as_json: bool,
) -> None:
    """Hold MODEL against the present one on your own pictures.

    Up to 200 of the pictures that have vectors of both are asked with, the same each time: which
    part of the nearest is the same with both models? Where tags, folders or --labels tell pictures
    apart, it is also measured how well those of one label find each other with each model.

    MODEL may be left out where only one lies beside.
    """
    from lookalike.library import Library

    if like is not None and labels is not None:
        raise click.UsageError("--like compares one picture, without labels: leave one out.")
    with Library.open(library_folder) as library:
        if like is not None:
            pair = library.upgrade_beside(like, model, k=k)
            print_json(_pair_fields(pair)) if as_json else _tell_pair(pair)
            return
        found = library.upgrade_compare(model, k=k, labels=labels)
    print_json(found.to_json()) if as_json else _tell_compared(found)


@upgrade_command.command("switch", short_help="Answer with another model from now on.")
@click.argument("model", metavar="MODEL")
@library_option
@click.option(
    "--leave-blank",
    is_flag=True,
    help="Switch also where files cannot be read: their pictures stay without a vector, and "
    "resemble nothing, until `lookalike index` can read them.",
)
@wait_option
@json_option
def switch_command(
    *, model: str, library_folder: Path | None, leave_blank: bool, wait: float, as_json: bool
) -> None:
    """Answer with MODEL from now on, whose vectors lie beside; those of the former model take
    their place, so that `lookalike upgrade switch` with its name goes back.

    It happens at once or not at all. A page that is being served follows by itself.
    """
    from lookalike.library import Library

    with Library.open(library_folder) as library:
        switched = library.upgrade_switch(model, leave_blank=leave_blank, wait=wait)
    if as_json:
        print_json(asdict(switched))
    else:
        _tell_switched(switched)


@upgrade_command.command("drop", short_help="Delete the vectors of a model that lie beside.")
@click.argument("model", metavar="MODEL")
@library_option
def drop_command(*, model: str, library_folder: Path | None) -> None:
    """Delete the vectors of MODEL that lie beside the present ones.

    The library's file does not shrink; the room is used for what comes.
    """
    from lookalike.library import Library, printable

    with Library.open(library_folder) as library:
        library.upgrade_drop(model)
    click.echo(f"The vectors of {printable(model)} are deleted.")


def _tell_status(found: Upgrades) -> None:
    from lookalike.library import printable

    click.echo(f"present  {_state(found.model, found.dim, found.images, found.blank)}")
    for one in found.beside:
        click.echo(f"beside   {_state(one.model, one.dim, one.images, one.missing)}")
    if not found.beside:
        click.echo("Nothing lies beside: `lookalike upgrade build MODEL`.")
    if found.blank:
        click.echo(
            f"{found.blank:,} pictures have no vector of {printable(found.model)}: `lookalike "
            "index` makes it once their files can be read."
        )


def _state(model: str, dim: int, images: int, missing: int) -> str:
    from lookalike.library import printable

    rest = f", {missing:,} missing" if missing else ""
    return f"{printable(model)} ({dim} numbers for each picture): {images:,} pictures{rest}"


def _tell_built(built: Built) -> None:
    from lookalike.library import printable

    model = printable(built.model)
    speed = f"{built.seconds:,.1f} s, {built.images_per_second:,.0f} images/s"
    vectors = "vector" if built.added == 1 else "vectors"
    click.echo(f"{built.added:,} {vectors} of {model} added ({speed}).")
    for file in built.skipped[:_SHOWN]:
        click.echo(f"  {printable(file.path)}: {file.reason}")
    if len(built.skipped) > _SHOWN:
        click.echo(f"  ... and {len(built.skipped) - _SHOWN:,} more.")
    if built.missing:
        pictures = "picture has" if built.missing == 1 else "pictures have"
        click.echo(f"{built.missing:,} {pictures} none yet.")
    click.echo(f'lookalike upgrade compare "{model}"')


def _tell_compared(found: Compared) -> None:
    from lookalike.library import printable

    click.echo(
        f"Of the {found.k} nearest of {found.queries:,} pictures, {found.overlap:.0%} are the same "
        f"with {printable(found.present)} and {printable(found.other)} (± {found.spread:.0%} from "
        f"one picture to another); {found.images:,} pictures have vectors of both."
    )
    if found.judged is None:
        click.echo(
            "No tags and no folders tell pictures apart: --labels FILE says which is better."
        )
    else:
        _tell_judged(found.judged, printable(found.present), printable(found.other))


def _tell_judged(judged: Judged, present: str, other: str) -> None:
    source = "the file" if judged.labels == "file" else judged.labels
    click.echo(f"\nBy {source}, {judged.pictures:,} pictures have a label:")
    width = max(len(present), len(other), 8)
    click.echo(f"{'':{width}}  {'P@1':>6}{'P@10':>7}{'mAP':>7}")
    for name, its in ((present, judged.present), (other, judged.other)):
        click.echo(f"{name:{width}}  {its.p_at_1:6.3f}{its.p_at_10:7.3f}{its.map:7.3f}")


def _tell_pair(pair: SideBySide) -> None:
    from lookalike.library import printable

    click.echo(f"{printable(pair.picture.path)}\n{pair.shared:,} are the same, marked with =")
    both = pair.both
    for model, hits in ((pair.present, pair.hits), (pair.other, pair.other_hits)):
        click.echo(f"\n{printable(model)}")
        for rank, hit in enumerate(hits, start=1):
            mark = "=" if hit.record.id in both else " "
            click.echo(f"{rank:4} {mark} {hit.score:.4f}  {printable(hit.path)}")


def _tell_switched(switched: Switched) -> None:
    from lookalike.library import printable

    click.echo(
        f"{switched.images:,} pictures are compared by {printable(switched.model)} from now on "
        f"({switched.seconds:,.1f} s)."
    )
    if switched.blank:
        click.echo(
            f"{switched.blank:,} have no vector of it: `lookalike index` makes it once their files "
            "can be read."
        )
    click.echo(f'lookalike upgrade switch "{printable(switched.former)}" goes back.')


def _pair_fields(pair: SideBySide) -> dict[str, Any]:
    return {
        "picture": {"id": pair.picture.id, "path": pair.picture.path},
        "shared": pair.shared,
        "present": {"model": pair.present, "hits": [_hit(hit) for hit in pair.hits]},
        "other": {"model": pair.other, "hits": [_hit(hit) for hit in pair.other_hits]},
    }


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "id": hit.record.id,
        "path": hit.path,
        "score": hit.score,
        "distance": hit.distance,
    }
