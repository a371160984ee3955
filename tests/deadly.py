"""A folder for the path of modules → decoders of BMP in every child that do what a file asks for.

They are put into Lookalike's own table of decoders when a child's Python starts, so that what ends
it is real: a signal, a limit of the system, a loop.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import pictures

_STARTED_WITH = """
import sys

if "lookalike.isolation.child" in " ".join(sys.orig_argv):
    import ctypes, os, signal, time
    from lookalike.image import decode

    def loop():
        while True:
            pass

    def swallow():
        kept = [bytearray(64 << 20) for _ in range(64)]
        return len(kept)

    DEEDS = {
        b"abort": os.abort,
        b"null": lambda: ctypes.string_at(0),
        b"exit": lambda: os._exit(3),
        b"kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
        b"loop": loop,
        b"sleep": lambda: time.sleep(600),
        b"swallow": swallow,
        b"raise": lambda: decode.no_such_thing,
        b"print": lambda: os.write(1, b"noise") and print("noise", flush=True),
    }
    bmp = decode.DECODERS["BMP"]

    def deadly(stream):
        stream.seek(-16, 2)
        word = stream.read().rstrip(b" ").rpartition(b" ")[2]
        if word == b"once" and not os.path.exists(os.environ["DEADLY_ONCE"]):
            open(os.environ["DEADLY_ONCE"], "w").close()
            os.abort()
        DEEDS.get(word, lambda: None)()
        stream.seek(0)
        return bmp(stream)

    decode.DECODERS["BMP"] = deadly
"""


def arm(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """From now on, Pythons that are started as decoders do what `bmp` asks for."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_STARTED_WITH, "utf-8")
    patch.setenv("PYTHONPATH", str(folder))
    patch.setenv("DEADLY_ONCE", str(folder / "once"))


def bmp(deed: str, colour: pictures.Colour = pictures.RED) -> bytes:
    """A good BMP with a word behind it."""
    return pictures.encode(pictures.plain(colour), "BMP") + f" {deed}".encode().ljust(16)
