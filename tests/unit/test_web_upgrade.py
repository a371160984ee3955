"""REST about models: what lies beside, both compared, and a switch that the server follows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from lookalike import Library
from lookalike.stores.embedded import WriteLock
from lookalike.web.state import served
from tests.maps import write_folders
from tests.served import client_of
from tests.small_libraries import tiny_model

CALL = "/api/upgrade"


@pytest.fixture
def library(tmp_path: Path, tiny: Path) -> Iterator[Library]:
    write_folders(tmp_path / "pictures", "boats", "cats", "deserts", noise=60)
    with Library.open(tmp_path / "library", model=tiny, create=True) as library:
        library.index(tmp_path / "pictures")
        yield library


@pytest.fixture
def other(library: Library, tmp_path: Path) -> str:
    library.upgrade_build(tiny_model(tmp_path, seed=1, name="other"))
    return library.upgrades().beside[0].model


@pytest.fixture
def client(library: Library) -> Iterator[FlaskClient]:
    client = client_of(library)
    yield client
    served(client.application).following.close()


def test_what_lies_beside_is_told(client: FlaskClient, library: Library, tmp_path: Path) -> None:
    told = client.get(CALL).get_json()
    assert told == {"model": library.model, "dim": 8, "images": 36, "blank": 0, "beside": []}
    library.upgrade_build(tiny_model(tmp_path, seed=1, name="other"))
    (beside,) = client.get(CALL).get_json()["beside"]
    assert beside.pop("model").endswith("other.onnx")
    assert beside == {"dim": 8, "images": 36, "missing": 0}


def test_both_are_compared(client: FlaskClient, library: Library, other: str) -> None:
    told = client.get(f"{CALL}/compare", query_string={"model": other, "k": 5})
    assert told.status_code == 200, told.text
    own = library.upgrade_compare(other, k=5)
    assert told.get_json() == own.to_json()
    assert told.get_json()["judged"]["other"]["map"] == pytest.approx(own.judged.other.map)  # type: ignore[union-attr]


def test_one_picture_is_answered_side_by_side(
    client: FlaskClient, library: Library, other: str
) -> None:
    told = client.get(f"{CALL}/beside", query_string={"model": other, "like": 3, "k": 5})
    pair = told.get_json()
    own = library.upgrade_beside(3, other, k=5)
    assert (pair["picture"]["id"], pair["shared"]) == (3, own.shared)
    for side, model, hits in (
        (pair["present"], own.present, own.hits),
        (pair["other"], own.other, own.other_hits),
    ):
        assert side["model"] == model
        assert [hit["id"] for hit in side["hits"]] == [hit.record.id for hit in hits]
        assert sum(hit["shared"] for hit in side["hits"]) == own.shared


def test_without_a_picture_one_is_chosen(client: FlaskClient, other: str) -> None:
    told = client.get(f"{CALL}/beside", query_string={"model": other, "k": 5})
    assert told.status_code == 200
    assert 1 <= told.get_json()["picture"]["id"] <= 36


def test_a_server_follows_its_own_switch_and_that_of_others(
    client: FlaskClient, library: Library, other: str
) -> None:
    def asked() -> list[int]:
        answer = client.post("/api/search", json={"id": 3, "k": 5})
        assert answer.status_code == 200, answer.text
        return [hit["id"] for hit in answer.get_json()["hits"]]

    before, former = asked(), library.model
    with library.reopened() as second:
        pair = second.upgrade_beside(3, other, k=5)
    switched = client.post(f"{CALL}/switch", json={"model": other})
    assert switched.status_code == 200, switched.text
    assert switched.get_json()["former"] == former
    assert asked() == [hit.record.id for hit in pair.other_hits] != before
    assert client.get("/api/stats").get_json()["model"] == other
    with library.reopened() as second:
        second.upgrade_switch(former)
    assert asked() == before
    assert client.get(CALL).get_json()["model"] == former


@pytest.mark.parametrize(
    ("call", "status", "why"),
    [
        ("compare", 400, "Name a model"),
        ("compare?model=nothing", 404, "no vectors of 'nothing' beside"),
        ("compare?model=/etc/passwd.onnx", 404, "no vectors of '/etc/passwd.onnx' beside"),
        ("compare?model=a&model=b", 400, "Give model once"),
        ("compare?model=a&x=1", 400, "no parameter 'x'"),
        ("compare?model={other}&k=0", 400, "k is a whole number from 1 to 100"),
        ("beside?model={other}&like=999", 404, "no picture with the number 999"),
        ("beside?model={other}&like=x", 400, "like is a whole number"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(
    client: FlaskClient, other: str, call: str, status: int, why: str
) -> None:
    answer = client.get(f"{CALL}/{call.format(other=other)}")
    assert answer.status_code == status
    assert why in answer.get_json()["detail"]


def test_a_switch_that_cannot_be_is_refused(
    client: FlaskClient, library: Library, other: str, tmp_path: Path
) -> None:
    def refused(body: object) -> tuple[int, str]:
        answer = client.post(f"{CALL}/switch", json=body)
        return answer.status_code, answer.get_json()["detail"]

    assert client.post(f"{CALL}/switch", data="x").status_code == 415
    bodies: list[object] = [[], {}, {"model": 3}, {"model": other, "more": 1}]
    for body in bodies:
        assert refused(body)[0] == 400
    assert refused({"model": library.model})[0] == 404
    write_folders(tmp_path / "pictures", "more", each=1)
    library.index(tmp_path / "pictures")
    assert refused({"model": other})[0] == 400
    library.upgrade_build(other)
    with WriteLock(library.folder):
        assert refused({"model": other})[0] == 503
    assert client.get(CALL).get_json()["model"] == library.model
