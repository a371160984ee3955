"""Folders → the parts of them that something has changed in, as soon as it is known."""

from lookalike.watching.changes import Changed, Scope
from lookalike.watching.disks import tells
from lookalike.watching.events import INSTALL, is_possible
from lookalike.watching.looking import Look, look
from lookalike.watching.watchers import POLL_SECONDS, Told, Watchers

__all__ = [
    "INSTALL",
    "POLL_SECONDS",
    "Changed",
    "Look",
    "Scope",
    "Told",
    "Watchers",
    "is_possible",
    "look",
    "tells",
]
