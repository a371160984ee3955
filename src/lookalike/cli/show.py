"""``lookalike show``: a picture of the library → its place, and what is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lookalike.cli.options import FOLDER, json_option, library_option, print_json

if TYPE_CHECKING:
    from lookalike.library import FileMetadata, Label, Library, Record

_LIES = {
    1: "upright",
    2: "mirrored",
    3: "upside down",
    4: "upside down, mirrored",
    5: "on its side, mirrored",
    6: "on its side",
    7: "on its side, mirrored",
    8: "on its side",
}
_WIDTH = 14  # of the longest name of a fact, and two spaces


@click.command("show", short_help="Show what is known of one picture.")
@click.argument("picture", metavar="PICTURE", type=FOLDER)
@library_option
@click.option("--reveal", is_flag=True, help="Show the file in the file manager, too.")
@json_option
def show_command(*, picture: str, library_folder: Path | None, reveal: bool, as_json: bool) -> None:
    """Show where PICTURE of the library lies, what the library knows of it, and what its file says
    of itself: camera, lens, exposure, place, title, keywords, colour profile.

    Labels are guesses of the model at what PICTURE shows, each with the chance that it is right, as
    measured on judged pictures.

    PICTURE is a path, on this machine or below an indexed folder. The file is read for this; what
    is damaged in it is told, and the rest shown. Of a picture whose file is gone or has changed,
    what the library knows is shown.
    """
    from lookalike.library import Library

    with Library.open(library_folder) as library:
        record = library.find(picture)
        metadata, trouble = _read(library, record)
        (labels,) = library.labels(record)
        if as_json:
            said = asdict(metadata) if metadata else None
            called = [asdict(one) for one in labels]
            known = {**_known(record), "labels": called}
            print_json({**known, "metadata": said, "trouble": trouble})
        else:
            _print(record, metadata, trouble, labels)
        if reveal:
            library.reveal(record)


def _read(library: Library, record: Record) -> tuple[FileMetadata | None, str | None]:
    """What the file says, or the sentence that says why it cannot be read."""
    from lookalike.errors import ImageError

    try:
        return library.metadata(record), None
    except ImageError as error:
        return None, str(error)


def _known(record: Record) -> dict[str, Any]:
    return {
        "path": record.path,
        "id": record.id,
        "width": record.width,
        "height": record.height,
        "bytes": record.size,
        "format": record.format,
        "taken": record.taken,
        "camera": record.camera,
        "latitude": record.latitude,
        "longitude": record.longitude,
        "sha256": record.digest,
    }


def _print(
    record: Record,
    metadata: FileMetadata | None,
    trouble: str | None,
    labels: Sequence[Label],
) -> None:
    from lookalike.library import printable

    def line(name: str, value: str) -> None:
        click.echo(f"{name:{_WIDTH}}{printable(value)}")

    line("path", record.path)
    line("number", str(record.id))
    line("dimensions", f"{record.width:,} x {record.height:,}")
    line("size", f"{record.size:,} bytes, {record.format}")
    if labels:
        line("labels", ", ".join(f"{one.name} {one.probability:.0%} likely" for one in labels))
    for name, value in _facts(metadata) if metadata else _recorded(record):
        line(name, value)
    for sentence in metadata.skipped if metadata else ():
        line("not read", sentence)
    if trouble:
        line("not read", trouble)


def _recorded(record: Record) -> Iterator[tuple[str, str]]:
    """What the library remembers where the file cannot be asked."""
    if record.taken:
        yield "taken", record.taken.replace("T", " ")
    if record.camera:
        yield "camera", record.camera
    if record.latitude is not None and record.longitude is not None:
        yield "place", _place(record.latitude, record.longitude)


def _facts(said: FileMetadata) -> Iterator[tuple[str, str]]:
    """What a file says, in words, a name and a value each."""
    if said.taken:
        yield "taken", said.taken.replace("T", " ")
    yield from _texts(said, "camera", "lens")
    if shot := ", ".join(_shot(said)):
        yield "exposure", shot
    if said.orientation and said.orientation != 1:
        yield "lies", f"{_LIES[said.orientation]} in the file"
    if said.latitude is not None and said.longitude is not None:
        yield "place", _place(said.latitude, said.longitude)
    if said.altitude is not None:
        yield "altitude", f"{said.altitude:,.0f} m"
    yield from _texts(said, "title", "description")
    if said.keywords:
        yield "keywords", ", ".join(said.keywords)
    if said.rating is not None:
        yield "rating", f"{said.rating} of 5" if said.rating > 0 else "thrown out"
    yield from _texts(said, "artist", "copyright", "software", "profile")


def _texts(said: FileMetadata, *names: str) -> Iterator[tuple[str, str]]:
    for name in names:
        if value := getattr(said, name):
            yield name, value


def _shot(said: FileMetadata) -> Iterator[str]:
    if said.exposure:
        yield _seconds(said.exposure)
    if said.aperture:
        yield f"f/{round(said.aperture, 1):g}"
    if said.iso:
        yield f"ISO {said.iso}"
    if said.focal_length:
        full = said.focal_length_35mm
        as_full = f" ({full} mm in 35 mm film)" if full else ""
        yield f"{round(said.focal_length, 1):g} mm{as_full}"
    if said.flash is not None:
        yield "with flash" if said.flash else "no flash"


def _seconds(exposure: float) -> str:
    """As cameras write it: 1/250 s, 2.5 s."""
    return f"1/{1 / exposure:.0f} s" if exposure < 0.4 else f"{round(exposure, 1):g} s"


def _place(latitude: float, longitude: float) -> str:
    north = f"{abs(latitude):.5f}° {'S' if latitude < 0 else 'N'}"
    return f"{north}, {abs(longitude):.5f}° {'W' if longitude < 0 else 'E'}"
