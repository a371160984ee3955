"""Answers that were counted → their number and how all scores lie, as text or JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lookalike.library import Answers, Distribution

_BAR = 50  # letters of the longest bar
_ROWS = 25  # as many rows as are read at a glance; bins are put together until they fit


def count_fields(counted: Answers | None) -> dict[str, object]:
    """What JSON says beside the hits; nothing where nothing was counted."""
    if counted is None:
        return {}
    fields: dict[str, object] = {"total": counted.total, "next": counted.next}
    if counted.folded is not None:
        fields |= {"folded": counted.folded, "waiting": counted.waiting}
    if counted.distribution is not None:
        fields["distribution"] = asdict(counted.distribution)
    return fields


def print_counts(counted: Answers | None) -> None:
    """How the scores lie, how many answers there are, and how to go on."""
    if counted is None:
        return
    if counted.distribution is not None and counted.total:
        _print_distribution(counted.distribution)
    answers = "answer" if counted.total == 1 else "answers"
    more = f"; --offset {counted.next} goes on" if counted.next is not None else ""
    click.echo(f"{counted.total:,} {answers}{_with_copies(counted)}{more}.")
    if counted.waiting:
        pictures = "picture was" if counted.waiting == 1 else "pictures were"
        click.echo(
            f"{counted.waiting:,} {pictures} not compared for near copies yet: "
            "`lookalike duplicates` does."
        )


def _with_copies(counted: Answers) -> str:
    if not counted.folded:
        return ""
    return f" and {counted.folded:,} {'copy' if counted.folded == 1 else 'copies'} of them"


def _print_distribution(spread: Distribution) -> None:
    """Bars, the best scores first."""
    width = (spread.high - spread.low) / len(spread.counts)
    used = [at for at, count in enumerate(spread.counts) if count]
    first, last = used[0], used[-1]
    together = -(-(last - first + 1) // _ROWS)
    first -= first % together
    rows = [
        (spread.low + width * at, sum(spread.counts[at : at + together]))
        for at in range(first, last + 1, together)
    ]
    most = max(count for _, count in rows)
    click.echo("score from")
    for low, count in reversed(rows):
        click.echo(f"{low:10.2f}  {count:10,}  {'#' * -(-count * _BAR // most)}".rstrip())
