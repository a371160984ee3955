"""``lookalike export`` and ``import``: a library ↔ NumPy files; pictures → lists and archives."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

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
from lookalike.cli.saving import print_saved, save_options, saved_fields


@click.command("export", short_help="Write pictures or their features to files.")
@click.argument("pictures", metavar="[PICTURE]...", nargs=-1, type=FOLDER)
@library_option
@click.option(
    "--numpy",
    "directory",
    metavar="DIR",
    type=FOLDER,
    help="Write one float32 .npy for each picture: DIR/<path of the picture>.npy.",
)
@click.option(
    "--matrix",
    "file",
    metavar="FILE",
    type=FOLDER,
    help="Write one array (pictures, numbers) to FILE.npy, and the list of paths to FILE.json.",
)
@save_options
@json_option
def export_command(
    *,
    pictures: tuple[str, ...],
    library_folder: Path | None,
    directory: str | None,
    file: str | None,
    target: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Write pictures to a file with --save, or the features of all as NumPy files.

    PICTURE is the path of a picture that the library knows; without any, all are meant. An
    archive leaves out files that are gone or have changed since they were indexed, and names them
    in its manifest. Your pictures are only read.
    """
    from lookalike.library import Library, printable

    if directory is None and file is None and target is None:
        raise click.UsageError("Say what to write: --save FILE, --numpy DIR or --matrix FILE.")
    if target is None and (pictures or force or as_json):
        raise click.UsageError("PICTURE, --force and --json go with --save FILE.")
    with Library.open(library_folder) as library:
        if target is not None:
            saved = library.save(pictures or library.records(), target, force=force)
            print_json(saved_fields(saved)) if as_json else print_saved(saved)
        if directory is not None:
            number = library.export_numpy(directory)
            click.echo(f"{number:,} features are in {printable(directory)}.")
        if file is not None:
            listing = library.export_matrix(file)
            click.echo(
                f"The features are in {printable(file)}, their paths in {printable(listing)}."
            )


@click.command("import", short_help="Take over features from elsewhere.")
@click.argument("features", metavar="FEATURES", type=FOLDER)
@click.argument("folder", metavar="FOLDER", type=FOLDER)
@library_option
@click.option(
    "--model",
    metavar="NAME",
    help="The model that the features come from. Without it, a new library can only be searched "
    "with its own pictures.",
)
@max_pixels_option
@wait_option
@patience_option
@json_option
def import_command(
    *,
    features: str,
    folder: str,
    library_folder: Path | None,
    model: str | None,
    max_pixels: int,
    wait: float,
    patience: float,
    as_json: bool,
) -> None:
    """Take over features that were computed elsewhere.

    FEATURES is what `lookalike export` writes, or the like: a folder of .npy files named as the
    pictures, or one array (.npy) with a list of paths (.json or .txt) beside it. FOLDER holds the
    pictures; the paths are relative to it.
    """
    from lookalike.cli.progress import print_event, print_report, shown_progress
    from lookalike.library import Library, read_features

    read = read_features(features)
    dim = read.embeddings.shape[1]
    with (
        Library.open(
            library_folder, model=model, create=True, dim=dim, max_pixels=max_pixels
        ) as library,
        nullcontext(print_event) if as_json else shown_progress() as tell,
    ):
        report = library.adopt(read, folder, wait=wait, patience=patience, on_event=tell)
    if not as_json:
        print_report(report)
