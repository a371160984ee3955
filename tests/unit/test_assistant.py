"""`lookalike mcp` as an assistant sees it: the real command, asked by the protocol's own client."""

from __future__ import annotations

import asyncio
import base64
import importlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lookalike import Example, Filter, Library
from lookalike.assistant import INSTALL, answer_assistants
from lookalike.errors import MissingExtraError
from tests.maps import write_folders
from tests.pictures import make_jpeg, textured
from tests.served import BYTES_NAME, NOT_UNICODE, id_of, make_library
from tests.small_libraries import tiny_model

mcp = pytest.importorskip("mcp")

Ask = Callable[[str, dict[str, Any]], Coroutine[Any, Any, Any]]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with make_library(tmp_path_factory.mktemp("asked")) as library:
        yield library


def assistant(library: Library, talk: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
    """Start the real command, and let the protocol's own client talk to it."""
    command = mcp.StdioServerParameters(
        command=sys.executable,
        args=["-m", "lookalike", "mcp", "--library", str(library.folder)],
        env=dict(os.environ),
    )

    async def run() -> Any:
        async with mcp.Client(command) as client:
            return await asyncio.wait_for(talk(client), 60)

    return asyncio.run(run())


def ask(library: Library, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
    """The results of some calls of tools in one conversation."""

    async def talk(client: Any) -> list[Any]:
        return [await client.call_tool(name, arguments) for name, arguments in calls]

    found: list[Any] = assistant(library, talk)
    return found


@pytest.mark.slow
def test_a_conversation_goes_on_after_a_switch(tmp_path: Path, tiny: Path) -> None:
    write_folders(tmp_path / "pictures", "boats", "cats")
    with Library.open(tmp_path / "library", model=tiny, create=True) as library:
        library.index(tmp_path / "pictures")
        library.upgrade_build(tiny_model(tmp_path, seed=1, name="other"))

        async def talk(client: Any) -> list[list[int]]:
            before = await client.call_tool("search", {"id": 3})
            library.upgrade_switch(library.upgrades().beside[0].model)
            return [hits_of(before), hits_of(await client.call_tool("search", {"id": 3}))]

        before, after = assistant(library, talk)
        assert after == [hit.record.id for hit in library.search(3, 10)] != before


def hits_of(found: Any) -> list[int]:
    assert not found.is_error, found
    return [hit["id"] for hit in found.structured_content["hits"]]


@pytest.mark.slow
def test_the_tools_are_described_and_change_nothing(library: Library) -> None:
    async def talk(client: Any) -> Any:
        return (await client.list_tools()).tools, client.instructions

    tools, instructions = assistant(library, talk)
    assert [tool.name for tool in tools] == [
        *("search", "explain", "listing", "details", "metadata", "stats", "facets")
    ]
    assert "Nothing is changed" in instructions
    for tool in tools:
        assert tool.annotations.read_only_hint
        assert tool.description
        assert tool.output_schema["type"] == "object"
    assert tools[0].input_schema["properties"]["k"]["maximum"] == 100


@pytest.mark.slow
def test_an_assistant_finds_what_python_finds(library: Library) -> None:
    number = id_of(library, "plain 1.jpg")
    path = library.record(number).path
    by_path, by_id, some, one = ask(
        library,
        ("search", {"path": path, "k": 3}),
        ("search", {"id": number, "k": 100, "thumbnails": True}),
        ("search", {"id": number, "formats": ["TIFF"], "min_side": 300}),
        ("details", {"id": number, "thumbnail": True}),
    )
    for answer, query, k in ((by_path, path, 3), (by_id, number, 100)):
        hits = answer.structured_content["hits"]
        expected = library.search(query, k)
        assert [(hit["id"], hit["score"]) for hit in hits] == [
            (hit.record.id, hit.score) for hit in expected
        ]
        assert json.loads(answer.content[0].text) == answer.structured_content
    assert by_path.structured_content["hits"][0]["path"] == path
    pictures = by_id.content[1:]
    assert len(pictures) == len(by_id.structured_content["hits"])
    for picture in [*pictures, one.content[1]]:
        assert picture.mime_type == "image/webp"
        assert Image.open(io.BytesIO(base64.b64decode(picture.data))).format == "WEBP"
    assert [Path(hit["path"]).name for hit in some.structured_content["hits"]] == ["scan.tif"]
    assert one.structured_content["digest"] == library.record(number).digest
    if NOT_UNICODE:
        names = {Path(hit["path"]).name for hit in by_id.structured_content["hits"]}
        assert BYTES_NAME.encode("utf-8", "backslashreplace").decode() in names


@pytest.mark.slow
def test_an_assistant_is_told_why(library: Library) -> None:
    one, other = id_of(library, "plain 1.jpg"), id_of(library, "camera.jpg")
    box = [0.25, 0.25, 0.5, 0.5]
    path = library.record(one).path
    by_id, by_path, part = ask(
        library,
        ("explain", {"id": other, "like": one, "drawing": True}),
        ("explain", {"id": other, "path": path}),
        ("explain", {"id": other, "like": one, "box": box}),
    )
    expected = json.loads(json.dumps(asdict(library.explain(one, other))))
    assert by_id.structured_content == by_path.structured_content == expected
    assert by_id.content[1].mime_type == "image/png"
    assert Image.open(io.BytesIO(base64.b64decode(by_id.content[1].data))).format == "PNG"
    example = Example(one, box=(0.25, 0.25, 0.5, 0.5))
    assert part.structured_content["score"] == library.explain(example, other).score


@pytest.mark.slow
def test_an_assistant_lists_what_passes(library: Library) -> None:
    number = id_of(library, "plain 1.jpg")
    library.mark(number, favourite=True, add=["rose"])
    try:
        marked, some, rest = ask(
            library,
            ("listing", {"favourite": True, "tags": ["Rose"], "thumbnails": True}),
            ("listing", {"k": 2}),
            ("listing", {"k": 100, "offset": 2}),
        )
    finally:
        library.mark(number, favourite=False, remove=["rose"])
    told = marked.structured_content
    assert [(one["id"], one["tags"]) for one in told["pictures"]] == [(number, ["rose"])]
    assert (told["total"], told["next"], len(marked.content)) == (1, None, 2)
    assert some.structured_content["next"] == 2
    both = some.structured_content["pictures"] + rest.structured_content["pictures"]
    assert [one["id"] for one in both] == library.listed().tolist()


@pytest.mark.slow
def test_copies_are_one_answer_for_an_assistant(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    for name, seed in (("one", 1), ("copy", 1), ("other", 2)):
        (tmp_path / "pictures" / f"{name}.jpg").write_bytes(make_jpeg(textured(seed=seed)))
    with Library.open(tmp_path / "library", create=True) as library:
        library.index(tmp_path / "pictures")
        asked = {"id": id_of(library, "other.jpg")}
        plain, folded = ask(library, ("search", asked), ("search", {**asked, "fold": True}))
    assert [hit["copies"] for hit in plain.structured_content["hits"]] == [0, 0]
    assert [hit["copies"] for hit in folded.structured_content["hits"]] == [1]
    assert (plain.structured_content["waiting"], folded.structured_content["waiting"]) == (None, 3)


@pytest.mark.slow
def test_an_assistant_counts_what_python_counts(library: Library) -> None:
    number = id_of(library, "camera.jpg")
    stats, facets, said = ask(
        library, ("stats", {}), ("facets", {"camera": "acme"}), ("metadata", {"id": number})
    )
    assert said.structured_content["orientation"] == library.metadata(number).orientation == 6
    assert said.structured_content["keywords"] == []
    assert stats.structured_content["images"] == library.count()
    assert stats.structured_content["model"] == library.model
    told = library.facets(Filter(camera="acme"))
    assert facets.structured_content["images"] == told.images == 1
    assert facets.structured_content["cameras"] == [{"value": "Acme Box 1", "images": 1}]


@pytest.mark.slow
def test_an_assistant_finds_what_a_person_has_marked(library: Library) -> None:
    number, other = id_of(library, "plain 1.jpg"), id_of(library, "plain 2.jpg")
    library.mark(number, favourite=True, add=["rose"])
    try:
        found, details, facets = ask(
            library,
            ("search", {"id": other, "tags": ["Rose"], "favourite": True}),
            ("details", {"id": number}),
            ("facets", {"tags": ["rose"]}),
        )
    finally:
        library.mark(number, favourite=False, remove=["rose"])
    assert [hit["id"] for hit in found.structured_content["hits"]] == [number]
    told = details.structured_content
    assert (told["favourite"], told["tags"]) == (True, ["rose"])
    assert facets.structured_content["tags"] == [{"value": "rose", "images": 1}]


@pytest.mark.slow
def test_an_assistant_is_told_what_does_not_fit(library: Library) -> None:
    answers = ask(
        library,
        ("search", {}),
        ("search", {"id": 1, "path": "/a.jpg"}),
        ("search", {"id": 999_999}),
        ("search", {"path": os.path.abspath("nowhere.jpg")}),  # noqa: PTH100 - a str
        ("search", {"words": "лодка"}),
        ("search", {"without_words": "a boat"}),
        ("search", {"id": 1, "k": 0}),
        ("facets", {"taken_from": "May"}),
        ("details", {"id": 999_999}),
        ("explain", {"id": 1}),
        ("explain", {"id": 1, "like": 999_999}),
        ("explain", {"id": 1, "like": 1, "box": [0, 0, 2, 2]}),
        ("listing", {"taken_to": "May"}),
    )
    words = ["Give a path or an id"] * 2 + ["no picture with the number 999999"]
    words += [
        "There is no file",
        "another script",
        "Give a path or an id",
        "greater than or equal to 1",
    ]
    words += ["is no date", "no picture with the number 999999"]
    words += ["one of like and path", "no picture with the number 999999", "box", "is no date"]
    for answer, expected in zip(answers, words, strict=True):
        assert answer.is_error
        assert expected in answer.content[0].text
        assert "Traceback" not in answer.content[0].text


@pytest.mark.slow
def test_nothing_but_the_protocol_is_on_standard_output(library: Library) -> None:
    asked = {"protocolVersion": "2025-06-18", "capabilities": {}}
    asked["clientInfo"] = {"name": "test", "version": "1"}
    lines = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": asked},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
    ]
    done = subprocess.run(
        [sys.executable, "-m", "lookalike", "mcp", "--library", library.folder],
        input="".join(json.dumps(line) + "\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    (answer,) = map(json.loads, done.stdout.splitlines())
    assert answer["result"]["serverInfo"]["name"] == "lookalike"
    assert done.stderr == ""


def test_without_the_package_the_command_to_install_it_is_told(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    importlib.import_module("lookalike.assistant")
    monkeypatch.delitem(sys.modules, "lookalike.assistant.tools", raising=False)
    monkeypatch.setitem(sys.modules, "mcp.server", None)  # as where it is not installed
    with pytest.raises(MissingExtraError, match="needs one more package") as told:
        answer_assistants(library, "1")
    assert INSTALL in str(told.value)


def test_without_a_library_there_is_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lookalike", "mcp", "--library", tmp_path / "none"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: There is no library in")
