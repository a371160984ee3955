"""Events of an indexing run → a progress bar on a terminal, or one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar

from lookalike.library import (
    Fetching,
    Progress,
    Report,
    Scanned,
    Waiting,
    Watched,
    printable,
)

_ENOUGH = 32  # pictures from which on a speed says something
_SHOWN = 20  # skipped files that are listed at the end; the rest is one command away


def print_event(event: Watched) -> None:
    """One JSON object on a line of its own, with the kind of event first."""
    fields = {"event": type(event).__name__.lower(), **asdict(event)}
    click.echo(json.dumps(fields))


def print_waiting(event: Watched) -> None:
    """A folder that keeps silent, on standard error; of other events nothing."""
    if isinstance(event, Waiting):
        click.echo(_waiting(event), err=True)


def _waiting(event: Waiting) -> str:
    return (
        f"Waiting for {printable(event.folder)}, which has not answered for {event.seconds:.0f} s: "
        f"it is given up after {event.patience:.0f} s."
    )


@contextmanager
def shown_progress() -> Iterator[Callable[[Watched], None]]:
    """A bar with images per second and the time left; nothing where nobody is watching."""
    console = Console(stderr=True)
    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    with bar:
        yield _Watcher(bar)


class _Watcher:
    """One bar for the weights while they come, one for each folder."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._weights: TaskID | None = None
        self._folder: TaskID | None = None

    def __call__(self, event: Watched) -> None:
        if isinstance(event, Scanned) and event.to_read:
            self._folder = self._bar.add_task("Looking at pictures", total=event.to_read, speed="")
        elif isinstance(event, Progress):
            if self._folder is None:
                self._folder = self._bar.add_task("Looking at pictures", total=None, speed="")
            speed = f"{event.images_per_second:,.0f} images/s" if event.done else ""
            self._bar.update(self._folder, completed=event.done, total=event.total, speed=speed)
        elif isinstance(event, Fetching):
            self._fetching(event)
        elif isinstance(event, Waiting):
            self._bar.console.print(_waiting(event), markup=False, highlight=False, soft_wrap=True)

    def _fetching(self, event: Fetching) -> None:
        if self._weights is None:
            self._weights = self._bar.add_task(f"Fetching {event.model}", speed="MB")
        self._bar.update(
            self._weights, completed=event.done // 1_000_000, total=event.total // 1_000_000
        )


def report_words(report: Report) -> str:
    """What a run did, in one line."""
    parts = [
        f"{number:,} {what}"
        for what in ("added", "changed", "moved", "removed", "unchanged")
        if (number := getattr(report, what))
    ]
    if report.parts:
        parts.append(f"parts of {report.parts:,} kept")
    many = report.added + report.changed >= _ENOUGH
    speed = f", {report.images_per_second:,.0f} images/s" if many else ""
    return f"{', '.join(parts) or 'Nothing to do'} ({report.seconds:,.1f} s{speed})."


def print_report(report: Report) -> None:
    """What a run did, in words."""
    click.echo(report_words(report))
    if report.skipped:
        click.echo(f"{len(report.skipped):,} skipped:")
    for file in report.skipped[:_SHOWN]:
        click.echo(f"  {printable(file.path)}: {file.reason}")
    if len(report.skipped) > _SHOWN:
        rest = len(report.skipped) - _SHOWN
        click.echo(f"  ... and {rest:,} more: `lookalike stats --skipped` lists them all.")
    if report.still_skipped:
        number = f"{report.still_skipped:,} skipped before and not changed since"
        click.echo(f"{number}: `lookalike stats --skipped` says why.")
