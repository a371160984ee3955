"""The page of the models in a real Chromium: both answers side by side, and a switch and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from lookalike import Library
from tests.browser.page import Page
from tests.maps import write_folders
from tests.served import Running
from tests.small_libraries import tiny_model

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Pictures of three kinds, and vectors of two models."""
    write_folders(tmp_path / "pictures", "boats", "cats", "deserts", noise=60)
    with Library.open(
        tmp_path / "library", model=tiny_model(tmp_path, name="first"), create=True
    ) as library:
        library.index(tmp_path / "pictures")
        library.upgrade_build(tiny_model(tmp_path, seed=1, name="second"))
        yield library


@pytest.fixture
def server(library: Library) -> Iterator[Running]:
    running = Running(library.folder)
    yield running
    running.stop()


@pytest.fixture
def page(blank: Page) -> Page:
    blank.driver.get(f"{blank.url}upgrade?like=3")
    wait_for(blank, "first.onnx, now")
    return blank


def wait_for(page: Page, present: str) -> None:
    page.wait(lambda: page.text("present-title") == present and page.text("figures-rows"))


def answers(page: Page, side: str, more: str = "") -> list[int]:
    found: list[str] = page.run(
        "return [...document.querySelectorAll(arguments[0])].map((one) => one.dataset.id)",
        f"#{side} .answer{more}",
    )
    return list(map(int, found))


def test_both_answers_are_shown_with_what_they_share(page: Page, library: Library) -> None:
    pair = library.upgrade_beside(3)
    assert answers(page, "present") == [hit.record.id for hit in pair.hits]
    assert answers(page, "other") == [hit.record.id for hit in pair.other_hits]
    for side in ("present", "other"):
        assert len(answers(page, side, ".shared")) == pair.shared
    assert f"{pair.shared} of 30 answers are the same" in page.text("asked-said")
    compared = library.upgrade_compare()
    assert f"{compared.overlap:.0%}".replace("%", " %") in page.text("overlap")
    assert compared.judged is not None
    assert f"{compared.judged.other.map:.3f}" in page.text("figures-rows")
    assert "By folders, of 36 pictures" in page.text("figures-caption")


def test_an_answer_is_asked_with_and_back(page: Page, library: Library) -> None:
    second = answers(page, "other")[1]
    page.run(f"document.querySelector('#other [data-id=\"{second}\"]').focus()")
    page.press(Keys.ENTER)
    wanted = [hit.record.id for hit in library.upgrade_beside(second).hits]
    page.wait(lambda: answers(page, "present") == wanted)
    assert page.driver.current_url.endswith(f"?like={second}")
    page.step(-1)
    page.wait(lambda: answers(page, "present") != wanted)
    page.by_id("another").click()
    page.wait(lambda: "like" not in page.driver.current_url)


def test_a_switch_is_confirmed_and_goes_back(page: Page, library: Library) -> None:
    page.by_id("switch").click()
    page.wait(lambda: page.by_id("sure").is_displayed())
    assert page.text("sure-title") == "Switch to second.onnx?"
    page.press(Keys.ESCAPE)
    page.wait(lambda: not page.by_id("sure").is_displayed())
    assert not library.is_switched()
    page.by_id("switch").click()
    page.wait(lambda: page.by_id("sure-yes").is_displayed())
    page.by_id("sure-yes").click()
    wait_for(page, "second.onnx, now")
    assert library.is_switched()
    assert page.text("other-title") == "first.onnx, instead"
    with library.reopened() as again:
        expected = [hit.record.id for hit in again.search(3, 5, exact=True)]
    assert answers(page, "present")[:5] == expected
    page.driver.get(f"{page.url}?like=3")
    page.wait(lambda: len(page.results()) >= 5)
    assert [one for one, _, _ in page.results()][:5] == expected
    page.driver.get(f"{page.url}upgrade")
    wait_for(page, "second.onnx, now")
    page.by_id("switch").click()
    page.wait(lambda: page.by_id("sure-yes").is_displayed())
    page.by_id("sure-yes").click()
    wait_for(page, "first.onnx, now")
    assert not library.is_switched()


def test_what_is_missing_is_said_and_keeps_from_switching(
    page: Page, library: Library, tmp_path: Path
) -> None:
    write_folders(tmp_path / "pictures", "more", each=2)
    library.index(tmp_path / "pictures")
    page.driver.get(f"{page.url}upgrade")
    wait_for(page, "first.onnx, now")
    assert "2 pictures without a vector of second.onnx" in page.text("missing")
    assert not page.by_id("switch").is_enabled()


def test_nothing_beside_says_how_to_begin(page: Page, library: Library) -> None:
    library.upgrade_drop(library.upgrades().beside[0].model)
    page.driver.get(f"{page.url}upgrade")
    page.wait(lambda: page.by_id("none").is_displayed())
    assert "lookalike upgrade build MODEL" in page.text("none")
    assert not page.by_id("choices").is_displayed()
