"""The page in a real Chromium: what a person does → what they see."""

from __future__ import annotations

import base64
import json
import os
import re
import threading
import time
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from lookalike import Library
from lookalike.folder import printable
from lookalike.library import Event, Progress
from tests.browser.page import TOTAL, Late, Page, number_of
from tests.pictures import TEXT, heic, make_jpeg, textured
from tests.served import NOT_UNICODE, ODD_NAME, Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]


# ---- asking


def test_it_begins_with_pictures_to_click(page: Page) -> None:
    assert page.text("status") == f"{TOTAL} pictures"
    tile = page.all(".tile")[0]
    number = tile.get_attribute("data-id")
    tile.find_element(By.CSS_SELECTOR, ".open").click()
    page.wait(lambda: page.view() == "result")
    assert page.driver.current_url == f"{page.url}?like={number}"
    assert len(page.results()) == TOTAL - 1
    page.step(-1)
    page.wait(lambda: page.view() == "start")
    assert page.driver.current_url == page.url
    assert len(page.all(".tile")) == TOTAL


def test_a_chosen_picture_stands_beside_its_closest(
    page: Page, library: Library, flower: Path
) -> None:
    page.choose(flower)
    results = page.wait_for_results_of("bed 01.png")
    expected = library.search(flower.read_bytes())
    assert [number for number, _, _ in results] == [hit.record.id for hit in expected]
    for (_, score, distance), hit in zip(results, expected, strict=True):
        assert score == pytest.approx(hit.score, abs=6e-4)
        assert distance == pytest.approx(hit.distance, abs=2e-3)
    assert results[0][0] == number_of(library, "bed 01.png")
    assert results[0][1] == 1.0
    query = page.all("#query-frame img")[0]
    page.wait(lambda: query.get_property("naturalWidth"))
    assert str(query.get_property("src")).startswith("blob:")
    left, right = query.rect, page.all(".tile")[0].rect
    assert left["x"] + left["width"] <= right["x"]
    assert f"{TOTAL} pictures like bed 01.png" in page.text("announcer")


def test_a_dropped_picture_is_searched(page: Page, flower: Path) -> None:
    page.run(_HAND_OVER + "window.dispatchEvent(drag('dragover'))", *_handed(flower))
    assert page.by_id("drop").is_displayed()
    page.run(_HAND_OVER + "window.dispatchEvent(drag('drop'))", *_handed(flower))
    assert len(page.wait_for_results_of("bed 01.png")) == TOTAL
    assert not page.by_id("drop").is_displayed()


def test_a_pasted_picture_is_searched(page: Page, library: Library, flower: Path) -> None:
    page.cdp("Browser.grantPermissions", permissions=["clipboardReadWrite"])
    copied = page.driver.execute_async_script(_COPY, *_handed(flower))
    assert copied == "copied"
    ActionChains(page.driver).key_down(Keys.CONTROL).send_keys("v").key_up(Keys.CONTROL).perform()
    page.wait(lambda: page.view() == "result")
    assert page.results()[0][0] == number_of(library, "bed 01.png")


def test_pasting_words_says_that_there_is_no_picture(page: Page) -> None:
    page.run(
        "const words = new DataTransfer(); words.setData('text/plain', 'cats');"
        "document.body.dispatchEvent(new ClipboardEvent('paste',"
        " {clipboardData: words, bubbles: true}))"
    )
    assert "no picture in the clipboard" in page.text("notice-text")
    page.by_id("notice-close").click()
    assert not page.by_id("notice").is_displayed()


def test_a_picture_that_browsers_cannot_show_is_searched_all_the_same(
    page: Page, tmp_path: Path
) -> None:
    (tmp_path / "phone.heic").write_bytes(heic(textured(seed=0)))
    page.choose(tmp_path / "phone.heic")
    assert len(page.wait_for_results_of("phone.heic")) == TOTAL
    page.wait(lambda: "cannot be shown" in page.text("query-frame"))


# ---- going on, and back


def test_more_like_this_and_back_to_the_upload(page: Page, library: Library, flower: Path) -> None:
    page.choose(flower)
    first = page.wait_for_results_of("bed 01.png")
    tile = page.all(".tile")[1]
    ActionChains(page.driver).move_to_element(tile).perform()
    like = tile.find_element(By.CSS_SELECTOR, ".like")
    page.wait(lambda: like.value_of_css_property("opacity") == "1")
    like.click()
    page.wait(lambda: "?like=" in page.driver.current_url)
    number = first[1][0]
    assert page.driver.current_url == f"{page.url}?like={number}"
    assert [one[0] for one in page.results()] == [hit.record.id for hit in library.search(number)]
    page.step(-1)
    assert page.wait_for_results_of("bed 01.png") == first
    assert page.driver.current_url == page.url
    page.step(1)
    page.wait(lambda: len(page.results()) == TOTAL - 1)


def test_an_address_leads_to_its_results(page: Page, library: Library) -> None:
    number = number_of(library, "cat.png")
    page.open(f"?like={number}")
    page.wait_for_results_of("cat.png")
    page.driver.refresh()
    page.wait_for_results_of("cat.png")
    page.by_id("home").click()
    page.wait(lambda: page.view() == "start")
    assert page.driver.current_url == page.url


def test_an_upload_overtakes_the_results_that_an_address_asked_for(
    slow: Page, late: Late, library: Library, flower: Path
) -> None:
    late.hold("like")
    slow.open(f"?like={number_of(library, 'cat.png')}")
    slow.choose(flower)
    results = slow.wait_for_results_of("bed 01.png")
    late.release()
    time.sleep(0.5)
    assert (slow.text("query-name"), slow.results()) == ("bed 01.png", results)
    slow.step(-1)
    slow.wait_for_results_of("cat.png")
    slow.step(1)
    assert slow.wait_for_results_of("bed 01.png") == results


def test_a_start_that_never_arrived_is_asked_for_when_one_comes_back_to_it(
    slow: Page, late: Late, flower: Path
) -> None:
    late.hold("sample")
    slow.open()
    slow.choose(flower)
    slow.wait_for_results_of("bed 01.png")
    late.release()
    slow.step(-1)
    slow.wait(lambda: slow.view() == "start" and len(slow.all(".tile")) == TOTAL)


@pytest.mark.parametrize("way", ["home", "others"])
def test_an_upload_overtakes_the_way_to_the_start(
    slow: Page, late: Late, flower: Path, way: str
) -> None:
    slow.open()
    slow.wait(lambda: len(slow.all(".tile")) == TOTAL)
    late.hold("sample")
    slow.run("document.getElementById(arguments[0]).click()", way)
    slow.choose(flower)
    slow.wait_for_results_of("bed 01.png")
    late.release()
    time.sleep(0.5)
    assert slow.view() == "result"
    slow.step(-1)
    slow.wait(lambda: slow.view() == "start" and len(slow.all(".tile")) == TOTAL)


def test_going_back_overtakes_an_upload(slow: Page, late: Late, flower: Path) -> None:
    slow.open()
    slow.wait(lambda: len(slow.all(".tile")) == TOTAL)
    slow.all(".tile .open")[0].click()
    slow.wait(lambda: slow.view() == "result")
    late.hold("upload")
    slow.choose(flower)
    slow.wait(lambda: slow.by_id("grid").get_attribute("aria-busy"))
    slow.step(-1)
    slow.wait(lambda: slow.view() == "start")
    late.release()
    time.sleep(0.5)
    assert (slow.view(), len(slow.all(".tile"))) == ("start", TOTAL)
    assert not slow.by_id("grid").get_attribute("aria-busy")


def test_what_overtakes_and_fails_leads_to_where_the_address_leads(
    slow: Page, late: Late, library: Library, tmp_path: Path
) -> None:
    (tmp_path / "list.jpg").write_bytes(TEXT)
    late.hold("like")
    slow.open(f"?like={number_of(library, 'cat.png')}")
    slow.choose(tmp_path / "list.jpg")
    slow.wait(slow.by_id("notice").is_displayed)
    late.release()
    slow.wait_for_results_of("cat.png")
    assert slow.text("notice-text").startswith("list.jpg is not a picture ")


def test_a_start_that_fails_comes_by_itself_as_soon_as_it_can(slow: Page, late: Late) -> None:
    late.fail("sample")
    slow.open()
    slow.wait(slow.by_id("notice").is_displayed)
    assert slow.all(".tile") == []
    late.fail()
    slow.wait(lambda: len(slow.all(".tile")) == TOTAL)


def test_the_way_home_that_fails_leaves_the_results(
    slow: Page, late: Late, library: Library
) -> None:
    address = f"?like={number_of(library, 'cat.png')}"
    slow.open(address)
    results = slow.wait_for_results_of("cat.png")
    late.fail("sample")
    slow.by_id("home").click()
    slow.wait(slow.by_id("notice").is_displayed)
    assert slow.driver.current_url == slow.url + address
    assert slow.results() == results


def test_only_the_last_places_are_kept(page: Page, flower: Path) -> None:
    page.run(
        "const revoke = URL.revokeObjectURL; window.revoked = [];"
        "URL.revokeObjectURL = (address) => { revoked.push(address); revoke.call(URL, address); }"
    )
    page.choose(flower)
    page.wait_for_results_of("bed 01.png")
    address = page.all("#query-frame img")[0].get_property("src")
    for _ in range(18):
        _on(page)
    assert page.run("return window.revoked") == []
    for _ in range(2):
        _on(page)
    assert page.run("return window.revoked") == [address]
    page.run("history.go(-20)")  # to the upload, which is no longer there
    page.wait(lambda: page.view() == "start" and len(page.all(".tile")) == TOTAL)
    assert page.driver.current_url == page.url


def _on(page: Page) -> None:
    """More like the closest picture, and wait for it."""
    before = page.run("return history.state.key")
    page.all(".tile .like")[0].send_keys(Keys.ENTER)
    page.wait(lambda: page.run("return history.state.key") != before)


def test_the_way_past_the_head_leads_to_the_pictures_of_an_upload(page: Page, flower: Path) -> None:
    page.choose(flower)
    results = page.wait_for_results_of("bed 01.png")
    page.run("document.querySelector('.skip').focus()")
    page.press(Keys.ENTER)
    page.wait(lambda: page.focused() == "results")
    time.sleep(0.5)
    assert (page.view(), page.text("query-name")) == ("result", "bed 01.png")
    assert page.results() == results
    page.press(Keys.TAB)
    assert page.focused() == str(results[0][0])


# ---- one picture, large


def test_the_viewer_is_walked_with_the_keys(page: Page, library: Library, flower: Path) -> None:
    page.choose(flower)
    results = page.wait_for_results_of("bed 01.png")
    page.press(Keys.TAB, Keys.ENTER)
    dialog = page.by_id("viewer")
    page.wait(dialog.is_displayed)
    assert page.text("viewer-name") == "bed 01.png"
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_LEFT)
    record = library.record(results[1][0])
    page.wait(lambda: page.text("viewer-path") == record.path)
    facts = page.wait(lambda: "Size" in page.text("viewer-facts") and page.text("viewer-facts"))
    assert f"Dimensions{record.width:,} \N{MULTIPLICATION SIGN} {record.height:,}" in facts
    assert f"Score{results[1][1]:.3f}Distance{results[1][2]:.3f}" in facts
    image = page.by_id("viewer-image")
    page.wait(lambda: "/file?" in str(image.get_property("src")))
    page.wait(lambda: image.get_property("naturalWidth") == record.width)
    page.press(Keys.ESCAPE)
    page.wait(lambda: not dialog.is_displayed())
    page.wait(lambda: page.focused() == str(record.id))


def test_the_viewer_finds_more_like_this(page: Page, flower: Path) -> None:
    page.choose(flower)
    results = page.wait_for_results_of("bed 01.png")
    page.all(".tile .open")[2].click()
    page.wait(page.by_id("viewer").is_displayed)
    page.by_id("viewer-like").click()
    page.wait(lambda: f"?like={results[2][0]}" in page.driver.current_url)
    assert not page.by_id("viewer").is_displayed()


def test_a_path_is_copied(page: Page, library: Library, flower: Path) -> None:
    page.cdp("Browser.grantPermissions", permissions=["clipboardReadWrite"])
    page.choose(flower)
    number = page.wait_for_results_of("bed 01.png")[0][0]
    page.all(".tile .open")[0].click()
    page.by_id("viewer-copy").click()
    page.wait(lambda: "Copied" in page.text("viewer-copy"))
    copied = page.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == library.record(number).path
    page.by_id("viewer-copy").click()
    time.sleep(1)
    page.by_id("viewer-copy").click()
    time.sleep(1)
    assert page.text("viewer-copy") == "Copied"
    page.wait(lambda: page.text("viewer-copy") == "Copy path")
    page.press(Keys.ESCAPE)


# ---- by keyboard


@pytest.mark.parametrize("key", [Keys.ARROW_RIGHT, Keys.ARROW_DOWN])
def test_an_arrow_steps_from_an_answer_into_its_pictures(
    page: Page, flower: Path, key: str
) -> None:
    page.choose(flower)
    order = [str(number) for number, _, _ in page.wait_for_results_of("bed 01.png")]
    page.press(key)
    assert page.focused() == order[0]
    page.press(Keys.ARROW_RIGHT)
    assert page.focused() == order[1]


def test_an_arrow_steps_into_a_page_that_was_just_opened(page: Page, library: Library) -> None:
    page.open(f"?like={number_of(library, 'cat.png')}")
    first = str(page.wait_for_results_of("cat.png")[0][0])
    page.press(Keys.ARROW_DOWN)  # which scrolls, as on every page
    assert page.focused() != first
    page.press(Keys.ARROW_RIGHT)
    assert page.focused() == first


def test_the_grid_is_walked_with_the_arrows(page: Page, flower: Path) -> None:
    page.choose(flower)
    order = [str(number) for number, _, _ in page.wait_for_results_of("bed 01.png")]
    page.press(Keys.TAB)
    assert page.focused() == order[0]
    page.press(Keys.ARROW_RIGHT)
    assert page.focused() == order[1]
    page.press(Keys.ARROW_DOWN)
    below = page.focused()
    assert order.index(below) > 2
    page.press(Keys.ARROW_UP)
    assert page.focused() in order[:4]
    page.press(Keys.END)
    assert page.focused() == order[-1]
    page.press(Keys.HOME, Keys.ARROW_LEFT)
    assert page.focused() == order[0]
    page.press("m")
    page.wait(lambda: f"?like={order[0]}" in page.driver.current_url)


def test_everything_is_reached_with_tab_and_seen(page: Page, library: Library) -> None:
    page.open(f"?like={number_of(library, 'cat.png')}")
    first = str(page.wait_for_results_of("cat.png")[0][0])
    seen = []
    for _ in range(19):
        page.press(Keys.TAB)
        seen.append(page.focused())
        outline = page.run("return getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", seen[-1]
    head = ["skip", "home", "to-duplicates", "to-map", "to-upgrade"]
    asked = ["open-query", "region-toggle", "button", "words-more-text"]
    asked += ["button small", "button small", "filters-toggle", "way", "button small"]
    assert seen == [*head, *asked, "spread-at", "fold", "size", first, first]


@pytest.mark.parametrize("key", ["/", "o"])
def test_a_key_leads_to_the_chooser(page: Page, key: str, flower: Path) -> None:
    page.press(key)
    assert "Choose a picture" in page.run("return document.activeElement.textContent")
    page.choose(flower)
    page.wait_for_results_of("bed 01.png")
    page.press(key)
    assert "Another picture" in page.run("return document.activeElement.textContent")


# ---- when something is wrong


def test_a_file_that_is_no_picture_gets_a_sentence(page: Page, tmp_path: Path) -> None:
    (tmp_path / "list.jpg").write_bytes(TEXT)
    page.choose(tmp_path / "list.jpg")
    page.wait(page.by_id("notice").is_displayed)
    assert page.text("notice-text").startswith("list.jpg is not a picture ")
    assert page.view() == "start"
    assert ["422" in message for message in page.complaints()] == [True]


def test_a_file_beyond_the_limit_is_not_even_sent(page: Page, flower: Path) -> None:
    page.run("document.body.dataset.maxUpload = 1000")
    page.choose(flower)
    page.wait(page.by_id("notice").is_displayed)
    assert "the limit is 1.0 kB" in page.text("notice-text")


def test_an_address_of_no_picture_leads_to_the_start(page: Page) -> None:
    page.open("?like=999999")
    page.wait(page.by_id("notice").is_displayed)
    assert "no picture" in page.text("notice-text")
    page.wait(lambda: len(page.all(".tile")) == TOTAL)
    assert page.driver.current_url == page.url
    assert ["404" in message for message in page.complaints()] == [True]


def test_odd_names_are_shown_as_one_line(page: Page) -> None:
    titles = {str(one.get_property("title")) for one in page.all(".tile .open")}
    expected = {ODD_NAME.replace("\n", "\\n"), *(["caf\\udce9.jpg"] if NOT_UNICODE else [])}
    assert expected <= titles
    for image in page.all(".tile img"):
        assert image.get_property("naturalWidth")


def test_the_page_escapes_what_the_terminal_escapes(page: Page) -> None:
    shown = page.driver.execute_async_script(_PRINTABLE, json.dumps([text for text, _ in NAMES]))
    assert shown == [words for _, words in NAMES]
    assert [printable(text) for text, _ in NAMES] == shown


# ---- on every screen


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_sticks_out_on_a_small_screen(page: Page, flower: Path, width: int) -> None:
    page.screen(width, scale=2)
    page.cdp("Emulation.setTouchEmulationEnabled", enabled=True)
    page.open()
    page.wait(lambda: len(page.all(".tile")) == TOTAL)
    assert page.overflow() == []
    page.choose(flower)
    page.wait_for_results_of("bed 01.png")
    assert page.overflow() == []
    for button in page.all(".tile .like"):
        assert button.value_of_css_property("opacity") == "1"
    page.all(".tile .open")[0].click()
    page.wait(lambda: "Size" in page.text("viewer-facts"))
    assert page.overflow() == []
    page.by_id("viewer-close").click()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_sticks_out_of_a_narrow_picture(
    driver: webdriver.Chrome, tmp_path: Path, width: int
) -> None:
    (tmp_path / "pictures").mkdir()
    for seed in range(12):
        file = tmp_path / "pictures" / f"{seed}.jpg"
        file.write_bytes(make_jpeg(textured(*((150, 450) if seed % 3 else (400, 300)), seed=seed)))
    with Library.open(tmp_path / "library", create=True) as library:
        library.index(tmp_path / "pictures")
        late = Late(library)
        try:
            page = Page(driver, late.url)
            page.screen(width, mobile=width < 500)
            page.open(f"?like={number_of(library, '0.jpg')}")
            page.wait(lambda: len(page.all(".tile")) == 11)
            assert (
                page.run(
                    "return Math.min(...[...arguments[0]].map((e) => e.offsetWidth))",
                    page.all(".tile"),
                )
                < 80
            )
            assert page.run(_STICKING_OUT) == []
        finally:
            page.cdp("Emulation.clearDeviceMetricsOverride")
            late.stop()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_can_be_read_by_day_and_by_night(page: Page, flower: Path, scheme: str) -> None:
    page.cdp(
        "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
    )
    page.choose(flower)
    page.wait_for_results_of("bed 01.png")
    page.run("document.getElementById('notice').hidden = false")
    for pair in page.run(_COLOURS):
        name, ink, paper = pair
        assert _contrast(ink, paper) >= 4.5, (name, ink, paper)
    dark = _luminance(page.run("return getComputedStyle(document.documentElement).backgroundColor"))
    assert (dark < 0.1) == (scheme == "dark")


def test_reduced_motion_is_respected(page: Page) -> None:
    page.cdp(
        "Emulation.setEmulatedMedia",
        features=[{"name": "prefers-reduced-motion", "value": "reduce"}],
    )
    moving = page.run(
        "return [...document.querySelectorAll('*')].filter((e) =>"
        " getComputedStyle(e).transitionDuration !== '0s').length"
    )
    assert moving == 0


# ---- while indexing


def test_an_empty_library_says_how_to_begin_and_fills_by_itself(
    driver: webdriver.Chrome, tmp_path: Path, photographs: Path
) -> None:
    with Library.open(tmp_path / "library", create=True) as library:
        running = Running(library.folder)
        try:
            page = Page(driver, running.url)
            page.open()
            page.wait(page.by_id("steps").is_displayed)
            assert page.text("steps-command").startswith("lookalike index --library ")
            assert os.fspath(library.folder) in page.text("steps-command")
            library.index(photographs)
            page.wait(lambda: len(page.all(".tile")) == 13)
            page.wait(lambda: page.text("status") == "13 pictures")
            assert not page.by_id("steps").is_displayed()
        finally:
            running.stop()


def test_indexing_is_shown_while_it_goes_on(driver: webdriver.Chrome, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    for seed in range(150):
        (tmp_path / "pictures" / f"{seed}.jpg").write_bytes(make_jpeg(textured(seed=seed)))
    seen = threading.Event()

    def hold(event: Event) -> None:
        if isinstance(event, Progress) and event.done:
            seen.wait(60)  # a quick machine is done before the page is there

    with Library.open(tmp_path / "library", create=True) as library:
        running = Running(library.folder)
        filling = threading.Thread(
            target=library.index, args=[tmp_path / "pictures"], kwargs={"on_event": hold}
        )
        filling.start()
        try:
            page = Page(driver, running.url)
            page.open()
            page.wait(page.by_id("progress").is_displayed)
            words = page.wait(lambda: "images/s" in page.text("status") and page.text("status"))
            assert re.match(r"\d+ pictures? · indexing \d+ of 150 · ", words)
            assert "left" in words
            seen.set()
            page.wait(lambda: page.text("status") == "150 pictures", seconds=60)
            assert not page.by_id("progress").is_displayed()
            assert len(page.all(".tile")) == 24
        finally:
            seen.set()
            filling.join()
            running.stop()


def test_trouble_with_indexing_is_told(driver: webdriver.Chrome, tmp_path: Path) -> None:
    Library.open(tmp_path / "library", create=True).close()
    running = Running(tmp_path / "library", tmp_path / "no such folder")
    try:
        page = Page(driver, running.url)
        page.open()
        page.wait(page.by_id("notice").is_displayed)
        assert "no such folder" in page.text("notice-text")
    finally:
        running.stop()


# ---- tools

NAMES = [
    ("a b/é 🦊.jpg", "a b/é 🦊.jpg"),
    ("x\ty\nz\r", r"x\ty\nz\r"),
    ("\x00\x1b[31m\x7f\x9b", r"\x00\x1b[31m\x7f\x9b"),
    ("caf\udce9", r"caf\udce9"),
    ("one\u2028two\u2029", r"one\u2028two\u2029"),
    ("\u202egpj.exe \u2066x\u2069", r"\u202egpj.exe \u2066x\u2069"),
    ("\ufffe \U000e0000 \U0010ffff", r"\ufffe \U000e0000 \U0010ffff"),
    ("9.41\u202fPM \u2009\xa0\u3000", "9.41\u202fPM \u2009\xa0\u3000"),
    ("\U0001f468\u200d\U0001f469 \u2764\ufe0f", "\U0001f468\u200d\U0001f469 \u2764\ufe0f"),
    (r"back\slash \n", r"back\slash \n"),
    ("\u05e9\u05dc\u05d5\u05dd \u200e\u200f", "\u05e9\u05dc\u05d5\u05dd \u200e\u200f"),
]
"""Names as they are, and as one line that can be shown."""

_PRINTABLE = """
import(new URL("text.js", document.querySelector('script[type=module]').src)).then(
  ({printable}) => arguments[1](JSON.parse(arguments[0]).map(printable)),
  (error) => arguments[1](String(error)));
"""

_HAND_OVER = """
const bytes = Uint8Array.from(atob(arguments[0]), (char) => char.charCodeAt(0));
const file = new File([bytes], arguments[1], {type: "image/png"});
const drag = (kind) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(file);
  return new DragEvent(kind, {dataTransfer, bubbles: true, cancelable: true});
};
"""

_COPY = (
    _HAND_OVER
    + """
const done = arguments[2];
navigator.clipboard.write([new ClipboardItem({"image/png": file})])
  .then(() => done("copied"), (error) => done(String(error)));
"""
)

_COLOURS = """
const paper = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (!/, 0\\)$|^transparent$/.test(colour)) return colour;
  }
  return "rgb(255, 255, 255)";
};
const wanted = "h2, p, kbd, .score, .distance, .brand, .button, .status, .keys span";
return [...document.querySelectorAll(wanted)]
  .filter((e) => e.offsetParent && e.textContent.trim() && !e.closest(".bar"))
  .map((e) => [e.className || e.tagName, getComputedStyle(e).color, paper(e)]);
"""


_STICKING_OUT = """
const found = [];
for (const tile of document.querySelectorAll(".tile")) {
  const outer = tile.getBoundingClientRect();
  for (const inner of tile.querySelectorAll(".like, .score, .distance")) {
    if (!inner.offsetParent) continue;
    const box = inner.getBoundingClientRect();
    const out = box.left < outer.left || box.right > outer.right + 0.5 || box.bottom > outer.bottom;
    if (out) found.push([inner.className, outer.width, box.right - outer.right]);
  }
}
return found;
"""


def _handed(file: Path) -> tuple[str, str]:
    return base64.b64encode(file.read_bytes()).decode(), file.name


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it, of ``rgb(r, g, b)``."""
    parts = colour[colour.index("(") + 1 : -1].split(",")[:3]
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (float(part) / 255 for part in parts)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(ink: str, paper: str) -> float:
    low, high = sorted((_luminance(ink), _luminance(paper)))
    return (high + 0.05) / (low + 0.05)
