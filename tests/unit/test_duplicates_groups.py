"""`lookalike.duplicates.group`: records, pairs, decisions → groups, the best, what differs."""

from __future__ import annotations

from typing import Any

import pytest

from lookalike.duplicates import Group, by_content, group
from lookalike.duplicates.kept import Pair
from lookalike.duplicates.verify import Placed
from lookalike.stores.base import Record
from tests.records import record

WHOLE = (0.0, 0.0, 1.0, 1.0)


def content(name: str, **fields: Any) -> Record:
    """A picture whose content is called as its file."""
    return record(f"{name}.jpg", digest=name, **fields)


def pair(
    whole: str,
    part: str,
    window: tuple[float, float, float, float] = WHOLE,
    orientation: int = 0,
    **told: Any,
) -> Pair:
    return Pair(whole, part, Placed(window, orientation, 0.99, **told))


def names(groups: list[Group]) -> list[list[str]]:
    return [
        [one.best.relative[:-4], *(copy.record.relative[:-4] for copy in one.copies)]
        for one in groups
    ]


def test_exact_copies_are_a_group_by_themselves() -> None:
    one, two = record("a.jpg", digest="x", mtime_ns=5), record("b.jpg", digest="x", mtime_ns=4)
    (found,) = group(by_content([one, two, content("c")]), [])
    assert (found.best, found.why) == (two, "oldest")
    assert [copy.how for copy in found.copies] == [("exact",)]
    assert found.spare == one.size


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"width": 30, "height": 3}, "pixels"),
        ({"size": 9}, "bytes"),
        ({"mtime_ns": 1}, "oldest"),
        ({}, "path"),
    ],
)
def test_the_best_is_told_with_the_reason(fields: dict[str, int], why: str) -> None:
    best = content("a", **fields)
    (found,) = group(by_content([content("b"), best]), [pair("a", "b")])
    assert (found.best, found.why) == (best, why)


def test_a_chain_is_not_one_group() -> None:
    """c is like b only: whoever keeps a alone would lose it."""
    records = [content(name, size=9 - at) for at, name in enumerate("abcd")]
    found = group(by_content(records), [pair("a", "b"), pair("b", "c"), pair("c", "d")])
    assert names(found) == [["a", "b"], ["c", "d"]]


def test_every_copy_is_alike_with_the_best() -> None:
    records = [content(name, size=9 - at) for at, name in enumerate("abc")]
    found = group(by_content(records), [pair("c", "b"), pair("a", "c"), pair("b", "a")])
    assert names(found) == [["a", "b", "c"]]


def test_groups_whose_copies_take_most_come_first() -> None:
    records = [content("a", size=5), content("b", size=4), content("c", size=9), content("d")]
    found = group(by_content(records), [pair("a", "b"), pair("c", "d")])
    assert [one.spare for one in found] == [4, 1]


def test_decisions_are_honoured() -> None:
    records = [content(name, size=9 - at) for at, name in enumerate("abc")]
    pairs = [pair("a", "b"), pair("a", "c")]
    assert names(group(by_content(records), pairs, [("a", "b")])) == [["a", "c"]]
    assert group(by_content(records), pairs, [("a", "b"), ("a", "c")]) == []


def test_what_is_no_duplicate_of_a_copy_is_in_no_group_with_it() -> None:
    records = [content(name, size=9 - at) for at, name in enumerate("abcd")]
    pairs = [pair("a", one) for one in "bcd"] + [pair("c", "d")]
    found = group(by_content(records), pairs, [("b", "c"), ("b", "d")])
    assert names(found) == [["a", "b"], ["c", "d"]]


def test_decisions_do_not_change_which_is_the_best() -> None:
    """a is turned, as two others tell; that these are no duplicates makes it no better."""
    records = [content(name, size=9 - at) for at, name in enumerate("abc")]
    pairs = [pair("a", "b", orientation=1), pair("a", "c", orientation=1), pair("b", "c")]
    assert names(group(by_content(records), pairs)) == [["b", "c", "a"]]
    assert names(group(by_content(records), pairs, [("b", "c")])) == [["b", "a"]]


def test_all_files_of_one_content_may_be_wanted() -> None:
    twice = [record("a.jpg", digest="x"), record("b.jpg", digest="x")]
    assert group(by_content(twice), [], [("x", "x")]) == []
    found = group(by_content([*twice, content("y", size=9)]), [pair("y", "x")], [("x", "x")])
    assert names(found) == [["y", "a", "b"]]


def test_pairs_of_pictures_that_are_gone_are_passed_over() -> None:
    assert group(by_content([content("a")]), [pair("a", "gone")]) == []


A_PART = (0.1, 0.2, 0.6, 0.5)


@pytest.mark.parametrize(
    ("best_is_whole", "window", "orientation", "how", "turned"),
    [
        (True, WHOLE, 0, ("recompressed",), 0),
        (True, A_PART, 0, ("cropped",), 0),
        (False, A_PART, 0, ("extended",), 0),
        # what a quarter to the left brings back was turned to the right
        (True, WHOLE, 1, ("turned",), 90),
        (False, WHOLE, 1, ("turned",), 270),
        (True, WHOLE, 2, ("turned",), 180),
        (True, WHOLE, 3, ("turned",), 270),
        (True, WHOLE, 4, ("mirrored",), 0),
        (True, WHOLE, 5, ("mirrored", "turned"), 270),
        (False, WHOLE, 5, ("mirrored", "turned"), 270),
        (True, WHOLE, 6, ("mirrored",), 180),
    ],
)
def test_what_differs_is_said(
    best_is_whole: bool,
    window: tuple[float, float, float, float],
    orientation: int,
    how: tuple[str, ...],
    turned: int,
) -> None:
    whole, part = content("w", width=1000, height=500), content("p")
    wide, high = round(1000 * window[2]), round(500 * window[3])
    size = (high, wide) if orientation % 2 else (wide, high)
    part = content("p", width=size[0], height=size[1])
    best, other = (whole, part) if best_is_whole else (part, whole)
    found = group({"w": [whole], "p": [part]}, [pair("w", "p", window, orientation)], [])[0]
    if found.best != best:  # the best by size is the other: put bytes and pixels the other way
        found = _forced(best, other, pair("w", "p", window, orientation))
    (copy,) = found.copies
    assert (copy.how, copy.turned) == (how, turned)
    assert copy.shown == (1.0 if window == WHOLE else 0.3)


def _forced(best: Record, other: Record, pair: Pair) -> Group:
    from lookalike.duplicates import groups

    return Group(best, "pixels", (groups._copy(other, best, pair),))


def test_sizes_and_captions_are_told() -> None:
    big, small = content("b", width=1000, height=500), content("s", width=500, height=250)
    (found,) = group(by_content([big, small]), [pair("b", "s", spoiled=0.1)])
    assert found.copies[0].how == ("resized", "edited")
    assert found.copies[0].agreement == 0.99


@pytest.mark.parametrize("done", [{"orientation": 4}, {"spoiled": 0.1}])
def test_what_is_unlike_the_others_is_not_the_best(done: dict[str, Any]) -> None:
    records = [content("changed", size=9), content("a", size=8), content("b", size=7)]
    pairs = [pair("changed", "a", **done), pair("changed", "b", **done), pair("a", "b")]
    (found,) = group(by_content(records), pairs)
    assert (found.best.digest, found.why) == ("a", "untouched")
    (of_two,) = group(by_content(records[:2]), pairs)
    assert (of_two.best.digest, of_two.why) == ("changed", "bytes")


IN_A_FRAME = (0.1, 0.1, 0.8, 0.8)


def test_a_border_makes_no_picture_better() -> None:
    framed, plain = content("f", width=1000, height=500), content("p", width=800, height=400)
    pairs = [pair("f", "p", IN_A_FRAME, framed=True)]
    (found,) = group(by_content([framed, plain]), pairs)
    assert (found.best, found.why) == (plain, "untouched")
    assert [copy.how for copy in found.copies] == [("bordered",)]


def test_among_pictures_without_a_border_the_best_is_told_as_ever() -> None:
    framed, small = content("f", width=1000, height=500), content("s", width=80, height=40)
    plain = content("p", width=800, height=400)
    pairs = [pair("f", "p", IN_A_FRAME, framed=True), pair("p", "s")]
    found = group(by_content([framed, small, plain]), [*pairs, pair("f", "s", framed=True)])
    assert [(one.best, one.why) for one in found] == [(plain, "untouched")]
    small_frame = content("f", width=500, height=250)
    (one,) = group(by_content([small_frame, small, plain]), pairs)
    assert (one.best, one.why) == (plain, "pixels")
    assert {copy.record.digest: copy.how for copy in one.copies} == {
        "s": ("resized",),
        "f": ("bordered", "resized"),
    }
