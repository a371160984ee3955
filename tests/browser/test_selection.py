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
from lookalike.library import Marks
from tests.browser.page import TOTAL, Late, Page, number_of

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


def tags(page: Page) -> list[str]:
    """The tags that the menu shows as those of all that are selected."""
    found: list[str] = page.run(
        "return [...document.querySelectorAll('#selection-tags .chip')].map((o) => o.textContent)"
    )
    return found


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
    assert "selected: all there are." in page.text("announcer")
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
    page.step(-1)
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


@pytest.mark.usefixtures("unmarked")
def test_all_become_favourites_or_none(page: Page, library: Library, results: list[int]) -> None:
    for index in (0, 2):
        tick(page, index)
    page.by_id("selection-favourite").click()
    page.wait(lambda: page.stars() == [results[0], results[2]])
    assert page.text("announcer") == "2 pictures are favourites."
    assert page.text("selection-said") == "2 pictures are favourites."
    tick(page, 3)
    assert page.text("selection-said") == ""
    page.by_id("selection-favourite").click()  # one is none yet
    page.wait(lambda: page.stars() == [results[0], *results[2:4]])
    page.by_id("selection-favourite").click()
    page.wait(lambda: page.stars() == [])
    page.wait(lambda: page.text("announcer") == "3 pictures are no favourites any more.")
    assert library.marks(*results) == [Marks()] * len(results)
    assert picked(page) == [results[0], *results[2:4]]


@pytest.mark.usefixtures("unmarked")
def test_all_are_tagged_by_keyboard(page: Page, library: Library, results: list[int]) -> None:
    library.mark(results[0], results[1], add=["garden"])
    library.mark(results[0], add=["rose"])
    library.mark(results[5], add=["sea"])
    tick(page, 0)
    tick(page, 1)
    page.all("#selection-tag summary")[0].send_keys(Keys.ENTER)
    page.wait(lambda: tags(page) == ["garden"])
    assert page.focused() == "selection-tag-new"
    offered = "return [...document.querySelectorAll('#selection-tags-offered option')]"
    page.wait(lambda: page.run(f"{offered}.map((one) => one.value)") == ["rose", "sea"])
    page.press("f", "o", "x", Keys.ENTER)  # no keys of the page
    page.wait(lambda: tags(page) == ["fox", "garden"])
    page.wait(lambda: page.by_id("selection-tag-new").get_property("value") == "")
    assert page.text("announcer") == "2 pictures tagged fox."
    page.all("#selection-tags .chip-remove")[1].send_keys(Keys.ENTER)
    page.wait(lambda: tags(page) == ["fox"])
    assert library.marks(*results[:2]) == [Marks(tags=("fox", "rose")), Marks(tags=("fox",))]
    page.press("s", Keys.ESCAPE)
    assert page.by_id("selection-tag-new").is_displayed()
    page.press(Keys.ESCAPE)
    assert not page.by_id("selection-tag-new").is_displayed()
    assert page.run("return document.activeElement.tagName") == "SUMMARY"
    assert picked(page) == results[:2]


def test_what_is_no_tag_is_said(page: Page, results: list[int]) -> None:
    tick(page, 0)
    page.all("#selection-tag summary")[0].click()
    page.run("document.getElementById('selection-tag-new').value = 'a\u202e'")
    page.by_id("selection-tag-new").send_keys(Keys.ENTER)
    page.wait(lambda: "is no tag" in page.text("notice-text"))
    assert page.by_id("selection-tag-new").get_property("value") == "a\u202e"
    assert picked(page) == results[:1]
    assert all("400" in line for line in page.complaints())


@pytest.mark.usefixtures("unmarked")
def test_marks_that_cannot_be_kept_are_said(slow: Page, late: Late, library: Library) -> None:
    slow.open(f"?like={number_of(library, 'cat.png')}")
    slow.wait_for_results_of("cat.png")
    tick(slow, 0)
    late.fail("marks")
    slow.by_id("selection-favourite").click()
    slow.wait(lambda: "503" in slow.text("notice-text"))
    assert (slow.stars(), len(picked(slow))) == ([], 1)
    late.fail()
    slow.by_id("selection-favourite").click()
    slow.wait(lambda: slow.stars() == picked(slow))
    assert not slow.by_id("notice").is_displayed()
    assert all("503" in line for line in slow.complaints())
    slow.driver.get("about:blank")  # the server ends before the browser


def test_many_are_marked_in_pieces(page: Page) -> None:
    page.driver.execute_async_script(
        "const [done] = arguments; window.sent = [];"
        "window.fetch = async (_, { body }) => {"
        "  const { images, favourite = false } = JSON.parse(body);"
        "  if (images.length === 500 && favourite) throw new Error('gone');"
        "  sent.push(images.length);"
        "  return Response.json({ images: images.map((id) => ({ id, favourite, tags: [] })) });"
        "};"
        "import(new URL('selection.js', document.querySelector('script[type=module]').src))"
        ".then(({ select }) => {"
        "  select(Array.from({ length: 4500 }, (_, id) => ({ id, relative: '', path: '' })));"
        "  done();"
        "});"
    )
    page.by_id("selection-favourite").click()
    page.wait(lambda: "4,000 of 4,500 pictures are done." in page.text("notice-text"))
    assert page.run("return sent") == [2000, 2000, 500, 2000, 2000]


def test_the_bar_hides_nothing_that_has_the_focus(page: Page, results: list[int]) -> None:
    page.screen(1000, 480, mobile=False)
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, "x")
    for _ in range(3):
        page.press(Keys.ARROW_DOWN)
        tile = page.run(
            "return document.activeElement.closest('.tile').getBoundingClientRect().bottom"
        )
        assert tile <= page.by_id("selection").location["y"] - page.run("return scrollY")
