"""`lookalike.evaluate`: the figures by hand and by a slow second implementation; labels."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from lookalike import evaluate as room
from lookalike.errors import InputError
from lookalike.evaluate import (
    ClassScore,
    Evaluation,
    assign_labels,
    evaluate,
    labels_by_folder,
    read_labels,
)
from lookalike.stores.base import Embedding, Record


def record(relative: str, root: str = "/pictures") -> Record:
    return Record(root, relative, 1, 1, "", 1, 1, "JPEG")


def records_of(count: int) -> list[Record]:
    return [record(f"{index:05d}.jpg") for index in range(count)]


def clustered(
    count: int, dim: int, classes: int, *, noise: float = 2.0, seed: int = 0
) -> tuple[Embedding, list[str]]:
    """Rows of about length 1 whose products float32 holds exactly, in whatever order it adds."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, count)
    centres = random.normal(size=(classes, dim))
    rows = centres[labels] + noise * random.normal(size=(count, dim))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return (np.round(rows * 256) / 256).astype(np.float32), [f"class {label}" for label in labels]


def on_circle(*degrees: float) -> Embedding:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def slow_figures(
    records: Sequence[Record], embeddings: Embedding, labels: Sequence[str | None]
) -> dict[str, list[list[float]]]:
    """The figures of every query, by label: sort all others, walk down the ranking."""
    figures: dict[str, list[list[float]]] = {}
    known = [index for index in range(len(records)) if labels[index] is not None]
    for query in known:
        others = [index for index in known if index != query]
        scores = {index: float(embeddings[query] @ embeddings[index]) for index in others}
        others.sort(key=lambda index: (-scores[index], records[index].path))
        hits = [labels[index] == labels[query] for index in others]
        if not any(hits):
            continue
        precisions = [sum(hits[: rank + 1]) / (rank + 1) for rank, hit in enumerate(hits) if hit]
        row = [sum(hits[:cut]) / cut for cut in (1, 10, 30)]
        figures.setdefault(str(labels[query]), []).append([*row, float(np.mean(precisions))])
    return figures


def assert_agrees(result: Evaluation, slow: dict[str, list[list[float]]]) -> None:
    everything = [row for rows in slow.values() for row in rows]
    assert result.queries == len(everything)
    got = [result.p_at_1, result.p_at_10, result.p_at_30, result.map]
    np.testing.assert_allclose(got, np.mean(everything, axis=0), rtol=0, atol=1e-12)
    assert {score.label for score in result.by_class} == set(slow)
    for score in result.by_class:
        assert score.queries == len(slow[score.label])
        mine = [score.p_at_1, score.p_at_10, score.p_at_30, score.map]
        np.testing.assert_allclose(mine, np.mean(slow[score.label], axis=0), rtol=0, atol=1e-12)


# The figures.


def test_by_hand() -> None:
    # On a circle at 0, 10, 30 and 70 degrees: cat, dog, cat, dog.
    # 0 (cat) ranks 10 dog, 30 cat, 70 dog: the cat is second, AP 1/2.
    # 10 (dog) ranks 0 cat, 30 cat, 70 dog: AP 1/3.
    # 30 (cat) ranks 10 dog, 0 cat, 70 dog: AP 1/2.
    # 70 (dog) ranks 30 cat, 10 dog, 0 cat: AP 1/2.
    result = evaluate(records_of(4), on_circle(0, 10, 30, 70), ["cat", "dog", "cat", "dog"])
    assert (result.queries, result.p_at_1) == (4, 0)
    assert result.p_at_10 == pytest.approx(1 / 10)
    assert result.p_at_30 == pytest.approx(1 / 30)
    assert result.map == pytest.approx((1 / 2 + 1 / 3 + 1 / 2 + 1 / 2) / 4)
    cat, dog = result.by_class
    assert (cat.label, cat.queries, cat.images) == ("cat", 2, 2)
    assert cat.map == pytest.approx(1 / 2)
    assert dog.map == pytest.approx(5 / 12)


def test_precision_of_several_hits_by_hand() -> None:
    # From 0, the ranking is a b a a: AP = (1/1 + 2/3 + 3/4) / 3.
    labels = ["a", "a", "b", "a", "a"]
    result = evaluate(records_of(5), on_circle(0, 10, 20, 40, 80), labels)
    slow = slow_figures(records_of(5), on_circle(0, 10, 20, 40, 80), labels)
    assert slow["a"][0] == pytest.approx([1, 3 / 10, 3 / 30, (1 + 2 / 3 + 3 / 4) / 3])
    assert_agrees(result, slow)


@pytest.mark.parametrize("noise", [0.5, 2.0, 20.0])
def test_agrees_with_a_slow_implementation(noise: float) -> None:
    rows, classes = clustered(160, 16, 7, noise=noise)
    labels = [None if index % 9 == 0 else label for index, label in enumerate(classes)]
    labels[5] = "the only one"
    records = records_of(160)
    assert_agrees(evaluate(records, rows, labels), slow_figures(records, rows, labels))


def test_equal_scores_are_in_order_of_path() -> None:
    # One-hot vectors have exact scores: every query has but two values of them.
    random = np.random.default_rng(3)
    rows = np.eye(4, dtype=np.float32)[random.integers(0, 4, 90)]
    rows *= random.choice(np.array([-1, 1], np.float32), (90, 1))
    labels = [str(label) for label in random.integers(0, 5, 90)]
    shuffled = [record(f"{index:05d}.jpg") for index in random.permutation(90)]
    assert_agrees(evaluate(shuffled, rows, labels), slow_figures(shuffled, rows, labels))


def test_all_vectors_alike_rank_by_path_alone() -> None:
    rows = np.tile(on_circle(0), (4, 1))
    result = evaluate(records_of(4), rows, ["a", "b", "b", "a"])
    # 0 finds 3 third; 1 finds 2 second; 2 finds 1 second; 3 finds 0 first.
    assert result.map == pytest.approx((1 / 3 + 1 / 2 + 1 / 2 + 1) / 4)
    assert result.p_at_1 == pytest.approx(1 / 4)


def test_the_order_of_the_input_does_not_matter() -> None:
    rows, labels = clustered(60, 8, 4)
    rows[10:20] = rows[0]
    records = records_of(60)
    order = np.random.default_rng(1).permutation(60)
    other = evaluate([records[i] for i in order], rows[order], [labels[i] for i in order])
    assert other == evaluate(records, rows, labels)


def test_many_blocks_give_the_same_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, labels = clustered(150, 16, 5)
    whole = evaluate(records_of(150), rows, labels)
    monkeypatch.setattr(room, "_BLOCK_SCORES", 150 * 7)
    assert evaluate(records_of(150), rows, labels).to_json() == pytest.approx(whole.to_json())


def test_keys_rank_as_a_stable_sort_does() -> None:
    special = [0.0, -0.0, 1.0, -1.0, 1e-45, -1e-45, 0.5, np.nextafter(np.float32(0.5), 1), -0.5]
    scores = np.random.default_rng(0).choice(np.array(special, np.float32), (5, 60))
    np.testing.assert_array_equal(
        np.argsort(room._rank_keys(scores), axis=1), np.argsort(-scores, axis=1, kind="stable")
    )


def test_a_random_part_of_the_queries() -> None:
    rows, labels = clustered(120, 8, 3)
    records = records_of(120)
    first = evaluate(records, rows, labels, queries=40, seed=1)
    assert first.queries == 40
    assert sum(score.queries for score in first.by_class) == 40
    assert sum(score.images for score in first.by_class) == 120
    assert first == evaluate(records, rows, labels, queries=40, seed=1)
    assert first != evaluate(records, rows, labels, queries=40, seed=2)
    everything = evaluate(records, rows, labels)
    assert evaluate(records, rows, labels, queries=500) == everything
    assert first.map == pytest.approx(everything.map, abs=0.1)


def test_one_of_a_kind_is_an_answer_but_no_query() -> None:
    # From 0, the only dog stands before the other cat.
    result = evaluate(records_of(3), on_circle(0, 5, 20), ["cat", "dog", "cat"])
    assert (result.queries, result.p_at_1, result.map) == (2, 0.0, 0.5)
    assert [score.label for score in result.by_class] == ["cat"]


def test_a_picture_without_a_label_takes_no_part() -> None:
    result = evaluate(records_of(3), on_circle(0, 5, 20), ["cat", None, "cat"])
    assert (result.queries, result.p_at_1, result.map) == (2, 1.0, 1.0)


def test_classes_that_are_numbers_are_in_their_order() -> None:
    labels = ["10", "2", "x", "10", "2", "x"]
    result = evaluate(records_of(6), clustered(6, 4, 2)[0], labels)
    assert [score.label for score in result.by_class] == ["2", "10", "x"]


@pytest.mark.parametrize("labels", [[None] * 3, ["a", "b", None], ["a", "b", "c"]])
def test_no_query_left_is_refused(labels: list[str | None]) -> None:
    with pytest.raises(InputError, match="No label has two pictures"):
        evaluate(records_of(3), on_circle(0, 5, 20), labels)


def test_no_picture_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="No label has two pictures"):
        evaluate([], np.empty((0, 4), np.float32), [])


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="3 pictures, 3 embeddings and 2 labels"):
        evaluate(records_of(3), on_circle(0, 5, 20), ["a", "a"])
    with pytest.raises(InputError, match="0 queries"):
        evaluate(records_of(2), on_circle(0, 5), ["a", "a"], queries=0)


def test_as_json() -> None:
    result = evaluate(records_of(4), on_circle(0, 1, 80, 90), ["a", "a", "b", "b"])
    short, long = result.to_json(), result.to_json(by_class=True)
    assert list(short) == ["queries", "p_at_1", "p_at_10", "p_at_30", "map"]
    assert {key: long[key] for key in short} == short
    for told, score in zip(long["by_class"], result.by_class, strict=True):
        assert told == pytest.approx(dataclasses.asdict(score), abs=5e-7)
    assert json.loads(json.dumps(long))["by_class"][0]["images"] == 2
    assert isinstance(result.by_class[0], ClassScore)


@pytest.mark.slow
def test_eight_thousand_queries_take_seconds() -> None:
    rows, labels = clustered(8189, 256, 102)
    start = time.perf_counter()
    assert evaluate(records_of(8189), rows, labels).queries == 8189
    assert time.perf_counter() - start < 30  # about 2 on two free cores


# Labels from a file.


def write(folder: Path, content: str | bytes) -> Path:
    file = folder / "labels.csv"
    file.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return file


def test_labels_file(tmp_path: Path) -> None:
    content = (
        '\ufefffilename,label,split\r\na.jpg, 77 ,test\r\n"b, c.jpg","a ""rose"""\r\n\r\n'
        '"two\nlines.jpg",x\r\nempty.jpg,,train\r\na.jpg,77,again\r\né/ü.jpg,é'
    )
    assert read_labels(write(tmp_path, content)) == {
        "a.jpg": "77",
        "b, c.jpg": 'a "rose"',
        "two\nlines.jpg": "x",
        "é/ü.jpg": "é",
    }


def test_names_in_a_labels_file_need_not_be_utf8(tmp_path: Path) -> None:
    labels = read_labels(write(tmp_path, b"name,label\ncaf\xe9.jpg,x\n"))
    assert assign_labels([record("caf\udce9.jpg")], labels) == ["x"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "begins with no header"),
        ("\nname,label\n", "begins with no header"),
        ("name;label\na.jpg;x\n", "has no second column"),
        ("a.JPG,x\nb.jpg,y\n", r"begins with the picture 'a\.JPG'"),
        ("name,label\n", "holds no labels"),
        ("name,label\na.jpg,\n", "holds no labels"),
        ("name,label\na.jpg\n", "line 2 needs a name and a label"),
        ("name,label\n,x\n", "line 2 needs a name and a label"),
        ("name,label\na.jpg,x\na.jpg,y\n", r"line 3: 'a\.jpg' has the labels 'x' and 'y'"),
        ('name,label\n"a.jpg,x\n', "line 2 is not CSV"),
        ("name,label\na.jpg,x\n".encode("utf-16"), "is not text in UTF-8"),
    ],
)
def test_a_wrong_labels_file_is_refused(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=rf"labels\.csv'.*{message}"):
        read_labels(write(tmp_path, content))


def test_a_missing_labels_file_is_refused(tmp_path: Path) -> None:
    for wrong in (tmp_path / "missing.csv", tmp_path):
        with pytest.raises(InputError, match="could not be read"):
            read_labels(wrong)


# Labels onto pictures.


def test_labels_by_folder() -> None:
    records = [record("cat/1.jpg"), record("train/dog/2.jpg"), record("3.jpg")]
    assert labels_by_folder(records) == ["cat", "dog", None]
    with pytest.raises(InputError, match="No picture lies in a folder"):
        labels_by_folder([record("1.jpg"), record("2.jpg")])


@pytest.mark.parametrize(
    "name", ["a/1.jpg", "./a/1.jpg", "1.jpg", "flowers/a/1.jpg", "/data/flowers/a/1.jpg"]
)
def test_ways_to_name_a_picture(name: str) -> None:
    records = [record("a/2.jpg", "/data/flowers"), record("a/1.jpg", "/data/flowers")]
    assert assign_labels(records, {name: "x", "elsewhere.jpg": "y"}) == [None, "x"]


def test_a_relative_path_goes_before_a_name() -> None:
    records = [record("1.jpg"), record("a/1.jpg")]
    assert assign_labels(records, {"1.jpg": "x", "a/1.jpg": "y"}) == ["x", "y"]


def test_a_name_of_two_pictures_is_refused() -> None:
    with pytest.raises(InputError, match=r"'1\.jpg', which may be .*a/1\.jpg' or .*b/1\.jpg'"):
        assign_labels([record("a/1.jpg"), record("b/1.jpg")], {"1.jpg": "x"})
    two_roots = [record("1.jpg", "/a"), record("1.jpg", "/b")]
    with pytest.raises(InputError, match="write more of its path"):
        assign_labels(two_roots, {"1.jpg": "x"})
    assert assign_labels(two_roots, {"a/1.jpg": "x", "/b/1.jpg": "y"}) == ["x", "y"]


def test_two_names_of_one_picture_must_agree() -> None:
    records = [record("a/1.jpg")]
    assert assign_labels(records, {"1.jpg": "x", "a/1.jpg": "x"}) == ["x"]
    with pytest.raises(InputError, match=r"a/1\.jpg' has the labels 'x' and 'y'"):
        assign_labels(records, {"1.jpg": "x", "a/1.jpg": "y"})


def test_no_label_that_fits_shows_both_sides() -> None:
    with pytest.raises(InputError, match=r"labels have 'x/1\.jpg', the library 'a/2\.jpg'"):
        assign_labels([record("a/2.jpg")], {"x/1.jpg": "x"})
    with pytest.raises(InputError, match="no pictures or no labels"):
        assign_labels([], {"x/1.jpg": "x"})
