"""`lookalike learn` and `views`, and searches in what was learned: folders → better answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookalike import Library
from tests.end_to_end.running import index, refused, run, search
from tests.maps import write_folders


@pytest.fixture
def pictures(tmp_path: Path, library: Path) -> Path:
    """Pictures of three kinds that look much alike."""
    folder = tmp_path / "pictures"
    write_folders(folder, "boats", "cats", "deserts", noise=60)
    index(folder, library)
    return folder


def test_a_view_is_learned_and_searched_in(pictures: Path, library: Path) -> None:
    assert "Nothing was learned yet" in run("views", "--library", library).out
    learned = run("learn", "kinds", "--folders", "--library", library, "--json").json
    assert (learned["pictures"], learned["classes"]) == (36, 3)
    assert learned["after"] > learned["before"]
    said = run("views", "--library", library).out
    assert said.startswith("kinds: learned from 36 pictures of 3 classes; mAP on pictures that")
    query = pictures / "cats" / "003.png"
    found = search(query, library, "--view", "kinds", "--neighbours", "3", "-k", "8").json["hits"]
    with Library.open(library) as opened:
        own = opened.search(query, 8, view="kinds", neighbours=3)
    assert [(hit["id"], hit["score"]) for hit in found] == [
        (hit.record.id, hit.score) for hit in own
    ]
    plain = run("eval", "--library", library, "--json").json
    better = run("eval", "--view", "kinds", "--library", library, "--json").json
    assert better["map"] > plain["map"]
    assert run("views", "--forget", "kinds", "--library", library, "--json").json == {"views": []}
    assert "There is no view 'kinds'" in refused(
        "search", query, "--view", "kinds", "--library", library
    )


def test_what_is_liked_is_learned_from_and_asked_alone(pictures: Path, library: Path) -> None:
    liked = [word for at in range(11) for word in ("--like", pictures / "cats" / f"{at:03}.png")]
    more = ("--unlike", pictures / "boats" / "001.png", "--library", library)
    said = run("learn", "cats", *liked, *more).out
    assert said.startswith("cats: learned from 12 pictures; one that is liked and was held out")
    assert 'lookalike search IMAGE --view "cats"' in said
    answer = run("search", "--view", "cats", "-k", "5", "--library", library, "--json").json
    assert len(answer["hits"]) == 5
    assert answer["query"] is None
    shares = [hit["liked"] for hit in answer["hits"]]
    assert shares == sorted(shares, reverse=True)
    table = run("search", "--view", "cats", "-k", "5", "--library", library).out
    assert f"{shares[0]:.0%}" in table.splitlines()[1].split()
    again = run("learn", "cats", "--folders", "--favourites", "--library", library, status=1)
    assert "one of labels, folders, tags, favourites" in again.err
    assert "Give one IMAGE" in run("search", "--library", library, status=2).err
