"""``lookalike doctor``: this machine and a library → what is right, what is wrong, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lookalike.cli.options import json_option, library_option, print_json
from lookalike.errors import LibraryError, LibraryNotFoundError

if TYPE_CHECKING:
    from lookalike.library import Finding

_SHOWN = {"ok": "ok     ", "warning": "warning", "problem": "PROBLEM"}


@click.command("doctor", short_help="Check the library, the model, the folders.")
@library_option
@json_option
def doctor_command(*, library_folder: Path | None, as_json: bool) -> None:
    """Check this machine and the library, and say what to do about each finding.

    It looks at the decoders of all formats, the model's weights and the numbers that it gives,
    the database, what searches find against what comparing everything finds, the files of the
    pictures, free disk, permissions, who is writing, and the clock. Where nothing is wrong, it
    brings the caches up to date. Without a library, it looks at the machine alone.

    Ends with status 1 if something is wrong. A warning is nothing wrong yet.
    """
    findings = []
    for finding in _findings(library_folder):
        findings.append(finding)
        if not as_json:
            click.echo(f"{_SHOWN[finding.standing]}  {finding.text}")
    sound = all(finding.good for finding in findings)
    if as_json:
        print_json({"sound": sound, "findings": [asdict(finding) for finding in findings]})
    if not sound:
        click.get_current_context().exit(1)


def _findings(folder: Path | None) -> Iterator[Finding]:
    from lookalike.library import Finding, Library, check_machine, check_model

    yield from check_machine()
    try:
        with Library.open(folder) as library:
            yield from library.check()
    except LibraryNotFoundError as error:
        yield from check_model()
        # whoever names none may not have begun one
        yield Finding("store", "ok" if folder is None else "problem", str(error))
    except LibraryError as error:
        yield from check_model()
        yield Finding("store", "problem", str(error))
