"""A folder of pictures → a real library and a client whose every answer is held against OpenAPI."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from lookalike import Library
from lookalike.web import create_app, openapi
from tests.pictures import GPS_ZURICH, TEXT, exif, heic, make_jpeg, textured

ODD_NAME = 'quote\' "two"\nlines 🦊.jpg' if sys.platform != "win32" else "it's 🦊.jpg"
NOT_UNICODE = sys.platform == "linux"
BYTES_NAME = os.fsdecode(b"caf\xe9.jpg")
PATHS = re.compile(r"/api/images/\d+")


def fill(folder: Path) -> None:
    """Nine or ten pictures of several kinds, and a shopping list that pretends to be one."""
    for seed in range(5):
        (folder / f"plain {seed}.jpg").write_bytes(make_jpeg(textured(seed=seed)))
    (folder / "sub").mkdir()
    textured(400, 300, seed=5).save(folder / "sub" / "scan.tif")
    (folder / "sub" / "phone.heic").write_bytes(heic(textured(300, 400, seed=6)))
    block = exif(
        orientation=6, taken="2024:02:29 10:11:12", make="Acme", model="Box 1", gps=GPS_ZURICH
    )
    (folder / "sub" / "camera.jpg").write_bytes(make_jpeg(textured(seed=7), exif=block))
    (folder / ODD_NAME).write_bytes(make_jpeg(textured(seed=8)))
    if NOT_UNICODE:
        (folder / BYTES_NAME).write_bytes(make_jpeg(textured(seed=9)))
    (folder / "list.jpg").write_bytes(TEXT)


def make_library(base: Path) -> Library:
    """A library in ``base/library`` of the pictures in ``base/pictures``."""
    pictures = base / "pictures"
    pictures.mkdir(parents=True)
    fill(pictures)
    library = Library.open(base / "library", create=True)
    library.index(pictures)
    return library


# Notes every file that is opened for writing, by whatever part of the program.
PROGRAM = """
import json, os, sys, threading
from lookalike import Library
from lookalike.web import Door, Limits, serve
from lookalike.web.guard.limits import Patience

written = set()

def note(event, arguments):
    if event == "open" and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR):
        written.add(str(arguments[0]))

sys.addaudithook(note)
library, host, settings, *folders = sys.argv[1:]
settings = json.loads(settings)
patience = Patience(**settings.get("patience", {}))
limits = Limits(**settings.get("limits", {}), patience=patience)
with Library.open(library) as opened:
    serve(
        opened,
        host,
        0,
        folders=folders,
        door=Door(**settings.get("door", {})),
        limits=limits,
        on_ready=lambda url: print(url, flush=True),
    )
print("written", *sorted(written), sep="\\n", flush=True)
"""


class Running:
    """A server in a process of its own. ``settings`` are fields of its door, its limits and its
    patience."""

    def __init__(
        self, library: Path, *folders: Path, host: str = "127.0.0.1", **settings: dict[str, Any]
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, library, host, json.dumps(settings), *folders],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        self.address = self.url.removeprefix("http://").partition("/")[0]

    def ask(self, method: str, path: str, **request: Any) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(self.address, timeout=30)
        with contextlib.closing(connection):
            headers = {"Content-Type": request["content_type"]} if request else {}
            connection.request(method, path, request.get("data"), headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())

    def ask_whole(
        self, method: str, path: str, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any, Mapping[str, str]]:
        """The status, the JSON and the headers of an answer."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, headers=dict(headers or {}))
            response = connection.getresponse()
            answer = json.loads(response.read())
            return response.status, answer, dict(response.headers)

    def stop(self) -> None:
        """End it, however it feels."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def interrupt(self) -> tuple[int, str, str]:
        """Ctrl-C: the exit status, what was printed since, and what was complained about."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


class CheckedClient(FlaskClient):
    """A client that refuses an answer which the OpenAPI document does not promise."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, buffered=True, **kwargs)
        check(response)
        return response


def client_of(library: Library, **options: Any) -> FlaskClient:
    """A checked client of a library's app."""
    app = create_app(library, **options)
    app.test_client_class = CheckedClient
    return app.test_client()


def described(app: Flask) -> dict[str, Any]:
    """The OpenAPI document as the app serves it."""
    answer = FlaskClient(app, TestResponse).get("/openapi.json", buffered=True)
    document: dict[str, Any] = answer.get_json()
    return document


@cache
def promises() -> dict[str, Any]:
    """The OpenAPI document, which `test_web_openapi` holds against what is served."""
    document: dict[str, Any] = json.loads(json.dumps(openapi.document()))
    return document


def check(response: TestResponse) -> None:
    """Hold one answer of a REST call against the document."""
    document = promises()
    path = PATHS.sub("/api/images/{image_id}", response.request.path)
    operation = document["paths"].get(path, {}).get(response.request.method.lower())
    if operation is None:
        return
    promised = operation["responses"].get(str(response.status_code))
    promised = promised or operation["responses"]["default"]
    if "content" not in promised:
        assert response.data == b""
        return
    given = response.mimetype or ""
    fitting = [
        body
        for kind, body in promised["content"].items()
        if given == kind or (kind == "image/*" and "image/" in given)
    ]
    assert fitting, (response.status, given)
    (body,) = fitting
    if "schema" in body:
        schema = {**body["schema"], "components": document["components"]}
        said = response.get_json() if given.endswith("json") else response.text
        jsonschema.Draft202012Validator(schema).validate(said)


def form(content: bytes, name: str = "query.jpg", **fields: str) -> dict[str, Any]:
    """A request's body and type as a browser writes them: the picture, and other fields."""
    return form_of([(content, name)], **fields)


def form_of(files: list[tuple[bytes, str]], **fields: str) -> dict[str, Any]:
    """The same with any number of pictures and their names."""
    line = "--boundary\r\nContent-Disposition: form-data; name="
    body = b""
    for content, name in files:
        safe = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        head = f'{line}"image"; filename="{safe}"\r\nContent-Type: image/jpeg\r\n\r\n'
        body += head.encode() + content + b"\r\n"
    body += "".join(f'{line}"{key}"\r\n\r\n{text}\r\n' for key, text in fields.items()).encode()
    return {
        "data": body + b"--boundary--\r\n",
        "content_type": "multipart/form-data; boundary=boundary",
    }


def id_of(library: Library, name: str) -> int:
    """The number of the picture with that name."""
    return next(one.id for one in library.records() if one.relative.rpartition("/")[2] == name)


def opened(content: bytes) -> Image.Image:
    """A picture from a body."""
    return Image.open(io.BytesIO(content))
