"""A lock file, an environment → the packages in them: pins, hashes, licences, what needs what."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
OURS = "lookalike"


@dataclass(frozen=True)
class Pin:
    """One package of a lock file: its name, version and marker, and the SHA-256 of its files."""

    name: str
    version: str
    hashes: tuple[str, ...]
    applies: bool


def pins(lock: Path = LOCK) -> list[Pin]:
    """The packages of a lock file in order. Raises ValueError for a line that pins nothing."""
    return list(_pins(lock.read_text("utf-8")))


def _pins(text: str) -> Iterator[Pin]:
    lines = [line.strip() for line in text.replace("\\\n", " ").splitlines()]
    for line in filter(None, lines):
        if line.startswith("#"):
            continue
        hashes = tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})\b", line))
        required = Requirement(re.split(r"\s--hash=", line)[0])
        (pinned, *more) = [*required.specifier] or [None]
        if pinned is None or more or pinned.operator != "==":
            raise ValueError(f"{required.name} is not pinned to one version.")
        name = canonicalize_name(required.name)
        marker = required.marker
        yield Pin(name, pinned.version, hashes, marker is None or marker.evaluate())


def installed() -> dict[str, Distribution]:
    """The packages of this environment, by name."""
    return {canonicalize_name(one.metadata["Name"]): one for one in distributions()}


def licence_of(package: Distribution) -> str:
    """What a package says of its licence: an SPDX expression, else its field, else classifiers."""
    said = package.metadata
    if expression := said.get_all("License-Expression"):
        return str(expression[0])
    named = [
        one.rpartition(" :: ")[2]
        for one in said.get_all("Classifier") or []
        if one.startswith("License :: ") and one != "License :: OSI Approved"
    ]
    field = "\n".join(said.get_all("License") or []).strip().splitlines()
    if named:
        return " AND ".join(sorted(named))
    return field[0] if field else ""


def needs(have: Mapping[str, Distribution]) -> dict[str, set[str]]:
    """What each package of this environment needs of the others here."""
    return {
        name: {
            other
            for line in package.requires or []
            if (other := _applying(line, {"extra": ""})) is not None and other in have
        }
        for name, package in have.items()
    }


def needed_by(packages: Iterable[str], graph: Mapping[str, set[str]]) -> set[str]:
    """Some packages, those that they need, and so on."""
    found: set[str] = set()
    ahead = [name for name in packages if name in graph]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += graph[name]
    return found


def direct(extras: bool) -> list[str]:
    """What the project itself names: to run at all, or for its extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lists = project["optional-dependencies"].values() if extras else [project["dependencies"]]
    found = (_applying(line) for lines in lists for line in lines)
    return [name for name in found if name is not None]


def _applying(line: str, environment: dict[str, str] | None = None) -> str | None:
    """The name of what a line asks for; None where it asks nothing of this environment."""
    required = Requirement(line)
    applies = required.marker is None or required.marker.evaluate(environment)
    return canonicalize_name(required.name) if applies else None


def say(sentence: str) -> None:
    """A line on standard error."""
    print(sentence, file=sys.stderr)
