"""What words were taken for → a line on standard error for each, or the fields of the JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lookalike.library import Meaning

_SHOWN = 4  # labels of a text in a line


def understood_fields(meanings: Sequence[tuple[str, Meaning]]) -> dict[str, object]:
    """``understood`` for `--json`; nothing where no words were read through labels."""
    if not meanings:
        return {}
    return {
        "understood": [
            {
                "words": text,
                "sure": meaning.sure,
                "closeness": meaning.closeness,
                "labels": [{"label": name, "share": share} for name, share in meaning.labels],
            }
            for text, meaning in meanings
        ]
    }


def print_understood(meanings: Sequence[tuple[str, Meaning]]) -> None:
    """Say it beside the answers, not among them."""
    for text, meaning in meanings:
        names = ", ".join(name for name, _ in meaning.labels[:_SHOWN])
        end = "." if meaning.sure else "; none is near, so the answers are a guess."
        click.echo(f'"{text}" is taken for: {names}{end}', err=True)
