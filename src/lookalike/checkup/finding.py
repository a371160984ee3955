"""One thing that was looked at → a `Finding`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Standing = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and how it is, in a sentence that says what to do where
    something is to be done.

    ``check`` names what was looked at. A ``warning`` is nothing wrong yet.
    """

    check: str
    standing: Standing
    text: str

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return self.standing != "problem"


def ok(check: str, text: str) -> Finding:
    """All is well."""
    return Finding(check, "ok", text)


def warning(check: str, text: str) -> Finding:
    """Nothing is wrong yet."""
    return Finding(check, "warning", text)


def problem(check: str, text: str) -> Finding:
    """Something is wrong."""
    return Finding(check, "problem", text)
