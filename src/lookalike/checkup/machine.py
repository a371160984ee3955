"""This machine → whether its programs, its decoders and its clock are fit for a library."""

from __future__ import annotations

import platform
import sqlite3
import time
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from lookalike import image
from lookalike.checkup.finding import Finding, ok, problem, warning
from lookalike.errors import ImageError

_SAMPLES = Path(__file__).parents[1] / "data" / "checkup"
_PACKAGES = (("lookalike", "Lookalike"), ("onnxruntime", "ONNX Runtime"), ("pillow", "Pillow"))
_DAY = 86400.0

_WIDE, _HIGH = 32, 32
_COLOURS = ((220, 20, 30), (30, 160, 40), (20, 60, 200), (255, 255, 255))
"""Of every sample, from the upper left by rows: what a picture lies like, and its colours."""

_NEAR = 24  # levels: what lossy formats may be off by; other channels or a wrong table are far more
_BROWN = "RAW"  # a sensor's mosaic of one colour, of which the order of the channels is known


def of_machine() -> Iterator[Finding]:
    """Look at what every library on this machine needs."""
    yield _versions()
    yield from _decoders()
    yield _clock()


def _versions() -> Finding:
    known = [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    for package, name in _PACKAGES:
        try:
            known.append(f"{name} {version(package)}")
        except PackageNotFoundError:  # a checkout that was never installed
            known.append(f"{name} of unknown version")
    return ok("machine", f"{platform.system()} {platform.machine()}: {', '.join(known)}.")


def _decoders() -> Iterator[Finding]:
    """Whether each format's decoder gives the picture that a small file of it is of."""
    right: list[str] = []
    for file in sorted(_SAMPLES.glob("sample.*")):
        kind = _kind(file)
        try:
            picture = image.read(file.read_bytes())
        except ImageError as error:
            yield _refused(kind, str(error))
            continue
        if picture.format == kind and _is_as_painted(picture):
            right.append(kind)
        else:
            yield problem(
                "decoders",
                f"{kind} files are decoded wrongly: other colours, or the picture lies otherwise. "
                "Install Lookalike and its packages again.",
            )
    if right:
        yield ok("decoders", f"{_listed(sorted(right))} files are decoded as they should be.")
    else:
        yield problem("decoders", "The sample pictures are missing: install Lookalike again.")


def _kind(file: Path) -> str:
    return {"jpg": "JPEG", "tif": "TIFF", "dng": "RAW", "heic": "HEIF"}.get(
        file.suffix[1:], file.suffix[1:].upper()
    )


def _refused(kind: str, why: str) -> Finding:
    if "needs rawpy" in why:
        return ok("decoders", f"Camera RAW {why.removeprefix('is camera RAW, which ')}.")
    return problem(
        "decoders",
        f"{kind} files are not decoded here (the sample {why}): install Lookalike and its packages "
        "again.",
    )


def _is_as_painted(picture: image.Picture) -> bool:
    if picture.format == _BROWN:
        red, green, blue = _at(picture, 0.5, 0.5)
        return red > green > blue
    corners = ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75))
    return (picture.width, picture.height) == (_WIDE, _HIGH) and all(
        abs(seen - painted) <= _NEAR
        for corner, colour in zip(corners, _COLOURS, strict=True)
        for seen, painted in zip(_at(picture, *corner), colour, strict=True)
    )


def _at(picture: image.Picture, across: float, down: float) -> tuple[int, int, int]:
    wide, high = picture.image.size
    pixel = picture.image.getpixel((int(across * wide), int(down * high)))
    assert isinstance(pixel, tuple)  # noqa: S101 - tells mypy: pictures are RGB
    red, green, blue = pixel
    return int(red), int(green), int(blue)


def _clock() -> Finding:
    """A clock that is behind what was installed here was never set."""
    installed = Path(__file__).stat().st_mtime
    now = datetime.now().astimezone()
    if time.time() < installed - _DAY:
        return warning(
            "clock",
            f"This machine's clock says {now:%Y-%m-%d %H:%M}, which is before Lookalike was "
            "installed: set the clock.",
        )
    return ok("clock", f"The clock says {now:%Y-%m-%d %H:%M:%S %z}.")


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
