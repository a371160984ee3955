"""Records and scores → CSV that a spreadsheet shows and does not compute, and JSON."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lookalike.delivery import Piece
from lookalike.delivery.tables import COLUMNS, as_csv, as_json
from lookalike.stores.base import Marks
from tests.records import ROOT, record


def read(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    text = content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def piece(relative: str, score: float | None = None, **fields: Any) -> Piece:
    return Piece(record(relative, **fields), score, None if score is None else 1 - score)


def test_a_row_a_picture() -> None:
    one = piece(
        "a/rose, red.jpg", 0.875, id=7, size=1234, width=640, height=480, camera="Acme Box 1",
        taken="2024-02-29T10:11:12", latitude=-33.5, longitude=8.25,
    )  # fmt: skip
    one = replace(one, marks=Marks(favourite=True, tags=("garden", "red")), verdict="strong")
    one = replace(one, box=(0.125, 0.0, 0.5, 0.333333), liked=0.75)
    (row, plain) = read(as_csv([one, piece("b.png", format="PNG")]))
    assert tuple(row) == COLUMNS
    assert row == {
        "path": os.path.join(ROOT, "a", "rose, red.jpg"),  # noqa: PTH118 - a str
        "folder": os.path.join(ROOT, "a"),  # noqa: PTH118
        "name": "rose, red.jpg",
        "size": "1234",
        "width": "640",
        "height": "480",
        "format": "JPEG",
        "taken": "2024-02-29T10:11:12",
        "camera": "Acme Box 1",
        "latitude": "-33.5",
        "longitude": "8.25",
        "score": "0.875",
        "distance": "0.125",
        "verdict": "strong",
        "box": "0.125,0,0.5,0.333333",
        "liked": "0.75",
        "favourite": "yes",
        "tags": "garden; red",
        "id": "7",
        "digest": one.record.digest,
    }
    empty = ("score", "distance", "verdict", "box", "liked", "taken", "camera", "tags")
    assert [plain[name] for name in empty] == [""] * 8


@pytest.mark.parametrize(
    "name",
    [
        "=1+1.jpg",
        "+49.jpg",
        "-1.jpg",
        "@SUM(A1).jpg",
        "\t=1.jpg",
        "\r=1.jpg",
        "\n=1.jpg",
        "\uff1d1.jpg",
    ],
)
def test_nothing_is_a_formula(name: str) -> None:
    (row,) = read(as_csv([piece(name, camera="=HYPERLINK(1)")]))
    assert row["name"] == f"'{name}"
    assert row["camera"] == "'=HYPERLINK(1)"


def test_numbers_stay_numbers() -> None:
    (row,) = read(as_csv([piece("a.jpg", -0.25, latitude=-0.5, longitude=-170.0)]))
    assert (row["score"], row["latitude"], row["longitude"]) == ("-0.25", "-0.5", "-170.0")


def test_names_of_any_writing_and_any_bytes() -> None:
    names = ["写真 🌹.jpg", 'two "quotes"\nlines.jpg', "caf\udce9.jpg"]
    rows = read(as_csv([piece(name) for name in names]))
    assert [row["name"] for row in rows] == [*names[:2], "caf\\udce9.jpg"]


def test_json_is_what_search_prints_and_more() -> None:
    query = [{"picture": "q.jpg", "weight": 1.0}]
    found = replace(piece("caf\udce9.jpg", 0.5, id=3), verdict="weak", box=(0.0, 0.0, 0.5, 1.0))
    content = as_json([found, piece("b.jpg")], query)
    answer = json.loads(content)
    assert answer["query"] == query
    first, second = answer["hits"]
    assert list(first)[:6] == ["path", "score", "distance", "verdict", "box", "liked"]
    assert set(first) == set(COLUMNS)
    assert first["path"] == str(Path(ROOT) / "caf\udce9.jpg")
    assert (first["score"], first["distance"], first["id"]) == (0.5, 0.5, 3)
    assert (first["verdict"], first["box"]) == ("weak", [0.0, 0.0, 0.5, 1.0])
    assert [second[name] for name in ("score", "distance", "verdict", "box")] == [None] * 4
    assert content.isascii()
