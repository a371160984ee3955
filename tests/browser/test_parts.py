"""Parts of pictures on the page in a real Chromium: a choice → frames around what was found."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.support.ui import Select

from lookalike import Library
from lookalike.indexing import Event, Progress
from tests.browser.page import Page
from tests.scenes import write_scene
from tests.served import Running, id_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_FRAME = (
    "const [frame, image] = arguments; const a = frame.getBoundingClientRect(),"
    " b = image.getBoundingClientRect();"
    "return [(a.x - b.x) / b.width, (a.y - b.y) / b.height, a.width / b.width, a.height / b.height]"
)


@pytest.fixture(scope="module")
def cat(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scene(tmp_path_factory.mktemp("scene") / "pictures", photographs, count=9)


@pytest.fixture(scope="module")
def library(cat: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with Library.open(tmp_path_factory.mktemp("library"), create=True) as library:
        library.index(cat.with_name("pictures"), parts=True)
        yield library


def test_a_frame_is_drawn_around_what_was_found(
    driver: webdriver.Chrome, server: Running, library: Library, cat: Path
) -> None:
    page = Page(driver, server.url)
    page.open()
    page.choose(cat)
    page.wait_for_results_of(cat.name)
    assert not page.all(".found")
    choice = Select(page.by_id("way"))
    assert [one.text for one in choice.options][2:] == ["As a part of them"]
    choice.select_by_visible_text("As a part of them")
    page.wait(lambda: page.all(".tile .found"))
    best = library.search(cat, view="parts")[0]
    assert best.box is not None
    tile = page.all(".tile")[0]
    assert tile.get_attribute("data-id") == str(best.record.id)
    label = tile.find_element("class name", "open").get_attribute("aria-label")
    assert label is not None
    assert label.endswith(", a part of the picture")
    frame = tile.find_element("class name", "found")
    image = tile.find_element("tag name", "img")
    assert page.run(_FRAME, frame, image) == pytest.approx(best.box, abs=0.03)
    page.run("arguments[0].querySelector('.open').click()", tile)
    page.wait(lambda: page.all(".found-layer:not([hidden]) .found"))
    large = page.all(".found-layer .found")[0]
    page.wait(
        lambda: (
            page.run(_FRAME, large, page.by_id("viewer-image")) == pytest.approx(best.box, abs=0.03)
        )
    )
    page.press("\ue00c")  # Escape


def test_pictures_without_parts_are_told(
    driver: webdriver.Chrome, photographs: Path, tmp_path: Path
) -> None:
    stop = threading.Event()

    def after_some(event: Event) -> None:
        if isinstance(event, Progress) and event.done:
            stop.set()

    cat = write_scene(tmp_path / "pictures", photographs, count=20)
    with Library.open(tmp_path / "library", create=True) as library:
        library.index(tmp_path / "pictures")
        library.index(tmp_path / "pictures", parts=True, stop=stop, on_event=after_some)
        lacking = library.answers(cat, view="parts").lacking
    assert lacking
    server = Running(tmp_path / "library")
    try:
        page = Page(driver, server.url)
        page.open("?like=1")
        page.wait(lambda: page.view() == "result" and page.all(".tile"))
        assert not page.by_id("verdict").is_displayed()
        page.open("?like=1&view=parts")
        page.wait(lambda: page.by_id("verdict").is_displayed())
        assert page.text("verdict") == (
            f"{lacking} pictures have no parts yet and cannot be among these: index again."
        )
    finally:
        server.stop()


def test_the_way_lives_in_the_address(
    driver: webdriver.Chrome, server: Running, library: Library
) -> None:
    page = Page(driver, server.url)
    scene = id_of(library, "scene.png")
    page.complaints()  # of the servers before
    page.open(f"?like={scene}&view=parts")
    page.wait(lambda: page.view() == "result" and page.all(".tile"))
    assert Select(page.by_id("way")).first_selected_option.text == "As a part of them"
    assert [number for number, _, _ in page.results()] == [
        hit.record.id for hit in library.search(scene, view="parts")
    ]
    assert page.complaints() == []
