"""The flowers' library → how soon the command answers, and a server that is warm.

The command is timed from the start of its process to its end, its output included. The server is
asked over HTTP by another process on the same machine, with a pause before each question as
between those of a person; the encoder alone computes one picture in its turn, after the same
pause. Its picture is a ready array, so its time is what no answer can be quicker than.
"""

from __future__ import annotations

import http.client
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import flowers, pictures
from benchmarks.measuring import (
    Figures,
    MissingError,
    Ran,
    Sample,
    Settings,
    alone,
    digits,
    lookalike,
    run,
    show,
    timed,
)
from benchmarks.serving import served
from lookalike.encoder import Encoder
from lookalike.image import Input, Preprocess, read, to_input
from lookalike.models import DEFAULT_MODEL, find

_PAUSE = 0.03  # seconds before a question: threads that wait for work busily have gone to sleep
_LARGE = (4000, 3000)
_MARK = b"------------------------lookalike"


def measure(settings: Settings) -> Figures:
    """Seconds of the command, milliseconds of the server's answers, their ratio to the encoder."""
    rounds = 5 if settings.quick else 21
    figures = _commands(settings, rounds)
    try:
        return figures | _answers(settings, rounds)
    except MissingError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return figures


# ---- the command


def _commands(settings: Settings, rounds: int) -> Figures:
    tasks: dict[str, Callable[[], Ran]] = {
        "python": partial(run, sys.executable, "-c", "pass"),
        "import": partial(run, sys.executable, "-c", "import lookalike"),
        "help": partial(lookalike, "--help"),
    }
    try:
        library = flowers.library(settings)
        query = settings.scratch / "query.jpg"
        query.write_bytes(pictures.renamed_jpeg(settings.pictures()[777].read_bytes(), 0))
        tasks["search"] = partial(lookalike, "search", query, "--library", library)
        tasks["stats"] = partial(lookalike, "stats", "--library", library)
    except MissingError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
    taken = {name: Sample(tuple(each)) for name, each in _ran(tasks, rounds).items()}
    show(
        "From the shell to the printed answer, in seconds",
        ("", "median (least to most)"),
        list(taken.items()),
    )
    names = {
        "python": "python_s",
        "import": "import_s",
        "help": "help_s",
        "search": "cold_search_s",
    }
    return {names.get(name, f"{name}_s"): round(sample.median, 4) for name, sample in taken.items()}


def _ran(tasks: Mapping[str, Callable[[], Ran]], rounds: int) -> dict[str, list[float]]:
    """Seconds of some commands, in turns; a round before these warms up."""
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for number in range(-1, rounds):
        for name, task in tasks.items():
            ran = task()
            if number >= 0:
                taken[name].append(ran.seconds)
    return taken


# ---- the server


def _answers(settings: Settings, rounds: int) -> Figures:
    chosen = random.Random(0).sample(settings.pictures(), 20)
    small = [picture.read_bytes() for picture in chosen]
    large = pictures.jpeg(pictures.mosaic(chosen, _LARGE, 500))
    encoder = Encoder.load(find(DEFAULT_MODEL))
    preprocess = encoder.card.preprocess
    ready = cycle([_input(content, preprocess)[None] for content in small])
    uploads, again = cycle(map(_form, small)), cycle(small)
    with _server(flowers.library(settings)) as ask:
        tasks: dict[str, Callable[[], object]] = {
            "the encoder alone": lambda: encoder.encode(next(ready)),
            "decoding and resizing alone": lambda: _input(next(again), preprocess),
            "the same for 12 megapixels": lambda: _input(large, preprocess),
            "a picture by its number": partial(ask, "application/json", b'{"id": 1, "k": 30}'),
            "an upload": lambda: ask(_FORM, next(uploads)),
            "an upload of 12 megapixels": partial(ask, _FORM, _form(large)),
        }
        taken = _in_turns(tasks, 3 * rounds)
    alone_ = taken["the encoder alone"]
    show(
        "A warm server, 30 hits, in milliseconds",
        ("", "median (least to most)", "95 %", "encoder's times"),
        [
            (name, one.scaled(1e3), 1e3 * one.quantile(0.95), digits(one.over(alone_).median))
            for name, one in taken.items()
        ],
    )
    upload, big = taken["an upload"], taken["an upload of 12 megapixels"]
    return {
        "encoder_one_ms": round(1e3 * alone_.median, 3),
        "decode_one_ms": round(1e3 * taken["decoding and resizing alone"].median, 3),
        "decode_12mp_ms": round(1e3 * taken["the same for 12 megapixels"].median, 3),
        "answer_by_id_ms": round(1e3 * taken["a picture by its number"].median, 3),
        "upload_ms": round(1e3 * upload.median, 3),
        "upload_vs_encoder": round(upload.over(alone_).median, 3),
        "upload_12mp_ms": round(1e3 * big.median, 3),
        "upload_12mp_vs_encoder": round(big.over(alone_).median, 3),
    }


def _in_turns(tasks: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Sample]:
    """Seconds of each task, in turns, each after a pause; two rounds before these warm up."""
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for number in range(-2, rounds):
        for name, task in tasks.items():
            time.sleep(_PAUSE)
            seconds = timed(task)
            if number >= 0:
                taken[name].append(seconds)
    return {name: Sample(tuple(values)) for name, values in taken.items()}


@contextmanager
def _server(library: Path) -> Iterator[Callable[[str, bytes], None]]:
    """A server in a process of its own → what asks it: the kind of a body, the body."""
    with served(library) as server:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc)
        yield partial(_ask, connection)
        connection.close()


def _ask(connection: http.client.HTTPConnection, kind: str, body: bytes) -> None:
    connection.request("POST", "/api/search", body, {"Content-Type": kind})
    answer = connection.getresponse()
    content = json.loads(answer.read())
    if answer.status != http.HTTPStatus.OK or not content["hits"]:
        raise MissingError(f"The server answered {answer.status}: {content}.")


_FORM = f"multipart/form-data; boundary={_MARK.decode()}"


def _form(picture: bytes) -> bytes:
    head = b'Content-Disposition: form-data; name="image"; filename="query.jpg"'
    return b"\r\n".join(
        [b"--" + _MARK, head, b"Content-Type: image/jpeg", b"", picture, b"--" + _MARK + b"--", b""]
    )


def _input(content: bytes, preprocess: Preprocess) -> Input:
    return to_input(read(content, near=preprocess.near).image, preprocess)


if __name__ == "__main__":
    sys.exit(alone(measure))
