"""A `Record` → its JSON, with the addresses under which its pictures are served."""

from __future__ import annotations

from typing import Any

from flask import request

from lookalike.stores.base import Record

IMAGES = "/api/images"
"""Where the pictures are served, below the root of the app."""

PREVIEW = 2048
"""The longest side of a preview in pixels, where none is asked for."""

LARGEST_PREVIEW = 8192
"""The longest side that may be asked for."""

_HEAVY = 4 * 2**20
"""Originals above this many bytes are shown as previews, which arrive sooner."""

_SHOWN = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "BMP": "image/bmp",
    "AVIF": "image/avif",
}

_OTHER = {"TIFF": "image/tiff", "HEIF": "image/heif"}


def summary(record: Record) -> dict[str, Any]:
    """What a grid of pictures needs."""
    return {
        "id": record.id,
        "path": record.path,
        "root": record.root,
        "relative": record.relative,
        "width": record.width,
        "height": record.height,
        "thumbnail": _address("thumbnail", record),
    }


def image(record: Record) -> dict[str, Any]:
    """Everything about a picture; ``large`` is the best of its addresses for a big view, and
    ``whole`` that of most pixels which browsers show."""
    shown = browsers_show(record)
    return {
        **summary(record),
        "size": record.size,
        "format": record.format,
        "taken": record.taken,
        "camera": record.camera,
        "latitude": record.latitude,
        "longitude": record.longitude,
        "file": _address("file", record),
        "preview": _address("preview", record),
        "large": _address("file" if shown and record.size <= _HEAVY else "preview", record),
        "whole": _address("file", record)
        if shown
        else f"{_address('preview', record)}&side={LARGEST_PREVIEW}",
    }


def version(record: Record) -> str:
    """Changes with the picture: an address that carries it never stands for another one."""
    return (record.digest or f"{record.mtime_ns:x}")[:12]


def etag(record: Record) -> str:
    """What `If-None-Match` tells versions of its renditions apart by."""
    return record.digest or version(record)


def browsers_show(record: Record) -> bool:
    """Whether every current browser shows this format."""
    return record.format in _SHOWN


def media_type(record: Record) -> str:
    """The media type of the original."""
    return (_SHOWN | _OTHER).get(record.format, "application/octet-stream")


def _address(rendition: str, record: Record) -> str:
    # Put together here: Flask's `url_for` takes longer over thirty hits than SQLite does.
    return f"{request.script_root}{IMAGES}/{record.id}/{rendition}?v={version(record)}"
