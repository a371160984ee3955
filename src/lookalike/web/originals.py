"""A REST request for a picture's file → the file as it lies on disk, and no other."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException, PreconditionFailed
from werkzeug.wsgi import FileWrapper

from lookalike.stores.base import Record
from lookalike.web.links import IMAGES, browsers_show, etag, media_type
from lookalike.web.state import served

blueprint = Blueprint("originals", __name__)

_BLOCK = 2**17  # bytes that are sent at a time
_log = logging.getLogger(__name__)

# A file opened by itself is a document to the browser: nothing in it may run or load. The style is
# the browser's own, in which it shows a picture.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@blueprint.get(f"{IMAGES}/<id:image_id>/file")
def original(image_id: int) -> Response:
    """The picture's file as it lies on disk."""
    library = served().library
    record = library.record(image_id)
    # Opened here and not sent by its name: what was looked at is what is sent.
    file = _File(library.open_original(record), _BLOCK)
    response = Response(file, mimetype=media_type(record), direct_passthrough=True)
    response.content_length = record.size
    response.last_modified = datetime.fromtimestamp(record.mtime_ns // 10**9, UTC)
    response.set_etag(etag(record))
    response.cache_control.no_cache = True
    response.headers.set(
        "Content-Disposition",
        "inline" if browsers_show(record) else "attachment",
        filename=_ascii_name(record),
    )
    response.headers["Content-Security-Policy"] = _POLICY
    try:
        response.make_conditional(request, accept_ranges=True, complete_length=record.size)
        if response.status_code == HTTPStatus.PRECONDITION_FAILED:
            raise PreconditionFailed
    except HTTPException:
        file.close()
        raise
    return response


class _File(FileWrapper):
    """A file, block by block; that a disk fails on the way is in the log, and ends the answer."""

    def __next__(self) -> bytes:
        try:
            return super().__next__()
        except OSError as error:
            _log.warning("A file could not be sent to its end: %s", error.strerror)
            raise


def _ascii_name(record: Record) -> str:
    """A name for saving the file; a header cannot carry all that a file system can."""
    name = record.relative.rpartition("/")[2]
    return "".join(char if char.isprintable() and char.isascii() else "_" for char in name)
