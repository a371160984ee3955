"""What can be disturbed → a library to do it to, and whether it is whole afterwards.

A trial is a command over a small library with a custom model. It is run once undisturbed: that
tells what its vectors are and how it must end, however often it is stopped on the way.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lookalike.stores.embedded import EmbeddedStore
from tests.forks import Forks
from tests.pictures import TEXT, truncated
from tests.small_libraries import CARD, picture, tiny_model, write
from tests.small_models import MAP_DIM, averaging_graph

VERSION_1 = Path(__file__).parent / "unit" / "library_v1.sql"
PICTURES = 64  # in four transactions
# what doctor says of a folder that has changed, or is not there, is no fault of the library
_OF_FOLDERS = re.compile(r"PROBLEM  .*(are gone: run|are there: connect|is not there, so its)")
_DONE = re.compile(r"is not a folder of this library|is the present model of the library")


@dataclass(frozen=True)
class Place:
    """Where trials are made: everything keeps its path, for libraries hold paths."""

    base: Path

    @property
    def pictures(self) -> Path:
        return self.base / "now" / "pictures"

    @property
    def library(self) -> Path:
        return self.base / "now" / "library"

    @property
    def model(self) -> Path:
        return self.base / "models" / "own.onnx"

    @property
    def other(self) -> Path:
        return self.base / "models" / "tiny.onnx"

    @property
    def out(self) -> Path:
        return self.base / "told"

    def lookalike(self, forks: Forks, *command: str, status: int = 0) -> str:
        """Run a command to its end."""
        done = forks.run(self.command(*command), self.out)
        err = Path(f"{self.out}.err").read_text("utf-8")
        assert done["status"] == status, (command, done, err)
        return self.out.read_text("utf-8")

    def command(self, name: str, *rest: str) -> list[str]:
        """A command on the library."""
        group, _, inner = name.partition(" ")
        return [group, *filter(None, [inner]), *rest, "--library", str(self.library)]


# --- trials --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """A ``command`` that is disturbed; ``prepare`` makes what is there before it."""

    name: str
    command: Callable[[Place], list[str]]
    prepare: Callable[[Place, Forks], None]


def _index(place: Place, *more: str) -> list[str]:
    return place.command("index", str(place.pictures), "--json", *more)


def _nothing(place: Place, _forks: Forks) -> None:
    write(place.pictures, *(f"{at % 5}/{at:03}.png" for at in range(PICTURES)))
    (place.pictures / "text.jpg").write_bytes(TEXT)


def _indexed(place: Place, forks: Forks) -> None:
    _nothing(place, forks)
    place.lookalike(forks, "index", str(place.pictures), "--model", str(place.model))
    place.lookalike(forks, "tag", str(place.pictures / "0/000.png"), "--add", "rose", "--favourite")


def _changed(place: Place, forks: Forks) -> None:
    """After the first run pictures change, move, go, break and come."""
    _indexed(place, forks)
    for at in range(PICTURES):
        file = place.pictures / f"{at % 5}/{at:03}.png"
        if at % 8 == 1:
            file.write_bytes(picture(10_000 + at))
        elif at % 8 == 2:
            file.rename(file.with_name(f"moved {at}.png"))
        elif at % 8 == 3:
            file.unlink()
        elif at == 4:
            file.write_bytes(truncated(file.read_bytes()))
    write(place.pictures, *(f"new/{at}.png" for at in range(20)))


def _built(place: Place, forks: Forks) -> None:
    _indexed(place, forks)
    place.lookalike(forks, "upgrade build", str(place.other))


def _without_cache(place: Place, forks: Forks) -> None:
    _indexed(place, forks)
    shutil.rmtree(place.library / "cache")


def _of_version_1(place: Place, _forks: Forks) -> None:
    place.pictures.mkdir(parents=True)
    place.library.mkdir(parents=True)
    connection = sqlite3.connect(place.library / "library.sqlite")
    connection.executescript(VERSION_1.read_text("utf-8"))
    connection.close()


def _marked(place: Place) -> list[str]:
    some = [str(place.pictures / f"{at % 5}/{at:03}.png") for at in range(0, PICTURES, 2)]
    return place.command("tag", *some, "--add", "a tag", "--add", "another", "--favourite")


TRIALS = (
    Trial("first index", lambda at: _index(at, "--model", str(at.model)), _nothing),
    Trial("index after changes", _index, _changed),
    Trial("index --parts", lambda at: _index(at, "--parts"), _indexed),
    Trial("upgrade switch", lambda at: at.command("upgrade switch", str(at.other)), _built),
    Trial("search cache", lambda at: at.command("doctor"), _without_cache),
    Trial("forget", lambda at: at.command("forget", str(at.pictures)), _indexed),
    Trial("tag", _marked, _indexed),
    Trial("migrations", lambda at: at.command("stats"), _of_version_1),
)


def make_models(place: Place) -> None:
    """The models of all trials."""
    place.model.parent.mkdir(parents=True)
    averaging_graph(place.model)
    card = CARD.replace("dim = 8", f"dim = {MAP_DIM}").replace("tiny", "own")
    place.model.with_suffix(".toml").write_text(card, "utf-8")
    tiny_model(place.model.parent)


# --- what a library holds ------------------------------------------------------------------------

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True)
class State:
    """All that a library holds, but for numbers that differ from run to run."""

    pictures: dict[str, tuple[Any, ...]] = field(default_factory=dict)  # by path
    vectors: dict[str, Vector] = field(default_factory=dict)
    rows: dict[tuple[str, str], Vector] = field(default_factory=dict)  # of layers, by path
    rest: dict[str, list[Any]] = field(default_factory=dict)

    def differs(self, other: State) -> str:
        """In what this is not the other; empty where it is."""
        for name in ("pictures", "rest"):
            mine, its = getattr(self, name), getattr(other, name)
            wrong = {key for key in mine.keys() | its.keys() if mine.get(key) != its.get(key)}
            if wrong:
                return f"{name}: {sorted(wrong)[:5]}"
        if self.rows.keys() != other.rows.keys():
            return f"rows of layers: {sorted(self.rows.keys() ^ other.rows.keys())[:5]}"
        for name in ("vectors", "rows"):
            mine, its = getattr(self, name), getattr(other, name)
            if any(not close(mine[one], its[one]) for one in mine):
                return name
        return ""


_NEAR = {1: 1e-5, 2: 0.02}  # vectors, and the rows of layers, which may be bytes with a factor


def close(one: Vector, other: Vector) -> bool:
    """Whether vectors are equal but for the order of sums, and bytes for a step."""
    return one.shape == other.shape and bool(np.allclose(one, other, atol=_NEAR[one.ndim]))


_REST = {
    "skipped": "SELECT relative, size, reason FROM skipped",
    "roots": "SELECT path FROM roots",
    "favourites": "SELECT digest FROM favourites",
    "tags": "SELECT key, digest FROM tagged JOIN tags ON tags.id = tag",
    "blanks": "SELECT relative FROM blanks JOIN images ON images.id = image",
    "views": "SELECT name, identity FROM views",
    "layers": "SELECT name, dim FROM layers",
    "texts": "SELECT CAST(path AS BLOB), tags FROM texts",
    "settings": "SELECT name, value FROM settings WHERE name IN ('model', 'identity', 'dim')",
}


def state_of(library: Path) -> State:
    """What a library holds. It must open, and nothing in it may be twice or belong to nothing."""
    with EmbeddedStore(library) as store:
        assert store.problems() == []
        layers = {
            (layer.name, image): row
            for layer in store.layers()
            for ids, rows in store.layer_blocks(layer.name)
            for image, row in zip(ids.tolist(), rows, strict=True)
        }
        with store._database.reading() as connection:
            return State(*_read(connection, layers))


def _read(connection: sqlite3.Connection, layers: dict[tuple[str, int], Vector]) -> Iterator[Any]:
    def every(query: str) -> list[Any]:
        return connection.execute(query).fetchall()

    images = every("SELECT id, relative, size, mtime_ns, digest, width, height, format FROM images")
    names = {row[0]: os.fsdecode(row[1]) for row in images}
    assert len(set(names.values())) == len(names)
    assert every("SELECT rowid FROM texts EXCEPT SELECT id FROM images") == []
    assert every("SELECT id FROM images EXCEPT SELECT rowid FROM texts") == []
    yield {names[row[0]]: row[2:] for row in images}
    found = every("SELECT image, vector FROM embeddings")
    yield {names[image]: np.frombuffer(vector, np.float32) for image, vector in found}
    yield {(name, names[image]): row.copy() for (name, image), row in layers.items()}
    yield {name: sorted(every(query)) for name, query in _REST.items()}


# --- judging -------------------------------------------------------------------------------------


class Judge:
    """Knows one trial undisturbed, and judges what is left of it after a disturbance."""

    def __init__(self, trial: Trial, place: Place, forks: Forks) -> None:
        self.trial, self.place, self._forks = trial, place, forks
        self._template = place.base / "before"
        shutil.rmtree(place.base / "now", ignore_errors=True)
        shutil.rmtree(self._template, ignore_errors=True)
        trial.prepare(place, forks)
        shutil.copytree(place.base / "now", self._template)
        self.before = self._now()
        self.begin()
        self.said = trial.command(place)
        self.done = forks.run(self.said, place.out)
        assert self.done["status"] == 0, Path(f"{place.out}.err").read_text("utf-8")
        self._usual: set[str] = set()
        self._usual = set(self._problems(self.place.library))
        self._between = self._now()
        self._complete()
        self.after = self._now()

    def begin(self) -> None:
        """Have all lie there as it lies before the command."""
        shutil.rmtree(self.place.base / "now")
        shutil.copytree(self._template, self.place.base / "now")

    def lay(self, files: dict[str, bytes], chance: random.Random) -> None:
        """Have other files lie in the library's folder; beside a database there may be what
        SQLite's shared memory was."""
        shutil.rmtree(self.place.library, ignore_errors=True)
        for name, content in files.items():
            file = self.place.library / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        if "library.sqlite" in files and chance.random() < 0.5:
            (self.place.library / "library.sqlite-shm").write_bytes(chance.randbytes(32768))

    def moment(self, chance: random.Random) -> tuple[int, float, float]:
        """After how many transactions to kill the command, and after how many seconds more; and
        which part of the run that is. Any moment of the run is as likely as any other, or any
        between two transactions, which may be very short."""
        edges = [0.0, *self.done["commits"], self.done["seconds"]]
        gaps = [end - start for start, end in pairwise(edges)]
        (at,) = chance.choices(range(len(gaps)), gaps if chance.random() < 0.5 else None)
        delay = chance.uniform(0.0, gaps[at])
        return at, delay, (edges[at] + delay) / edges[-1]

    def judge(self, told: str) -> str:
        """Look at what is there after a disturbance; tells how far the command had come. ``told``
        is what it had printed by then: that must be true."""
        place = self.place
        if not (place.library / "library.sqlite").exists():
            assert '"indexed"' not in told
            stage = "before there is a library"
        else:
            stage = self._look(told)
        done = self._forks.run(self.trial.command(place), place.out)
        said = Path(f"{place.out}.err").read_text("utf-8")
        assert done["status"] == 0 or _DONE.search(said), (done, said)
        self._complete()
        assert not (wrong := self._now().differs(self.after)), wrong
        self._search()
        return stage

    def _look(self, told: str) -> str:
        """What is there must be right, before anything is mended."""
        stage = self._doctor()
        now = self._now()
        for name, row in now.pictures.items():
            known = [one for one in self._known(name) if one[0] == row]
            assert known, f"{name} is what it never was"
            vectors = [vector for _, vector in known]
            assert any(close(now.vectors[name], one) for one in vectors), f"{name} is wrong"
        for line in told.splitlines():
            if line.endswith("}"):
                self._hold(json.loads(line), now)
        return stage or self._stage(now)

    def _known(self, name: str) -> Iterator[tuple[tuple[Any, ...], Vector]]:
        """What a picture may be, with the vectors that it may then have."""
        for state in (self.before, self._between, self.after):
            if name in state.pictures:
                yield state.pictures[name], state.vectors[name]

    def _hold(self, event: dict[str, Any], now: State) -> None:
        """What was said to be in the library, is; what was said to have left it, has."""
        if event["event"] != "indexed":
            return
        name = os.path.relpath(event["path"], self.place.pictures)
        wanted = self.after.pictures.get(name)
        assert now.pictures.get(name) == wanted, f"{name} was {event['action']}"

    def _stage(self, now: State) -> str:
        if not self.before.differs(self._between):
            return "while nothing but caches change"
        if now.differs(self.before) == "":
            return "before it has changed anything"
        if now.differs(self._between) == "":
            return "after all that it changes"
        return "in the midst of its changes"

    def _doctor(self) -> str:
        """It is asked about a copy, for it brings caches up to date."""
        copy = self.place.base / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.place.library, copy)
        complete = _version(copy / "library.sqlite") == _NEWEST
        assert (wrong := self._problems(copy)) == [], wrong
        return "" if complete else "while its tables are made"

    def _problems(self, library: Path) -> list[str]:
        """What doctor finds wrong with a library itself, and had not found undisturbed."""
        done = self._forks.run(["doctor", "--library", str(library)], self.place.out)
        assert done["status"] in (0, 1), (done, Path(f"{self.place.out}.err").read_text("utf-8"))
        return [
            line
            for line in self.place.out.read_text("utf-8").splitlines()
            if line.startswith("PROBLEM")
            and not _OF_FOLDERS.match(line)
            and line not in self._usual
        ]

    def _complete(self) -> None:
        """Index once more; where all is done, nothing may be found to do."""
        if self.trial.name != "migrations":
            self.place.lookalike(self._forks, "index", str(self.place.pictures))
            self.place.lookalike(self._forks, "doctor")

    def _now(self) -> State:
        if not (self.place.library / "library.sqlite").exists():
            return State()
        return state_of(self.place.library)

    def _search(self) -> None:
        """The caches give what comparing everything gives."""
        with EmbeddedStore(self.place.library) as store:
            _, rows = (np.concatenate(some) for some in zip(*store.embedding_blocks(), strict=True))
            hits = store.search(rows[0], 10)
            wanted = np.sort(rows @ rows[0])[::-1][:10]
            assert np.allclose([hit.score for hit in hits], wanted, atol=1e-5)
            assert len({hit.record.id for hit in hits}) == min(10, len(rows))


def _version(file: Path) -> int:
    connection = sqlite3.connect(f"file:{file}?mode=rw", uri=True)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


def _newest() -> int:
    from lookalike.stores.embedded import schema

    return len(schema.MIGRATIONS)


_NEWEST = _newest()
