"""Steps of what takes minutes → a bar on a terminal for each thing that is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import TaskID


class Step(Protocol):
    """What is being done, and how much of it."""

    @property
    def doing(self) -> str:
        """One of some names."""

    @property
    def done(self) -> int:
        """How much is done."""

    @property
    def total(self) -> int:
        """How much there is to do."""


@contextmanager
def shown_steps(words: Mapping[str, str]) -> Iterator[Callable[[Step], None]]:
    """What tells a step, whose name has its words there; nothing where nobody is watching."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    bars: dict[str, TaskID] = {}
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as bar:

        def tell(step: Step) -> None:
            if step.doing not in bars:
                bars[step.doing] = bar.add_task(words[step.doing], total=step.total)
            bar.update(bars[step.doing], completed=step.done, total=step.total)

        yield tell
