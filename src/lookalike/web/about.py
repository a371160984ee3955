"""REST requests about one picture's file → what it says of itself; its place on the desktop."""

from __future__ import annotations

import ipaddress
from dataclasses import asdict
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import Forbidden, NotFound

from lookalike.errors import ImageError
from lookalike.web.kept import tagged
from lookalike.web.links import IMAGES
from lookalike.web.state import served

blueprint = Blueprint("about", __name__)

# What proxies add: whoever asks through one may sit anywhere.
_PASSED_ON = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")

_ONLY_HERE = (
    "Only who sits at the machine that Lookalike runs on, and has opened its page there, can have "
    "a folder shown: copy the path instead."
)


@blueprint.get(f"{IMAGES}/<id:image_id>/metadata")
def metadata(image_id: int) -> Response:
    """What the picture's file says of itself."""
    return tagged(asdict(served().library.metadata(image_id)))


@blueprint.post(f"{IMAGES}/<id:image_id>/reveal")
def reveal(image_id: int) -> Response:
    """Show the file in the file manager of this machine."""
    if not from_this_desk():
        raise Forbidden(_ONLY_HERE)
    try:
        record = served().library.reveal(image_id)
    except ImageError as error:
        raise NotFound(str(error)) from error
    return jsonify({"path": record.path})


def may_reveal() -> bool:
    """Whether who sends this request can have a folder shown."""
    return from_this_desk() and served().library.can_reveal()


def from_this_desk() -> bool:
    """Whether a request comes from this machine, to a server that only this machine reaches.

    A proxy on this machine comes from here, too, for somebody else: it tells of itself, or its
    page has another origin than the names of this machine.
    """
    if not served().at_home or any(name in request.headers for name in _PASSED_ON):
        return False
    if not _is_loopback(request.remote_addr or ""):
        return False
    origin = request.headers.get("Origin")
    return origin is None or _names_this_machine(origin)


def _names_this_machine(origin: str) -> bool:
    try:
        name = urlsplit(origin).hostname or ""
    except ValueError:
        return False
    return name == "localhost" or _is_loopback(name)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
