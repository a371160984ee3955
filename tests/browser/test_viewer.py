"""One picture, large, in a real Chromium: enlarged, compared, asked what its file says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from lookalike import Library
from tests.browser.page import Page, number_of
from tests.openers import ONLY_XDG, Opener
from tests.pictures import encode, full_exif, make_jpeg, textured
from tests.served import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAMES = ("lake.jpg", "plan.tif", "rose.jpg", "tall.jpg", "tree.jpg")
WIDE = 2600  # pixels of the scan, more than a preview has


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Five pictures: a scan that browsers cannot show, one with much to say, one that stands."""
    folder = tmp_path_factory.mktemp("viewed")
    (folder / "plan.tif").write_bytes(encode(textured(WIDE, 1300, seed=1), "TIFF"))
    (folder / "rose.jpg").write_bytes(make_jpeg(textured(seed=2), exif=full_exif()))
    (folder / "tall.jpg").write_bytes(make_jpeg(textured(240, 480, seed=3)))
    for seed, name in enumerate(("lake.jpg", "tree.jpg")):
        (folder / name).write_bytes(make_jpeg(textured(1600, 1200, seed=seed), quality=80))
    with Library.open(tmp_path_factory.mktemp("library"), create=True) as library:
        library.index(folder)
        yield library


@pytest.fixture(scope="module")
def opener(tmp_path_factory: pytest.TempPathFactory) -> Opener:
    return Opener(tmp_path_factory.mktemp("desktop"))


@pytest.fixture(scope="module")
def server(library: Library, opener: Opener) -> Iterator[Running]:
    """A server on a machine with a desktop."""
    with pytest.MonkeyPatch.context() as patch:
        opener.move_in(patch)
        running = Running(library.folder)
    yield running
    running.stop()


@pytest.fixture
def page(blank: Page) -> Page:
    return blank


def large(page: Page, library: Library, name: str, *, asked: str = "lake.jpg") -> None:
    """A result in the large view."""
    page.open(f"?like={number_of(library, asked)}")
    page.wait_for_results_of(asked)
    number = number_of(library, name)
    page.run(f"document.querySelector('[data-id=\"{number}\"] .open').click()")
    page.wait(lambda: page.text("viewer-name") == name)
    page.wait(lambda: "Size" in page.text("viewer-facts"))
    settled(page)


def settled(page: Page) -> None:
    """Two frames later: what was wished for is shown."""
    page.driver.execute_async_script(
        "requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame("
        "() => arguments[0]())))"
    )


def frame(page: Page, selector: str = "#viewer-frame") -> dict[str, float]:
    found: dict[str, float] = page.run(
        "const r = document.querySelector(arguments[0]).getBoundingClientRect();"
        "return {left: r.left, top: r.top, width: r.width, height: r.height,"
        " right: r.right, bottom: r.bottom}",
        selector,
    )
    return found


def source(page: Page, name: str = "viewer-image") -> str:
    return str(page.by_id(name).get_property("src"))


# ---- enlarging


def test_keys_enlarge_and_move_and_lead_on_when_it_fits(page: Page, library: Library) -> None:
    large(page, library, "rose.jpg")
    fits = frame(page)
    assert fits["width"] / fits["height"] == pytest.approx(240 / 320, abs=0.01)
    page.press("+", "+")
    settled(page)
    larger = frame(page)
    assert larger["width"] == pytest.approx(fits["width"] * 1.4**2, rel=0.01)
    assert (larger["left"] + larger["right"]) / 2 == pytest.approx(
        (fits["left"] + fits["right"]) / 2, abs=1
    )
    page.press(Keys.ARROW_DOWN)
    settled(page)
    assert frame(page)["bottom"] < larger["bottom"]
    for _ in range(9):
        page.press(Keys.ARROW_DOWN)
    settled(page)
    stage = frame(page, "#viewer-pane")
    assert frame(page)["bottom"] == pytest.approx(stage["bottom"], abs=1)  # and no further
    assert page.text("viewer-name") == "rose.jpg"
    page.press("-", "0")
    settled(page)
    assert frame(page) == pytest.approx(fits, abs=0.5)
    before = page.text("viewer-name")
    page.press(Keys.ARROW_LEFT)
    page.wait(lambda: page.text("viewer-name") != before)
    page.press("+", Keys.PAGE_DOWN)
    page.wait(lambda: page.text("viewer-name") == before)
    settled(page)
    assert frame(page) == pytest.approx(fits, abs=0.5)


def test_all_pixels_are_fetched_when_they_can_be_seen(page: Page, library: Library) -> None:
    large(page, library, "plan.tif")
    page.wait(lambda: "/preview?" in source(page))
    assert "side=" not in source(page)
    page.press("1")
    page.wait(lambda: "side=8192" in source(page))
    page.wait(lambda: page.by_id("viewer-image").get_property("naturalWidth") == WIDE)
    assert frame(page)["width"] == pytest.approx(WIDE, abs=1)
    assert page.text("viewer-scale") == "100 %"
    page.by_id("viewer-larger").click()
    page.by_id("viewer-larger").click()
    page.by_id("viewer-larger").click()
    page.wait(lambda: "beyond" in str(page.by_id("viewer-stage").get_attribute("class")))
    page.by_id("viewer-scale").click()
    page.wait(lambda: frame(page)["width"] < WIDE)


def test_the_wheel_enlarges_what_is_under_it(page: Page, library: Library) -> None:
    large(page, library, "tree.jpg")
    fits = frame(page)
    x, y = int(fits["left"] + fits["width"] * 0.25), int(fits["top"] + fits["height"] * 0.25)
    wheel = ActionChains(page.driver)
    wheel.scroll_from_origin(ScrollOrigin.from_viewport(x, y), 0, -300).perform()
    page.wait(lambda: frame(page)["width"] > fits["width"] * 1.5)
    settled(page)
    now = frame(page)
    assert (x - now["left"]) / now["width"] == pytest.approx(0.25, abs=0.01)
    assert (y - now["top"]) / now["height"] == pytest.approx(0.25, abs=0.01)
    ActionChains(page.driver).scroll_from_origin(ScrollOrigin.from_viewport(x, y), 0, 900).perform()
    page.wait(lambda: frame(page) == pytest.approx(fits, abs=0.5))


def test_a_double_click_goes_to_the_pixels_and_a_drag_moves_them(
    page: Page, library: Library
) -> None:
    large(page, library, "lake.jpg", asked="rose.jpg")
    fits = frame(page)
    stage = page.by_id("viewer-pane")
    ActionChains(page.driver).move_to_element(stage).double_click().perform()
    page.wait(lambda: frame(page)["width"] > fits["width"] * 2)
    settled(page)
    before = frame(page)
    drag = ActionChains(page.driver).move_to_element(stage).click_and_hold()
    drag.move_by_offset(60, 40).release().perform()
    page.wait(lambda: frame(page)["left"] == pytest.approx(before["left"] + 60, abs=2))
    assert page.by_id("viewer").is_displayed()
    ActionChains(page.driver).move_to_element(stage).pause(0.5).double_click().perform()
    page.wait(lambda: frame(page) == pytest.approx(fits, abs=0.5))
    ActionChains(page.driver).move_to_element_with_offset(
        stage, -int(frame(page, "#viewer-pane")["width"] / 2) + 5, 0
    ).click().perform()  # beside the picture
    page.wait(lambda: not page.by_id("viewer").is_displayed())


def touch(page: Page, kind: str, *points: tuple[float, float]) -> None:
    page.cdp(
        "Input.dispatchTouchEvent",
        type=kind,
        touchPoints=[{"x": x, "y": y, "id": at} for at, (x, y) in enumerate(points)],
    )


def test_fingers_pinch_swipe_and_tap(page: Page, library: Library) -> None:
    page.cdp("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=2)
    page.screen(360, 740)
    large(page, library, "lake.jpg", asked="rose.jpg")
    assert page.overflow() == []
    fits = frame(page)
    middle = fits["top"] + fits["height"] / 2
    touch(page, "touchStart", (150, middle), (210, middle))
    for more in range(10, 70, 10):
        touch(page, "touchMove", (150 - more, middle), (210 + more, middle))
    touch(page, "touchEnd")
    page.wait(lambda: frame(page)["width"] == pytest.approx(fits["width"] * 3, rel=0.05))
    settled(page)
    before = frame(page)
    touch(page, "touchStart", (180, middle))
    touch(page, "touchMove", (190, middle))
    touch(page, "touchMove", (240, middle))
    touch(page, "touchEnd")
    page.wait(lambda: frame(page)["left"] > before["left"] + 40)
    assert page.text("viewer-name") == "lake.jpg"
    page.press("0")
    page.wait(lambda: frame(page) == pytest.approx(fits, abs=0.5))
    name = page.text("viewer-name")
    at_first = page.by_id("viewer-previous").get_property("disabled")
    ends = (60, 300) if not at_first else (300, 60)
    touch(page, "touchStart", (ends[0], middle))
    for part in (0.3, 0.6, 1):
        touch(page, "touchMove", (ends[0] + (ends[1] - ends[0]) * part, middle))
    touch(page, "touchEnd")
    page.wait(lambda: page.text("viewer-name") != name)


# ---- what the file says, and where it is


def test_what_the_file_says_is_there_for_each_picture(page: Page, library: Library) -> None:
    large(page, library, "rose.jpg")
    assert page.text("viewer-said") == ""
    page.run("document.querySelector('#viewer-metadata summary').focus()")
    page.press(Keys.ENTER)
    page.wait(lambda: "LensAcme Wide 35" in page.text("viewer-said"))
    said = page.text("viewer-said")
    for fact in ("Exposure1/250 s", "Aperturef/2.8", "SensitivityISO 400", "Keywordsred, rose"):
        assert fact in said
    assert "In the fileon its side" in said
    page.press(Keys.PAGE_DOWN)
    page.wait(lambda: page.text("viewer-name") != "rose.jpg")
    page.wait(lambda: page.text("viewer-skipped") == "The file says nothing more.")
    page.run("document.querySelector('#viewer-metadata').open = false")


@ONLY_XDG
def test_the_folder_is_opened(page: Page, library: Library, opener: Opener) -> None:
    large(page, library, "rose.jpg")
    page.by_id("viewer-reveal").click()
    page.wait(lambda: page.text("viewer-note") == "The file manager opens.")
    path = Path(library.record(number_of(library, "rose.jpg")).path)
    assert opener.asked() == [os.fsencode(path.parent)]


# ---- comparing


def test_the_query_stands_beside_the_result_and_moves_with_it(page: Page, library: Library) -> None:
    asked = number_of(library, "lake.jpg")
    page.open(f"?like={asked}&box=0.25,0.25,0.5,0.5")
    page.wait_for_results_of("lake.jpg")
    page.all(".tile .open")[0].click()
    page.wait(lambda: "Size" in page.text("viewer-facts"))
    assert not page.by_id("viewer-pane-asked").is_displayed()
    page.press("c")
    page.wait(page.by_id("viewer-pane-asked").is_displayed)
    page.wait(lambda: f"/api/images/{asked}/" in source(page, "viewer-asked-image"))
    assert page.text("viewer-asked-name") == "lake.jpg"
    query, box = frame(page, ".asked"), frame(page, ".asked-box")
    assert query["right"] <= frame(page)["left"]
    assert box["left"] == pytest.approx(query["left"] + query["width"] / 4, abs=1)
    assert box["width"] == pytest.approx(query["width"] / 2, abs=1)
    page.press("+", "+", "+", Keys.ARROW_RIGHT)
    settled(page)
    transforms = page.run(
        "return [...document.querySelectorAll('.sheet')].map((one) => one.style.transform)"
    )
    assert transforms[0] == transforms[1]
    assert "scale(2.7" in transforms[0]
    # from the pane of the query, too
    x, y = int(query["left"] + 50), int(query["top"] + 50)
    wheel = ActionChains(page.driver)
    wheel.scroll_from_origin(ScrollOrigin.from_viewport(x, y), 0, -300).perform()
    settled(page)
    after = page.run(
        "return [...document.querySelectorAll('.sheet')].map((one) => one.style.transform)"
    )
    assert after[0] == after[1] != transforms[0]
    # and it stays so for the next picture
    page.press(Keys.PAGE_DOWN)
    settled(page)
    assert page.by_id("viewer-pane-asked").is_displayed()
    page.press("c", "c", "c", Keys.ESCAPE)


def test_an_upload_is_laid_over_the_result(page: Page, library: Library, tmp_path: Path) -> None:
    (tmp_path / "mine.jpg").write_bytes(make_jpeg(textured(300, 300, seed=9)))
    page.open()
    page.choose(tmp_path / "mine.jpg")
    page.wait_for_results_of("mine.jpg")
    page.all(".tile .open")[0].click()
    page.wait(lambda: "Size" in page.text("viewer-facts"))
    page.run("document.querySelector('[value=over]').click()")
    page.wait(lambda: source(page, "viewer-asked-image").startswith("blob:"))
    page.wait(lambda: frame(page, ".asked")["width"] == pytest.approx(
        min(frame(page)["width"], frame(page)["height"]), abs=1
    ))  # fmt: skip
    asked = page.run("return document.querySelector('.asked')")
    assert asked.value_of_css_property("opacity") == "0.5"
    name = page.text("viewer-name")
    page.by_id("viewer-blend").send_keys(Keys.ARROW_RIGHT)
    page.wait(lambda: asked.value_of_css_property("opacity") == "0.51")
    assert page.text("viewer-name") == name  # the slider's arrow was the slider's
    page.press("b")
    assert asked.value_of_css_property("opacity") == "0"
    page.press("b")
    assert asked.value_of_css_property("opacity") == "1"
    page.press("c", "c")
    assert page.all(".asked") == []
    page.press(Keys.ESCAPE)


def test_a_query_that_browsers_cannot_show_is_told(
    page: Page, library: Library, tmp_path: Path
) -> None:
    (tmp_path / "mine.tif").write_bytes(encode(textured(seed=9), "TIFF"))
    page.open()
    page.choose(tmp_path / "mine.tif")
    page.wait_for_results_of("mine.tif")
    page.all(".tile .open")[0].click()
    page.wait(lambda: "Size" in page.text("viewer-facts"))
    page.press("c")
    page.wait(page.by_id("viewer-asked-broken").is_displayed)
    page.press("c", "c", "c")
    assert not page.by_id("viewer-asked-broken").is_displayed()
    page.press(Keys.ESCAPE)


def test_on_a_phone_they_stand_one_above_the_other(page: Page, library: Library) -> None:
    page.screen(320, 640)
    large(page, library, "rose.jpg")
    page.press("c")
    page.wait(page.by_id("viewer-pane-asked").is_displayed)
    settled(page)
    assert frame(page, ".asked")["bottom"] <= frame(page)["top"]
    assert page.overflow() == []
    page.press("c")
    assert page.by_id("viewer-blend").is_displayed()
    assert page.overflow() == []
    page.press("c")
    assert page.by_id("viewer-wipe").is_displayed()
    assert page.overflow() == []
    page.press("c", Keys.ESCAPE)


def at_point(page: Page, x: float, y: float) -> str:
    """Which of the two pictures a point of the screen shows: the id of its pane."""
    return str(page.run(
        "const shown = document.elementsFromPoint(arguments[0], arguments[1])"
        ".find((one) => one.closest('.pane')); return shown.closest('.pane').id", x, y
    ))  # fmt: skip


def test_a_line_is_drawn_across_from_the_query_to_the_result(page: Page, library: Library) -> None:
    large(page, library, "lake.jpg", asked="rose.jpg")
    page.run("document.querySelector('#viewer-compare [value=wipe]').click()")
    settled(page)
    wipe = page.by_id("viewer-wipe")
    stage = frame(page, ".panes")
    middle, y = stage["left"] + stage["width"] / 2, stage["top"] + stage["height"] / 2
    query, result = frame(page, ".asked"), frame(page)
    assert query["width"] <= result["width"] + 1
    assert query["height"] <= result["height"] + 1
    for one in ("left", "top"):  # in the middle of each other
        centre = [
            box[one] + box["width" if one == "left" else "height"] / 2 for box in (query, result)
        ]
        assert centre[0] == pytest.approx(centre[1], abs=1)
    assert at_point(page, middle - 30, y) == "viewer-pane-asked"
    for button in ("viewer-smaller", "viewer-next"):  # which the picture does not lie over
        page.by_id(button).click()
    page.press("0")
    settled(page)
    assert at_point(page, middle + 30, y) == "viewer-pane"
    ActionChains(page.driver).move_to_element(wipe).click_and_hold().move_by_offset(
        120, 0
    ).release().perform()
    assert float(str(wipe.get_property("value"))) == pytest.approx(
        50 + 100 * 120 / (stage["width"] - 32), abs=1
    )
    assert at_point(page, middle + 80, y) == "viewer-pane-asked"
    name, before = page.text("viewer-name"), float(str(wipe.get_property("value")))
    wipe.send_keys(Keys.ARROW_LEFT)
    assert float(str(wipe.get_property("value"))) == before - 0.5
    assert page.text("viewer-name") == name  # the arrow was the line's
    assert str(wipe.get_attribute("aria-valuetext")).startswith("The query on the left ")
    page.press("+", "+")
    settled(page)
    transforms = page.run(
        "return [...document.querySelectorAll('.sheet')].map((one) => one.style.transform)"
    )
    assert transforms[0] == transforms[1]
    page.press("b")
    assert at_point(page, stage["right"] - 100, y) == "viewer-pane" or (
        float(str(wipe.get_property("value"))) == 0
    )
    page.press("c", Keys.ESCAPE)


def test_any_picture_of_the_query_can_be_compared_with(page: Page, library: Library) -> None:
    lake, rose = number_of(library, "lake.jpg"), number_of(library, "rose.jpg")
    page.open(f"?like={lake}&unlike={rose}")
    page.wait(lambda: page.view() == "result" and page.by_id("tray").is_displayed())
    page.all(".tile .open")[0].click()
    page.wait(lambda: "Size" in page.text("viewer-facts"))
    assert not page.by_id("viewer-with").is_displayed()
    page.press("c")
    page.wait(lambda: f"/api/images/{lake}/" in source(page, "viewer-asked-image"))
    names = [one.text for one in Select(page.by_id("viewer-with")).options]
    assert names == ["lake.jpg", "rose.jpg (unlike it)"]
    Select(page.by_id("viewer-with")).select_by_index(1)
    page.wait(lambda: f"/api/images/{rose}/" in source(page, "viewer-asked-image"))
    assert page.text("viewer-asked-name") == "rose.jpg"
    page.run("document.querySelector('#viewer-compare [value=over]').click()")
    page.press(Keys.PAGE_DOWN)
    settled(page)
    assert f"/api/images/{rose}/" in source(page, "viewer-asked-image")
    page.press("c", "c", Keys.ESCAPE)


# ---- for other parts of the page


def module(page: Page, script: str, *arguments: Any) -> Any:
    """Run a script that has the viewer's exports as `viewer`; what `done` is given."""
    return page.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "import(new URL('viewer.js', document.querySelector('script[type=module]').src))"
        ".then((viewer) => {"
        f"{script} }})",
        *arguments,
    )


def test_a_list_may_be_fetched_as_one_goes(page: Page, library: Library) -> None:
    page.open()
    page.wait(lambda: len(page.all(".tile")) == len(NAMES))
    ids = [number_of(library, name) for name in NAMES]
    module(
        page,
        "const later = (id) => new Promise((go) => setTimeout("
        " () => fetch(`api/images/${id}`).then((answer) => answer.json()).then(go), 30));"
        "const list = { length: arguments[0].length, at: (index) => later(arguments[0][index]) };"
        "viewer.view(list, 1, { closed: (at) => { window.closedAt = at; }, like() {} }); done();",
        ids,
    )
    page.wait(lambda: page.text("viewer-name") == NAMES[1])
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_LEFT)
    page.wait(lambda: page.text("viewer-name") == NAMES[2])
    page.press(Keys.END)
    page.wait(lambda: page.text("viewer-name") == NAMES[-1])
    assert not page.by_id("viewer-compare").is_displayed()
    page.press(Keys.ESCAPE)
    page.wait(lambda: page.run("return window.closedAt") == len(NAMES) - 1)


def test_a_tool_draws_over_the_picture(page: Page, library: Library) -> None:
    page.open()
    module(
        page,
        "window.drawn = [];"
        "viewer.addTool({ label: 'Why', icon: 'similar',"
        " show(layer, picture, asked) {"
        "  const here = [layer.childElementCount, picture.relative, asked?.examples[0].name];"
        "  drawn.push([...here, layer.parentNode.id]);"
        "  layer.append('here'); },"
        " hide() { drawn.push('hidden'); } }); done();",
    )
    page.run("history.replaceState(history.state, '', arguments[0])", page.url)
    lake = number_of(library, "lake.jpg")
    page.run("document.querySelector(`[data-id='${arguments[0]}'] .open`).click()", lake)
    page.wait_for_results_of("lake.jpg")
    page.all(".tile .open")[0].click()
    page.wait(lambda: "Size" in page.text("viewer-facts"))
    first = page.text("viewer-name")
    assert page.run("return drawn") == []
    page.run("document.querySelector('#viewer-tools button').click()")
    page.press(Keys.PAGE_DOWN)
    page.wait(lambda: page.text("viewer-name") != first)
    second = page.text("viewer-name")
    page.press(Keys.ESCAPE)
    page.wait(lambda: len(page.run("return drawn")) == 3)
    assert page.run("return drawn") == [
        [0, first, "lake.jpg", "viewer-frame"],
        [0, second, "lake.jpg", "viewer-frame"],
        "hidden",
    ]


def test_what_is_typed_is_no_key_of_the_viewer(page: Page, library: Library) -> None:
    large(page, library, "rose.jpg")
    page.run(
        "const field = document.createElement('input'); field.id = 'typed';"
        "document.getElementById('viewer-marks').append(field); field.focus()"
    )
    page.press("m", "1", "+", Keys.ARROW_LEFT, Keys.HOME)
    assert page.by_id("viewer").is_displayed()
    assert page.by_id("typed").get_property("value") == "m1+"
    assert page.text("viewer-name") == "rose.jpg"
    page.press(Keys.ESCAPE)


def test_the_next_picture_is_there_before_one_goes_to_it(page: Page, library: Library) -> None:
    large(page, library, "rose.jpg")
    page.wait(lambda: "rose" in page.text("viewer-name"))
    page.wait(
        lambda: (
            page.run(
                "return performance.getEntriesByType('resource').filter(({ name }) =>"
                " name.includes('/preview?') || name.includes('/file?')).length"
            )
            >= 2
        )
    )


def test_a_list_that_cannot_be_read_is_told(page: Page) -> None:
    page.open()
    module(
        page,
        "const list = { length: 3, at: () => Promise.reject(new Error('No answer.')) };"
        "viewer.view(list, 1, { closed() {}, like() {} }); done();",
    )
    page.wait(lambda: page.text("viewer-broken") == "No answer.")
    page.press(Keys.ESCAPE)
