"""Pictures, their names and tags → labels with probabilities, and what filters find by both."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lookalike import Filter, Library, image, models, weights
from lookalike.encoder import runtime
from lookalike.errors import InputError
from lookalike.stores.embedded import schema
from lookalike.words import Labels
from tests.served import client_of


@pytest.fixture
def library(tmp_path: Path, photographs: Path) -> Iterator[Library]:
    """Four photographs in two folders of one root."""
    root = tmp_path / "Sommer 2023"
    for name in ("animals/cat.png", "animals/butterfly.jpg", "buildings/church.jpg"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(photographs / name, root / name)
    shutil.copyfile(photographs / "vehicles/rocket.jpg", root / "IMG_0042 Été.jpg")
    with Library.open(tmp_path / "library", create=True) as library:
        library.index(root)
        yield library


def found(library: Library, **where: object) -> set[str]:
    return {Path(one.relative).stem for one in library.records(Filter(**where))}  # type: ignore[arg-type]


def called(library: Library, name: str) -> dict[str, float]:
    return {one.name: one.probability for one in library.labels(name)[0]}


def test_pictures_are_called_what_they_show(library: Library) -> None:
    assert "Egyptian Mau" in called(library, "animals/cat.png")
    assert called(library, "animals/butterfly.jpg")["monarch butterfly"] > 0.2
    assert called(library, "buildings/church.jpg")["church"] > 0.4
    for labels in library.labels(*library.records()):
        shares = [one.probability for one in labels]
        assert shares == sorted(shares, reverse=True)
        assert all(0.1 <= share <= 1 for share in shares)
        assert sum(shares) <= 1.001


def test_shares_are_near_those_of_the_network_itself(photographs: Path) -> None:
    """Only unit vectors are kept; the network's own answer takes the length that they had."""
    card = models.find("efficientnet-lite0")
    session = runtime().InferenceSession(
        str(weights.fetch(card)), providers=["CPUExecutionProvider"]
    )
    labels = Labels.load(card)
    for name in ("animals/butterfly.jpg", "buildings/church.jpg", "people/astronaut.png"):
        picture = image.read(photographs / name, max_pixels=10**8, near=224).image
        feeds = {"image": image.to_input(picture, card.preprocess)[np.newaxis]}
        features, logits = session.run(["embedding", "logits"], feeds)
        odds = np.exp(logits[0] - logits[0].max())
        own = odds / odds.sum()
        shares = labels.shares(features / np.linalg.norm(features))[0]
        assert shares.argmax() == own.argmax()
        assert shares.max() == pytest.approx(own.max(), abs=0.2)
        assert shares.sum() == pytest.approx(1, abs=1e-4)


def test_probabilities_leave_room_for_what_no_label_names(library: Library) -> None:
    labels = Labels.load(models.find(models.DEFAULT_MODEL))
    _, rows = library.embeddings()
    found, shares = labels.probabilities(rows), labels.shares(rows)
    assert (found.sum(1) < 1).all()
    assert (found.max(1) < shares.max(1)).all()
    for one, other in zip(found, shares, strict=True):
        best = np.argsort(-other)[:10]
        assert (np.diff(one[best]) <= 0).all()
    nothing = np.zeros((1, rows.shape[1]), np.float32)
    assert labels.probabilities(nothing).sum() < 0.5
    assert labels.likely(nothing) == [()]


def test_labels_are_filters_and_counted(library: Library) -> None:
    assert found(library, labels=("Monarch Butterfly",)) == {"butterfly"}
    assert found(library, labels=("monarch butterfly", "church")) == set()
    counts = {one.value: one.images for one in library.facets().labels}
    assert counts["monarch butterfly"] == counts["church"] == 1
    only = library.facets(Filter(labels=("church",)))
    assert only.images == 1
    assert "monarch butterfly" not in {one.value for one in only.labels}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cat", {"cat"}),
        ("ANIM", {"cat", "butterfly"}),
        ("monarch", {"butterfly"}),
        ("animals monarch", {"butterfly"}),
        ("ete", {"IMG_0042 Été"}),
        ("0042", {"IMG_0042 Été"}),
        ("sommer 2023", {"cat", "butterfly", "church", "IMG_0042 Été"}),
        ("animals church", set()),
        ('"cat" OR NOT', set()),
        ("tmp", set()),
    ],
)
def test_text_finds_names_and_labels(text: str, names: set[str], library: Library) -> None:
    assert found(library, text=text) == names


@pytest.mark.parametrize("text", ["", "  ", "!?*", '"'])
def test_a_text_without_a_word_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no word to look for"):
        Filter(text=text)


def test_text_follows_tags_moves_and_removals(library: Library) -> None:
    library.mark("animals/cat.png", add=["Minka the Great"])
    assert found(library, text="minka great") == {"cat"}
    library.mark("animals/cat.png", remove=["minka the great"])
    assert found(library, text="minka") == set()
    root = Path(library.stats().roots[0])
    (root / "animals" / "cat.png").rename(root / "Kater.png")
    (root / "buildings" / "church.jpg").unlink()
    shutil.copyfile(root / "animals" / "butterfly.jpg", root / "buildings" / "copy.jpg")
    library.index(root)
    assert found(library, text="kater") == {"Kater"}
    assert found(library, text="church") == set()
    assert found(library, text="animals") == {"butterfly"}
    assert found(library, text="monarch") == found(library, labels=("monarch butterfly",))
    assert found(library, text="monarch") == {"butterfly", "copy"}
    assert "church" not in {one.value for one in library.facets().labels}


def test_another_content_has_other_labels(library: Library, photographs: Path) -> None:
    place = Path(library.stats().roots[0]) / "buildings" / "church.jpg"
    shutil.copyfile(photographs / "animals" / "butterfly.jpg", place)
    library.index(place.parent)
    assert "monarch butterfly" in called(library, "buildings/church.jpg")
    assert "church" not in called(library, "buildings/church.jpg")
    assert found(library, text="church monarch") == {"church"}


def test_an_older_library_is_labelled_by_the_next_run(library: Library) -> None:
    library.mark("animals/cat.png", add=["Minka"])
    before = [called(library, one.relative) for one in library.records()]
    file, root = library.folder / "library.sqlite", library.stats().roots[0]
    library.close()
    with sqlite3.connect(file) as connection:
        for name in ("comes", "moves", "changes", "goes", "loses_rows", "takes_rows"):
            connection.execute(f"DROP TRIGGER image_{name}")
        for name in ("comes", "goes"):
            connection.execute(f"DROP TRIGGER tag_{name}")
        connection.execute("DROP VIEW described")
        later = ("layer_rows", "layers", "blanks")
        for name in ("labelled", "labels", "looked_at", "texts", *later):
            connection.execute(f"DROP TABLE {name}")
        connection.execute(f"PRAGMA user_version = {schema.WITH_LABELS - 1}")
    connection.close()
    with Library.open(library.folder) as again:
        assert found(again, text="minka") == found(again, text="cat") == {"cat"}
        assert found(again, labels=("church",)) == set()
        again.index(root)
        assert [called(again, one.relative) for one in again.records()] == before
        assert found(again, labels=("church",)) == {"church"}


def test_labels_of_another_method_are_made_again(library: Library) -> None:
    before = [called(library, one.relative) for one in library.records()]
    root, file = Path(library.stats().roots[0]), library.folder / "library.sqlite"
    assert found(library, labels=("church",)) == {"church"}
    library.close()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE labelled SET probability = 0.99")
        connection.execute("UPDATE labels SET name = 'chapel' WHERE name = 'church'")
        connection.execute("DELETE FROM settings WHERE name = 'labels'")
    connection.close()
    with Library.open(library.folder) as again:
        assert found(again, labels=("chapel",)) == {"church"}
        again.index(root / "animals")  # whatever is indexed, all of the library is labelled
        assert [called(again, one.relative) for one in again.records()] == before
        assert found(again, labels=("church",)) == {"church"}
        assert found(again, text="chapel") == set()
        assert "chapel" not in {one.value for one in again.facets().labels}


def test_labels_of_this_method_are_left_alone(library: Library) -> None:
    with sqlite3.connect(library.folder / "library.sqlite") as connection:
        connection.execute("UPDATE labelled SET probability = 0.99")
    connection.close()
    library.index(library.stats().roots[0])
    assert set(called(library, "buildings/church.jpg").values()) == {0.99}


def test_rest_tells_and_takes_them(library: Library) -> None:
    client = client_of(library)
    number = library.find("animals/butterfly.jpg").id
    told = client.get(f"/api/images/{number}").get_json()["labels"]
    assert {one["name"]: one["probability"] for one in told} == called(
        library, "animals/butterfly.jpg"
    )
    counts = client.get("/api/facets?label=church&text=buildings").get_json()
    assert counts["images"] == 1
    assert {"value": "church", "images": 1} in counts["labels"]
    body = {"id": number, "filter": {"labels": ["church"], "text": "build"}}
    hits = client.post("/api/search", json=body).get_json()["hits"]
    assert [Path(hit["path"]).stem for hit in hits] == ["church"]
    for address in ("/api/facets?text=!", "/api/facets?text=a&text=b"):
        assert client.get(address).status_code == 400


def test_models_without_labels_have_texts_all_the_same(
    tmp_path: Path, tiny: Path, photographs: Path
) -> None:
    with Library.open(tmp_path / "library", model=tiny, create=True) as library:
        library.index(photographs / "animals")
        assert called(library, "cat.png") == {}
        assert library.facets().labels == ()
        assert found(library, text="cat") == {"cat"}
