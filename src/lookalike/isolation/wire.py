"""A message and its bytes ↔ a stream: JSON with a length before it, then the bytes.

Nothing is unpickled, so that a process in which hostile bytes have taken over has no words by which
to reach further.
"""

from __future__ import annotations

import json
import os
from typing import IO, Any

Message = dict[str, Any]
Bytes = bytes | bytearray | memoryview

PROTOCOL = 1
"""What a process says first: another number is of another version of Lookalike."""

_MOST = 1 << 24  # bytes of JSON, which are some hundred in practice


def send(stream: IO[bytes], message: Message, content: Bytes = b"") -> None:
    """Write a message with bytes behind it. Raises OSError where nobody reads any more."""
    length = memoryview(content).nbytes
    text = json.dumps({**message, "bytes": length}).encode()
    head = len(text).to_bytes(4, "big") + text
    if not length:
        _write(stream, head)
    elif hasattr(os, "writev"):  # whoever reads wakes up once
        done = os.writev(stream.fileno(), (head, content))
        _write(stream, memoryview(head)[done:])
        _write(stream, memoryview(content)[max(0, done - len(head)) :])
    else:
        _write(stream, head)
        _write(stream, content)


def receive(stream: IO[bytes]) -> Message:
    """Read a message; its ``bytes`` say how many follow. Raises EOFError, ValueError."""
    length = int.from_bytes(exactly(stream, 4), "big")
    if length > _MOST:
        raise ValueError("a message without end")
    message = json.loads(exactly(stream, length))
    if not isinstance(message, dict) or not isinstance(message.get("bytes"), int):
        raise ValueError("no message")
    return message


def _write(stream: IO[bytes], content: Bytes) -> None:
    """Write all to a stream without a buffer, which may take a part at a time."""
    left = memoryview(content)
    while left:
        left = left[stream.write(left) :]


def exactly(stream: IO[bytes], length: int) -> bytearray:
    """So many bytes. Raises EOFError."""
    content = bytearray(length)
    fill(stream, memoryview(content))
    return content


def fill(stream: IO[bytes], into: memoryview) -> None:
    """Read until a buffer is full. Raises EOFError."""
    at, total = 0, into.nbytes
    while at < total:
        got = stream.readinto(into[at:])  # type: ignore[attr-defined]
        if not got:
            raise EOFError("the stream has ended")
        at += got
