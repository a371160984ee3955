"""A picture and a running `lookalike serve` → the pictures like it, found over REST.

    python rest_client.py http://127.0.0.1:5000 query.jpg

Everything here is the standard library's: copy what you need. docs/rest.md has all calls. A server
that asks for a token gets that of the variable LOOKALIKE_TOKEN.
"""

from __future__ import annotations

import json
import mimetypes
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]


class LookalikeError(Exception):
    """What the server says about a request that does not fit, in one sentence."""


class Client:
    """The REST calls of one server; ``patience`` is how often it is asked that is too busy."""

    def __init__(
        self, address: str, timeout: float = 60.0, token: str | None = None, patience: int = 3
    ) -> None:
        self.address = address.rstrip("/")
        self.timeout = timeout
        self.token = token
        self.patience = patience
        self._kept: dict[str, tuple[str, Json]] = {}

    def search_file(self, picture: Path, **how: Any) -> Json:
        """The pictures closest to a file; ``how`` is k, offset, distribution, filter ..."""
        fields = {name: value if isinstance(value, str) else json.dumps(value)
                  for name, value in how.items()}  # fmt: skip
        body, kind = _form(picture, fields)
        return self._json("/api/search", body, kind)

    def search_id(self, image_id: int, **how: Any) -> Json:
        """The pictures closest to one of the library."""
        body = json.dumps({"id": image_id, **how}).encode()
        return self._json("/api/search", body, "application/json")

    def every_hit(self, image_id: int, at_once: int = 500, **how: Any) -> Iterator[Json]:
        """All pictures in order of their likeness to one of the library."""
        offset: int | None = 0
        while offset is not None:
            answer = self.search_id(image_id, k=at_once, offset=offset, **how)
            yield from answer["hits"]
            offset = answer["next"]

    def stats(self) -> Json:
        """What the library holds; asked again and again, it is sent only when it has changed."""
        return self._json("/api/stats")

    def facets(self, query: str = "") -> Json:
        """How many pass filters such as ``format=JPEG&from=2024``, and others give."""
        return self._json(f"/api/facets?{query}")

    def thumbnail(self, hit: Json) -> bytes:
        """A hit as a small WebP."""
        return self._ask(urllib.request.Request(self.address + hit["thumbnail"]))[0]

    def _json(self, path: str, body: bytes | None = None, kind: str = "") -> Json:
        request = urllib.request.Request(self.address + path, data=body)
        if body is not None:
            request.add_header("Content-Type", kind)
        elif path in self._kept:
            request.add_header("If-None-Match", self._kept[path][0])
        content, tag = self._ask(request)
        if not content:  # 304: as it was
            return self._kept[path][1]
        answer: Json = json.loads(content)
        if tag:
            self._kept[path] = tag, answer
        return answer

    def _ask(self, request: urllib.request.Request, tries: int = 1) -> tuple[bytes, str]:
        """The body of an answer and its tag. Raises LookalikeError with the server's sentence."""
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as response:
                return response.read(), response.headers.get("ETag", "")
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 304:
                    return b"", ""
                again = error.headers.get("Retry-After")
                if error.code in (429, 503) and again and tries < self.patience:
                    time.sleep(float(again))
                    return self._ask(request, tries + 1)
                raise LookalikeError(json.loads(error.read())["detail"]) from error


def _form(picture: Path, fields: dict[str, str]) -> tuple[bytes, str]:
    """A body of multipart/form-data, and its type."""
    boundary = uuid.uuid4().hex
    kind = mimetypes.guess_type(picture.name)[0] or "application/octet-stream"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'Content-Disposition: form-data; name="image"; filename="query"\r\nContent-Type: {kind}'
    parts += [f"--{boundary}\r\n{head}\r\n\r\n".encode(), picture.read_bytes(), b"\r\n"]
    body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
    return body, f"multipart/form-data; boundary={boundary}"


def main() -> int:
    """Print the ten closest pictures, and how many there are."""
    address, picture = sys.argv[1:3]
    client = Client(address, token=os.environ.get("LOOKALIKE_TOKEN"))
    try:
        found = client.search_file(Path(picture), k=10, distribution=True)
    except LookalikeError as error:
        print(error, file=sys.stderr)
        return 1
    for hit in found["hits"]:
        print(f"{hit['score']:.3f}", json.dumps(hit["path"]))  # one line, whatever the name
    print(f"{len(found['hits'])} of {found['total']} pictures")
    return 0


if __name__ == "__main__":
    sys.exit(main())
