"""A folder → what the system tells of changes in it, a settled handful at a time."""

from __future__ import annotations

import importlib.util
import logging
import threading
from collections.abc import Iterator

from lookalike.errors import MissingExtraError

INSTALL = 'pip install "watchfiles>=1.0"'
_QUIET = 250  # milliseconds without any change after which what happened is told
_LONGEST = 4000  # milliseconds after which it is told all the same
_BREATH = 1000  # milliseconds after which that nothing happened is told
_LOG = logging.getLogger(__name__)

Happened = list[tuple[bool, str]]
"""Absolute paths, each with whether something came or was written there (or only left)."""


class NoEventsError(Exception):
    """The system's events cannot be had; the message says why."""


class EventsLostError(Exception):
    """Some event was lost; the message says why."""


def is_possible() -> bool:
    """Whether the package that listens to the system is installed."""
    return importlib.util.find_spec("watchfiles") is not None


def listen(folder: str, stop: threading.Event) -> Iterator[Happened]:
    """What happens in a folder and below it, until ``stop`` is set; an empty list after each second
    in which nothing does. What happens between two questions is kept, and told at the next.

    The first that comes is empty or not, but nothing that happens after it is missed.

    Raises: MissingExtraError where the package is missing; NoEventsError; EventsLostError, after
        which this may be asked for again.
    """
    try:
        import watchfiles  # noqa: F401 - to say what is missing
    except ImportError as error:
        raise MissingExtraError(
            f"To be told of changes by the system takes a package: {INSTALL}; or look every now "
            "and then with `lookalike watch FOLDER --poll SECONDS`."
        ) from error
    logging.getLogger("watchfiles").setLevel(logging.WARNING)  # it tells of every change
    try:
        yield from _heard(folder, stop, ignore_permission_denied=False)
    except PermissionError as error:
        # Only then is it ignored: with it, watchfiles says nothing of a limit that is reached.
        _LOG.info("not all of %s is listened to: %s", folder, error)
        try:
            yield from _heard(folder, stop, ignore_permission_denied=True)
        except RuntimeError as lost:
            raise EventsLostError(str(lost)) from lost
    except (OSError, ValueError) as error:
        why = str(error).partition(" about [")[0]  # what follows is meant for programmers
        raise NoEventsError(why.rstrip(".")) from error
    except RuntimeError as error:  # of its Rust part, such as for names that are not Unicode
        raise EventsLostError(str(error)) from error


def _heard(
    folder: str, stop: threading.Event, *, ignore_permission_denied: bool
) -> Iterator[Happened]:
    import watchfiles

    for changes in watchfiles.watch(
        folder,
        watch_filter=None,
        debounce=_LONGEST,
        step=_QUIET,
        stop_event=stop,
        rust_timeout=_BREATH,
        yield_on_timeout=True,
        force_polling=False,
        ignore_permission_denied=ignore_permission_denied,
    ):
        yield [(kind is not watchfiles.Change.deleted, path) for kind, path in changes]
