"""A hub on the loopback: serves files under the hub's addresses, and misbehaves when told to."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lookalike.models import Hub

REVISION = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class HubServer:
    """``files`` by their path on the hub; ``requests`` are the paths asked for, in order."""

    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    patience: float = 0.0
    cut_to: int | None = None
    address: str = ""

    def publish(self, file: str, content: bytes, *, size: int | None = None) -> Hub:
        """Serve ``content``, by way of a redirect as the hub does; returns its row for a card."""
        self.files[f"/small/model/resolve/{REVISION}/{file}"] = content
        sha256 = hashlib.sha256(content).hexdigest()
        return Hub("small/model", REVISION, file, sha256, size or len(content))


@contextmanager
def hub_server() -> Iterator[HubServer]:
    hub = HubServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hub.requests.append(self.path)
            time.sleep(hub.patience)
            if not self.path.startswith("/cdn"):
                self.send_response(302)
                self.send_header("Location", f"/cdn{self.path}")
                self.end_headers()
                return
            content = hub.files.get(self.path.removeprefix("/cdn"))
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: hub.cut_to])

        def log_request(self, code: object = "-", size: object = "-") -> None:
            pass  # the tests' own output stays quiet

        def log_error(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
