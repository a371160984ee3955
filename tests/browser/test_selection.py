"""Choosing pictures on the page, and what is done with them: a person's hands → what happens."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from lookalike import Library
from tests.browser.page import TOTAL, Page, number_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def results(page: Page, library: Library) -> list[int]:
    """The page with the answers to the cat; their numbers in order."""
    page.open(f"?like={number_of(library, 'cat.png')}")
    return [number for number, _, _ in page.wait_for_results_of("cat.png")]


@pytest.fixture
def downloads(page: Page, tmp_path: Path) -> Path:
    page.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    return tmp_path


def picked(page: Page) -> list[int]:
    """The numbers of the tiles that are marked, in the order shown."""
    numbers: list[str] = page.run(
        "return [...document.querySelectorAll('.tile')].filter((tile) =>"
        " tile.querySelector('.pick').getAttribute('aria-checked') === 'true')"
        ".map((tile) => tile.dataset.id)"
    )
    return list(map(int, numbers))


def tick(page: Page, index: int, *keys: str) -> None:
    """Click the box of a tile, with some keys held down."""
    tile = page.all(".tile")[index]
    ActionChains(page.driver).move_to_element(tile).perform()
    box = tile.find_element(By.CSS_SELECTOR, ".pick")
    page.wait(lambda: box.value_of_css_property("opacity") == "1")
    held(page, box, *keys)


def held(page: Page, element: Any, *keys: str) -> None:
    chain = ActionChains(page.driver)
    for key in keys:
        chain.key_down(key)
    chain.click(element)
    for key in keys:
        chain.key_up(key)
    chain.perform()


def export(page: Page, kind: str, folder: Path) -> bytes:
    """Choose a kind in the menu, and wait for the file."""
    page.all("#selection-export summary")[0].click()
    page.all(f"[data-export={kind}]")[0].click()
    ending = {"sheet": "pdf"}.get(kind, kind)
    file = folder / f"lookalike.{ending}"
    page.wait(file.exists)
    content = file.read_bytes()
    file.unlink()
    return content


def test_boxes_ranges_and_clicks(page: Page, results: list[int]) -> None:
    assert not page.by_id("selection").is_displayed()
    tick(page, 1)
    assert picked(page) == [results[1]]
    assert page.text("selection-count") == "1 selected"
    assert page.view() == "result"
    assert not page.by_id("viewer").is_displayed()
    tick(page, 4, Keys.SHIFT)
    assert picked(page) == results[1:5]
    tick(page, 2, Keys.SHIFT)  # the range follows, and does not only grow
    assert picked(page) == results[1:3]
    held(page, page.all(".tile .open")[5], Keys.CONTROL)
    assert picked(page) == [*results[1:3], results[5]]
    held(page, page.all(".tile .open")[7], Keys.SHIFT)
    assert picked(page) == [*results[1:3], *results[5:8]]
    tick(page, 6)
    assert picked(page) == [*results[1:3], results[5], results[7]]
    page.by_id("selection-clear").click()
    assert picked(page) == []
    assert not page.by_id("selection").is_displayed()


def test_by_keyboard_alone(page: Page, results: list[int]) -> None:
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, "x")
    assert picked(page) == [results[1]]
    ActionChains(page.driver).key_down(Keys.SHIFT).send_keys(
        Keys.ARROW_RIGHT, Keys.ARROW_RIGHT
    ).key_up(Keys.SHIFT).perform()
    assert picked(page) == results[1:4]
    assert page.focused() == str(results[3])
    ActionChains(page.driver).key_down(Keys.SHIFT).send_keys(Keys.ARROW_LEFT).key_up(
        Keys.SHIFT
    ).perform()
    assert picked(page) == results[1:3]
    page.press(Keys.ARROW_RIGHT, "x")
    assert picked(page) == results[1:4]
    page.press("x")
    assert picked(page) == results[1:3]
    ActionChains(page.driver).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL).perform()
    assert picked(page) == results
    assert "all that the page has loaded." in page.text("announcer")
    page.press(Keys.ESCAPE)
    assert picked(page) == []


def test_a_selection_outlives_its_search(page: Page, library: Library, results: list[int]) -> None:
    tick(page, 0)
    tick(page, 2)
    chosen = {results[0], results[2]}
    page.all(".tile .open")[5].find_element(By.XPATH, "..").find_element(
        By.CSS_SELECTOR, ".like"
    ).send_keys(Keys.ENTER)
    page.wait(lambda: f"?like={results[5]}" in page.driver.current_url)
    assert set(picked(page)) == chosen
    page.driver.back()
    page.wait_for_results_of("cat.png")
    assert set(picked(page)) == chosen
    page.by_id("home").click()
    page.wait(lambda: page.view() == "start" and len(page.all(".tile")) == TOTAL)
    assert set(picked(page)) == chosen


def test_search_with_these(page: Page, library: Library, results: list[int]) -> None:
    tick(page, 3)
    tick(page, 1)
    page.by_id("selection-search").click()
    page.wait(lambda: "like=" + str(results[1]) in page.driver.current_url)
    assert page.driver.current_url == f"{page.url}?like={results[3]}&like={results[1]}"
    page.wait(lambda: "and 1 more" in page.driver.title)
    assert page.text("selection-count") == "2 selected, 2 not shown here"


def test_paths_are_copied(page: Page, library: Library, results: list[int]) -> None:
    page.cdp("Browser.grantPermissions", permissions=["clipboardReadWrite"])
    tick(page, 1)
    tick(page, 0)
    page.by_id("selection-copy").click()
    page.wait(lambda: "Copied" in page.text("selection-copy"))
    copied = page.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied.splitlines() == [library.record(results[at]).path for at in (1, 0)]


def test_exports(page: Page, library: Library, results: list[int], downloads: Path) -> None:
    for index in (2, 0):
        tick(page, index)
    hits = {hit.record.id: hit for hit in library.search(number_of(library, "cat.png"))}
    wanted = [hits[results[at]] for at in (0, 2)]
    told = json.loads(export(page, "json", downloads))
    assert told["query"] == "Like cat.png"
    assert [(hit["path"], hit["score"]) for hit in told["hits"]] == [
        (hit.path, hit.score) for hit in wanted
    ]
    text = export(page, "csv", downloads).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [float(row["score"]) for row in rows] == [hit.score for hit in wanted]
    with zipfile.ZipFile(io.BytesIO(export(page, "zip", downloads))) as packed:
        assert packed.read(packed.namelist()[0]) == Path(wanted[0].path).read_bytes()
        assert packed.namelist()[-1] == "manifest.csv"
    assert export(page, "sheet", downloads).startswith(b"%PDF-")
    assert "The file is ready" in page.text("announcer")
    assert not page.by_id("selection-busy").is_displayed()
    assert not page.by_id("notice").is_displayed()


def test_an_export_that_fails_says_why(page: Page, results: list[int]) -> None:
    tick(page, 0)
    page.run(
        "const real = window.fetch; window.fetch = (address, options) => real(address,"
        " address === 'api/export'"
        " ? {...options, body: options.body.replace('csv', 'tar')} : options)"
    )
    page.all("#selection-export summary")[0].click()
    page.all("[data-export=csv]")[0].click()
    page.wait(page.by_id("notice").is_displayed)
    assert page.text("notice-text") == "format is one of csv, json, zip, sheet."
    assert "400" in page.complaints()[0]  # the browser's own line about it
    assert len(picked(page)) == 1


def test_the_menu_by_keyboard(page: Page, results: list[int]) -> None:
    tick(page, 0)
    summary = page.all("#selection-export summary")[0]
    summary.send_keys(Keys.ENTER)
    first = page.all("[data-export=csv]")[0]
    page.wait(first.is_displayed)
    page.press(Keys.TAB)
    assert page.run("return document.activeElement.dataset.export") == "csv"
    page.press(Keys.ESCAPE)
    assert not first.is_displayed()
    assert page.run("return document.activeElement.tagName") == "SUMMARY"
    assert len(picked(page)) == 1
    page.press(Keys.ESCAPE)
    assert picked(page) == []


def test_a_phone(page: Page, results: list[int]) -> None:
    page.cdp("Emulation.setTouchEmulationEnabled", enabled=True)
    page.screen(360, 740)
    page.by_id("select-mode").click()
    assert page.text("selection-count") == "Tap pictures to select them"
    for index in (0, 1):
        tile = page.all(".tile .open")[index]
        page.run("arguments[0].scrollIntoView({block: 'center'})", tile)
        tile.click()
    assert picked(page) == results[:2]
    assert not page.by_id("viewer").is_displayed()
    assert page.overflow() == []
    page.by_id("selection-clear").click()
    assert picked(page) == []
    page.run("document.querySelector('.tile').scrollIntoView({block: 'center'})")
    page.all(".tile .open")[0].click()
    page.wait(page.by_id("viewer").is_displayed)
    page.press(Keys.ESCAPE)


def test_holding_a_finger_begins_to_select(page: Page, results: list[int]) -> None:
    page.cdp("Emulation.setTouchEmulationEnabled", enabled=True)
    page.screen(360, 740)
    page.run("document.querySelector('.tile').scrollIntoView({block: 'center'})")
    box = page.run("return document.querySelector('.tile .open').getBoundingClientRect()")
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    page.cdp("Input.dispatchTouchEvent", type="touchStart", touchPoints=[point])
    page.wait(lambda: picked(page) == results[:1])
    page.cdp("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    assert page.text("selection-count") == "1 selected"
    assert not page.by_id("viewer").is_displayed()
