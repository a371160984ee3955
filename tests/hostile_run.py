"""Hostile files → all that Lookalike does with a user's file, in a child that may die of it.

    python -m tests.hostile_run [--mutations N] [--only TEXT]

One child goes through all files. The parent waits some seconds for each, and starts another child
behind a file that the first one did not survive, so that each failure has a name.
"""

from __future__ import annotations

import argparse
import itertools
import json
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from tests import hostile, pictures

MAX_PIXELS = 16_000_000
SECONDS = 5.0
"""Of processor time that one file may take."""

BESIDE = 48 << 20
"""Bytes that may be taken besides what a picture of the limit takes: copies of the file, its texts
and profiles, the vectors of a filter, and what the C library keeps."""

_PATIENCE = 30.0  # seconds for one file, on a machine that has much else to do


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file: seconds of processor time, bytes above those before, how it ended."""

    name: str
    seconds: float
    taken: int
    ending: str

    @property
    def good(self) -> bool:
        """Whether all that is promised was kept."""
        fine = self.ending == "picture" or self.ending.startswith("refused: ")
        return fine and self.seconds <= SECONDS and self.taken <= most()


def most() -> int:
    """How many bytes a file may take."""
    from lookalike.image.decode import max_bytes

    return max_bytes(MAX_PIXELS) + BESIDE


def items(mutations: int, only: str = "") -> Iterator[tuple[str, hostile.Make]]:
    """All files by name; ``mutations`` are of each kind."""
    for name, make in hostile.corpus().items():
        if only in name:
            yield name, make
    sources = hostile.every_kind(pictures.textured(120, 90))
    for seed, (kind, content) in enumerate(sources.items()):
        damaged = hostile.mutations(content, mutations, seed)
        for number in range(mutations):
            if only in (name := f"{kind} damaged {number}"):
                yield name, partial(next, damaged)
            else:
                next(damaged)


def run(mutations: int, only: str = "") -> Iterator[Outcome]:
    """Every file, one after the other."""
    at, total = 0, sum(1 for _ in items(mutations, only))
    while at < total:
        before = at
        for outcome in _child(mutations, only, at):
            yield outcome
            at += 1
        if at == before:
            raise RuntimeError("no child can be started")


def _child(mutations: int, only: str, start: int) -> Iterator[Outcome]:
    """What one child makes of the files from one on, to the end or to the one that it dies of."""
    command = [sys.executable, "-m", "tests.hostile_run", "--child", str(start)]
    command += ["--mutations", str(mutations), "--only", only]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        lines: queue.Queue[bytes] = queue.Queue()
        assert process.stdout is not None
        assert process.stderr is not None
        out, errors = process.stdout, process.stderr
        said: list[bytes] = []
        threading.Thread(target=_hand_on, args=(out, lines), daemon=True).start()
        threading.Thread(target=lambda: said.append(errors.read()), daemon=True).start()
        while line := _next(lines):
            name = json.loads(line)
            answer = _next(lines)
            if answer:
                yield Outcome(**json.loads(answer))
                continue
            hung = process.poll() is None and answer is None
            process.kill()
            process.wait()
            ending = "hung" if hung else f"killed the process ({process.returncode})"
            yield Outcome(name, _PATIENCE if hung else 0.0, 0, ending)
            return
        process.kill()
        if said and not line:
            sys.stderr.write(said[0].decode("utf-8", "replace")[-2000:])


def _hand_on(stream: IO[bytes], lines: queue.Queue[bytes]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(b"")


def _next(lines: queue.Queue[bytes]) -> bytes | None:
    """The next line, b"" at the end of all, None where none comes."""
    try:
        return lines.get(timeout=_PATIENCE)
    except queue.Empty:
        return None


# ---- in the child


def _go(mutations: int, only: str, start: int) -> None:
    _use(pictures.make_jpeg())  # what is only loaded once is not counted
    for name, make in itertools.islice(items(mutations, only), start, None):
        try:
            content = make()
        except Exception as error:  # noqa: BLE001 - an encoder that refuses to write it
            content = repr(error).encode()
        _say(json.dumps(name))
        before, started = _fresh_peak(), time.process_time()
        ending = _ending(content)
        seconds = time.process_time() - started
        outcome = {"name": name, "seconds": round(seconds, 3), "taken": _peak() - before}
        _say(json.dumps({**outcome, "ending": ending}))


def _ending(content: bytes) -> str:
    from lookalike.errors import ImageError

    try:
        _use(content)
    except ImageError as error:
        one_line = str(error).isprintable() and len(str(error)) < 400
        return f"refused: {error}" if one_line else f"said in more than a line: {error!r}"
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return f"raised {type(error).__name__}: {error}"
    return "picture"


def _use(content: bytes) -> None:
    """All that is ever done with a user's file."""
    from lookalike import image
    from lookalike.duplicates.sketch import NEAR, sketch_of
    from lookalike.errors import ImageError
    from lookalike.models import find

    preprocess = find("efficientnet-lite0").preprocess
    try:
        image.file_metadata(content)
    finally:
        found = image.read(content, max_pixels=MAX_PIXELS, near=preprocess.near)
    assert found.width * found.height <= MAX_PIXELS
    image.to_input(found.image, preprocess)
    image.thumbnail(found.image, 400)
    image.to_input(image.cut(found.image, (0.3, 0.3, 0.1, 0.1)), preprocess)
    sketch_of(image.read(content, max_pixels=MAX_PIXELS, near=NEAR).image)
    try:
        image.read(content, max_pixels=MAX_PIXELS)
    except ImageError:
        return  # at its full size it may take more memory than there is


def _fresh_peak() -> int:
    """Begin to measure the greatest memory anew → that of now; 0 where the system has no way."""
    if sys.platform != "linux":
        return 0
    try:
        Path("/proc/self/clear_refs").write_text("5", "ascii")
    except OSError:
        return _peak()
    return _peak()


def _peak() -> int:
    if sys.platform != "linux":
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    return int(found[1]) * 1024 if found else 0


def main() -> int:
    """Go through all → exit status; 1 where a promise was broken."""
    options = argparse.ArgumentParser(description="Hold hostile files against the promises.")
    options.add_argument("--mutations", type=int, default=200, help="of each kind")
    options.add_argument("--only", default="", help="files with this in their names")
    options.add_argument("--child", type=int, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.child is not None:
        _go(asked.mutations, asked.only, asked.child)
        return 0
    outcomes = list(run(asked.mutations, asked.only))
    for one in sorted(outcomes, key=lambda one: (one.good, -one.seconds))[:25]:
        _say(f"{one.seconds:6.2f} s {one.taken / 1e6:6.0f} MB  {one.name}: {one.ending}")
    bad = [one for one in outcomes if not one.good]
    read = sum(one.ending == "picture" for one in outcomes)
    refused = sum(one.ending.startswith("refused: ") for one in outcomes)
    _say(
        f"{len(outcomes):,} files, {read:,} read, {refused:,} refused, {len(bad)} promises broken; "
        f"the most: {max(one.seconds for one in outcomes):.2f} s, "
        f"{max(one.taken for one in outcomes) / 1e6:.0f} MB of {most() / 1e6:.0f}."
    )
    return int(bool(bad))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
