"""The page of the map in a real Chromium: what a person does → what they see."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from lookalike import Library
from tests.browser.page import Page
from tests.maps import write_folders
from tests.served import Running
from tests.small_libraries import tiny_model

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# As on a machine with a graphics card: what the processor does instead counts as one.
GRAPHICS = """
const real = WebGL2RenderingContext.prototype.getParameter;
WebGL2RenderingContext.prototype.getParameter = function (name) {
  const told = real.call(this, name);
  return typeof told === "string" ? told.replace(/swiftshader/gi, "a card") : told;
};
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Two kinds of pictures, with the map that they have."""
    base = tmp_path_factory.mktemp("map")
    write_folders(base / "pictures", "boats", "cats", each=40)
    with Library.open(base / "library", model=tiny_model(base), create=True) as library:
        library.index(base / "pictures")
        library.map(threads=1)
        yield library


@pytest.fixture
def page(blank: Page) -> Page:
    show(blank)
    return blank


def show(page: Page, tail: str = "") -> None:
    page.driver.get(f"{page.url}map{tail}")
    page.wait(lambda: page.by_id("points").get_attribute("data-closeness"))
    settle(page)


def settle(page: Page) -> None:
    """Until the pictures of the view at rest are there."""
    page.driver.execute_async_script("setTimeout(arguments[0], 250)")
    page.wait(lambda: page.run("return [...document.images].every((one) => one.complete)"))


def shown(page: Page) -> list[dict[str, float]]:
    """Where the pictures are."""
    boxes: list[dict[str, float]] = page.run(
        "return [...document.querySelectorAll('.thumbs img')]"
        ".map((one) => one.getBoundingClientRect().toJSON())"
    )
    return boxes


def data(page: Page, name: str) -> str:
    return str(page.by_id("points").get_attribute(f"data-{name}"))


def closeness(page: Page) -> float:
    return float(data(page, "closeness"))


def colours(page: Page) -> int:
    """How many pixels of the plane have the colour of a point, with the pictures out of the way."""
    page.run("document.getElementById('thumbs').hidden = true")
    with Image.open(io.BytesIO(page.by_id("points").screenshot_as_png)) as shot:
        saturation = np.asarray(shot.convert("HSV"))[..., 1]
    page.run("document.getElementById('thumbs').hidden = false")
    return int((saturation > 90).sum())


def drag(page: Page, *moves: tuple[int, int], keys: str = "") -> None:
    """Press in the middle of the first place, relative to the middle of the map, and go on."""
    chain = ActionChains(page.driver, duration=20)
    if keys:
        chain.key_down(keys)
    chain.move_to_element_with_offset(page.by_id("points"), *moves[0]).click_and_hold()
    for (x0, y0), (x1, y1) in itertools.pairwise(moves):
        chain.move_by_offset(x1 - x0, y1 - y0)
    chain.release()
    if keys:
        chain.key_up(keys)
    chain.perform()


def around_all(page: Page) -> list[tuple[int, int]]:
    box = page.by_id("points").rect
    right, down = int(box["width"]) // 2 - 4, int(box["height"]) // 2 - 4
    return [(-right, -down), (right - 60, -down), (right - 60, down), (-right, down)]


def test_every_picture_is_drawn(page: Page) -> None:
    assert (data(page, "points"), data(page, "drawn")) == ("80", "by hand")
    assert colours(page) > 500
    assert len(page.all(".thumbs img")) > 3
    assert "80 pictures, 2 clusters" in page.text("state")
    boxes = shown(page)
    for at, one in enumerate(boxes):
        for other in boxes[at + 1 :]:
            apart = max(abs(one["x"] - other["x"]), abs(one["y"] - other["y"]))
            assert apart >= one["width"]


def test_a_graphics_card_draws_the_same(page: Page) -> None:
    by_hand = colours(page)
    script = page.cdp("Page.addScriptToEvaluateOnNewDocument", source=GRAPHICS)
    show(page)
    assert data(page, "drawn") == "by graphics"
    assert colours(page) == pytest.approx(by_hand, rel=0.5)
    page.by_id("points").send_keys("+")
    page.wait(lambda: closeness(page) == 1.5)
    page.all(".clusters .round")[0].click()
    page.wait(lambda: data(page, "selected") == "40")
    page.cdp("Page.removeScriptToEvaluateOnNewDocument", identifier=script["identifier"])


def test_the_wheel_and_the_keys_zoom_and_move(page: Page) -> None:
    assert closeness(page) == 1
    scroll = webdriver.common.actions.wheel_input.ScrollOrigin.from_element(page.by_id("points"))
    ActionChains(page.driver).scroll_from_origin(scroll, 0, -400).perform()
    page.wait(lambda: closeness(page) > 1.5)
    page.by_id("points").send_keys("0")
    page.wait(lambda: closeness(page) == 1)
    settle(page)
    before = shown(page)
    page.by_id("points").send_keys(Keys.ARROW_RIGHT)
    page.wait(lambda: shown(page) != before)
    page.by_id("points").send_keys("+")
    page.wait(lambda: closeness(page) == 1.5)
    page.by_id("all").click()
    page.wait(lambda: closeness(page) == 1)
    drag(page, (0, 0), (60, 40))
    assert closeness(page) == 1
    assert page.driver.current_url.endswith("/map")


def test_a_lasso_selects_and_leads_to_a_search(page: Page) -> None:
    page.by_id("lasso-toggle").click()
    drag(page, *around_all(page))
    page.wait(lambda: data(page, "selected") == "80")
    assert page.text("selection-count") == "80 selected"
    assert page.text("selection-said") == "A search takes 32: those most in the middle."
    page.by_id("selection-search").click()
    page.wait(lambda: page.view() == "result")
    assert page.driver.current_url.count("like=") == 32


def test_shift_selects_too_and_escape_lets_go(page: Page) -> None:
    drag(page, *around_all(page), keys=Keys.SHIFT)
    page.wait(lambda: data(page, "selected") == "80")
    page.press(Keys.ESCAPE)
    page.wait(lambda: data(page, "selected") == "0")
    assert not page.by_id("selection").is_displayed()


@pytest.mark.usefixtures("unmarked")
def test_what_is_selected_is_marked_and_its_paths_copied(page: Page, library: Library) -> None:
    page.cdp("Browser.grantPermissions", permissions=["clipboardReadWrite"])
    page.all(".clusters .round")[0].click()
    page.wait(lambda: data(page, "selected") == "40")
    page.by_id("selection-copy").click()
    page.wait(lambda: "Copied" in page.text("selection-copy"))
    copied = page.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    page.by_id("selection-favourite").click()
    page.wait(lambda: page.text("selection-said") == "40 pictures are favourites.")
    favourites = [one.path for one in library.records() if library.marks(one)[0].favourite]
    assert sorted(copied.splitlines()) == sorted(favourites)
    page.by_id("selection-clear").click()
    page.wait(lambda: data(page, "selected") == "0")
    assert page.focused() == "points"


@pytest.fixture
def night(library: Library, unmarked: None) -> str:
    """What of the address asks for ten boats that are tagged."""
    boats = [one for one in library.records() if one.relative.startswith("boats/")][:10]
    library.mark(*boats, add=["night"])
    return "?tag=night"


@pytest.mark.parametrize("card", [False, True])
def test_what_does_not_pass_is_faint_and_out_of_reach(page: Page, night: str, card: bool) -> None:
    if card:
        script = page.cdp("Page.addScriptToEvaluateOnNewDocument", source=GRAPHICS)
    show(page)
    all_of_it = colours(page)
    show(page, night)
    page.wait(lambda: data(page, "passing") == "10")
    settle(page)
    assert colours(page) < 0.35 * all_of_it
    assert 0 < len(page.all(".thumbs img")) <= 10
    assert page.text("state").endswith("10 of them pass the filters.")
    drag(page, *around_all(page), keys=Keys.SHIFT)
    page.wait(lambda: data(page, "selected") == "10")
    rows = {item.text.split("\n")[0]: item for item in page.all(".clusters li")}
    assert rows["boats"].text.endswith("10 of 40 pictures")
    assert not rows["cats"].find_element(By.CSS_SELECTOR, ".round").is_enabled()
    if card:
        page.cdp("Page.removeScriptToEvaluateOnNewDocument", identifier=script["identifier"])


def test_filters_of_the_map_are_chosen_and_gone_back_from(page: Page, night: str) -> None:
    show(page)
    page.by_id("filters-toggle").click()
    page.wait(lambda: "night" in page.by_id("filter-tag").text)
    Select(page.by_id("filter-tag")).select_by_value("night")
    page.wait(lambda: data(page, "passing") == "10")
    assert page.driver.current_url.endswith(f"/map{night}")
    page.step(-1)
    page.wait(lambda: data(page, "passing") == "80")
    page.step(1)
    page.wait(lambda: data(page, "passing") == "10")
    page.by_id("filters-clear").click()
    page.wait(lambda: data(page, "passing") == "80")
    assert page.driver.current_url.endswith("/map")


def test_the_filter_goes_along_between_the_pages(page: Page, night: str) -> None:
    page.driver.get(f"{page.url}{night}")
    page.wait(lambda: page.view() == "list" and len(page.all(".tile")) == 10)
    page.by_id("to-map").click()
    page.wait(lambda: page.view() == "map" and data(page, "passing") == "10")
    page.by_id("home").click()
    page.wait(lambda: page.view() == "list" and len(page.all(".tile")) == 10)
    show(page, night)
    page.wait(lambda: data(page, "passing") == "10")
    settle(page)
    page.all(".clusters .round")[0].click() if "10 of" in page.all(".clusters li")[0].text else (
        page.all(".clusters .round")[1].click()
    )
    page.by_id("selection-search").click()
    page.wait(lambda: page.view() == "result")
    assert page.driver.current_url.endswith("&tag=night")
    assert page.driver.current_url.count("like=") == 10


def names(page: Page) -> list[str]:
    """What the clusters are called, in their order."""
    found: list[str] = page.run(
        "return [...document.querySelectorAll('.clusters strong')].map((one) => one.textContent)"
    )
    return found


def test_a_mark_changes_what_passes_and_names(page: Page, night: str) -> None:
    show(page, "?favourite=true")
    page.wait(lambda: data(page, "passing") == "0")
    page.by_id("filters-clear").click()
    page.wait(lambda: data(page, "passing") == "80")
    page.all(".clusters .round")[names(page).index("cats")].click()
    page.wait(lambda: data(page, "selected") == "40")
    page.all("#selection-tag summary")[0].click()
    page.by_id("selection-tag-new").send_keys("night", Keys.ENTER)
    page.wait(lambda: "night" in names(page))
    show(page, night)
    page.wait(lambda: data(page, "passing") == "50")


def test_a_filter_that_is_none_is_said_on_the_map(page: Page) -> None:
    show(page, "?from=soon")
    page.wait(lambda: "is no date" in page.text("notice-text"))
    assert data(page, "passing") == "80"
    assert all("400" in line or "from=soon" in line for line in page.complaints())


def test_clusters_are_a_list_for_the_keyboard(page: Page) -> None:
    items = page.all(".clusters li")
    assert sorted(item.text.split("\n")[0] for item in items) == ["boats", "cats"]
    go, pick = items[0].find_elements(By.TAG_NAME, "button")
    go.send_keys(Keys.ENTER)
    page.wait(lambda: closeness(page) > 1.5)
    pick.send_keys(Keys.ENTER)
    page.wait(lambda: data(page, "selected") == "40")
    assert page.text("announcer") == "40 pictures selected."


def test_a_picture_tells_its_name_and_leads_to_more_like_it(page: Page) -> None:
    image = page.all(".thumbs img")[0]
    ActionChains(page.driver).move_to_element(image).perform()
    page.wait(lambda: ".png" in page.text("card"))
    ActionChains(page.driver).click().perform()
    page.wait(lambda: "?like=" in page.driver.current_url)


def test_a_tap_shows_the_picture_first(page: Page) -> None:
    page.screen(390, 844)
    page.cdp("Emulation.setTouchEmulationEnabled", enabled=True)
    show(page)
    box = page.all(".thumbs img")[0].rect
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    page.cdp("Input.dispatchTouchEvent", type="touchStart", touchPoints=[place])
    page.cdp("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    page.wait(lambda: ".png" in page.text("card"))
    assert page.driver.current_url.endswith("/map")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_it_fits(
    page: Page, width: int, scheme: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page.cdp("Emulation.setEmulatedMedia",
             features=[{"name": "prefers-color-scheme", "value": scheme}])  # fmt: skip
    page.screen(width, 844, mobile=width < 500)
    show(page)
    assert page.overflow() == []
    page.driver.save_screenshot(str(tmp_path_factory.getbasetemp() / f"map-{width}-{scheme}.png"))


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[tuple[Library, Running]]:
    """A library without a map, and its server."""
    write_folders(tmp_path / "pictures", "boats", "cats")
    with Library.open(tmp_path / "library", model=tiny_model(tmp_path), create=True) as library:
        library.index(tmp_path / "pictures")
        running = Running(tmp_path / "library")
        yield library, running
        running.stop()


def test_the_map_is_drawn_when_it_is_asked_for(
    driver: webdriver.Chrome, fresh: tuple[Library, Running], tmp_path: Path
) -> None:
    library, running = fresh
    page = Page(driver, running.url)
    page.complaints()
    page.driver.get(f"{page.url}map")
    page.wait(lambda: "24 pictures take about a minute" in page.text("none-text"))
    page.by_id("draw").click()
    page.wait(lambda: data(page, "points") == "24")
    page.wait(lambda: page.text("announcer") == "The map is drawn.")
    write_folders(tmp_path / "pictures", "cats", each=2, first=12)
    library.index(tmp_path / "pictures")
    page.driver.refresh()
    page.wait(lambda: "2 pictures have no place yet" in page.text("state"))
    page.by_id("update").click()
    page.wait(lambda: data(page, "points") == "26")
    library.forget(tmp_path / "pictures")
    page.driver.refresh()
    page.wait(lambda: page.text("none-title") == "There are no pictures yet")
    assert page.complaints() == []
