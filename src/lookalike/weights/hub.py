"""A file on the Hugging Face hub → the same bytes in the cache, held against their SHA-256."""

from __future__ import annotations

import hashlib
import http.client
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from lookalike.errors import WeightsError
from lookalike.models import DEFAULT_MODEL, Hub
from lookalike.weights.cache import Slot

TIMEOUT = 30.0
"""Seconds without a single byte after which a download is given up."""

_CHUNK = 1 << 20


def address(file: Hub) -> str:
    """Where the file is; ``HF_ENDPOINT`` names another host that has a copy of the hub."""
    endpoint = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    path = f"{file.repository}/resolve/{file.revision}/{file.file}"
    return f"{endpoint.rstrip('/')}/{quote(path)}"


def download(name: str, file: Hub, slot: Slot, report: Callable[[int, int], None]) -> None:
    """Bring a file of the model ``name`` to its slot; nothing is left behind after an error.

    Raises `WeightsError`.
    """
    url = address(file)
    if urlsplit(url).scheme not in ("http", "https"):
        raise WeightsError(f"HF_ENDPOINT must be an http or https address, not {url!r}.")
    with slot.writing() as part:
        actual = _store(_stream(name, url, file, slot.path, report), part)
        if actual != file.sha256:
            raise WeightsError(
                f"What came for the model {name!r} from {urlsplit(url).hostname} does not have "
                "the SHA-256 that Lookalike expects and was removed: try again later, or use "
                f"{DEFAULT_MODEL!r}, which needs no download."
            )


def _store(chunks: Iterator[bytes], part: Path) -> str:
    sha256 = hashlib.sha256()
    with part.open("wb") as target:
        for chunk in chunks:
            target.write(chunk)
            sha256.update(chunk)
    return sha256.hexdigest()


def _stream(
    name: str, url: str, file: Hub, place: Path, report: Callable[[int, int], None]
) -> Iterator[bytes]:
    """The bytes of a file, no more of them than its card lets expect."""
    # Sizes on cards may be rounded; the bound only keeps a wrong answer from filling the disk.
    done, bound = 0, file.size + file.size // 4 + _CHUNK
    try:
        request = Request(url, headers={"User-Agent": "lookalike"})  # noqa: S310 - checked above
        with urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            length = int(answer.headers.get("Content-Length") or 0)
            report(0, length or file.size)
            while done <= bound and (chunk := answer.read(_CHUNK)):
                done += len(chunk)
                yield chunk
                report(done, length or file.size)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _failure(name, url, place, error) from error
    if done > bound:
        raise _failure(name, url, place, f"the file is larger than {bound} bytes")
    if done < length:
        raise _failure(name, url, place, f"the connection broke after {done} of {length} bytes")


def _failure(name: str, url: str, place: Path, error: object) -> WeightsError:
    if isinstance(error, HTTPError):
        reason = f"the host answered {error.code} {error.reason}"
    else:
        cause = getattr(error, "reason", error)
        reason = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return WeightsError(
        f"The model {name!r} could not be downloaded from {urlsplit(url).hostname} ({reason}): "
        f"check the connection, put {url} yourself at {str(place)!r}, or use {DEFAULT_MODEL!r}, "
        "which needs no download."
    )
