"""Parts of pictures and several pictures as the question: what a person does → what they see."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from lookalike import Example, Library
from tests.browser.page import TOTAL, Late, Page, number_of
from tests.pictures import heic, textured

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Point = tuple[float, float]
HALF = (0.25, 0.25, 0.5, 0.5)


def expected(library: Library, *asked: Example) -> list[int]:
    return [hit.record.id for hit in library.search(asked)]


def shown(page: Page) -> list[int]:
    return [number for number, _, _ in page.results()]


def tail(page: Page) -> str:
    """The address below the server's."""
    return page.driver.current_url.removeprefix(page.url)


def box_of(page: Page) -> tuple[float, ...] | None:
    """The box on the picture as it is drawn, in fractions to two digits."""
    found: list[float] | None = page.run(
        "const box = document.querySelector('.region:not([hidden])')?.getBoundingClientRect();"
        "if (!box) return null;"
        "const all = document.querySelector('.canvas').getBoundingClientRect();"
        "return [(box.left - all.left) / all.width, (box.top - all.top) / all.height,"
        " box.width / all.width, box.height / all.height]"
    )
    return None if found is None else tuple(round(number, 2) for number in found)


def drag(page: Page, start: Point, end: Point, *, hold: bool = False) -> None:
    """Drag with the mouse between two places on the picture, in fractions of it."""
    canvas = page.all(".canvas")[0]
    wide, high = canvas.size["width"], canvas.size["height"]
    chain = ActionChains(page.driver, duration=20)
    chain.move_to_element_with_offset(
        canvas, round((start[0] - 0.5) * wide), round((start[1] - 0.5) * high)
    )
    chain.click_and_hold()
    across, down = round((end[0] - start[0]) * wide), round((end[1] - start[1]) * high)
    chain.move_by_offset(across // 2, down // 2).move_by_offset(
        across - across // 2, down - down // 2
    )
    if not hold:
        chain.release()
    chain.perform()


def open_cat(page: Page, library: Library, more: str = "") -> int:
    number = number_of(library, "cat.png")
    page.open(f"?like={number}{more}")
    page.wait(lambda: page.view() == "result" and page.text("query-name") == "cat.png")
    page.wait(lambda: page.run("return document.querySelector('.canvas img').naturalWidth"))
    return number


def add(page: Page, index: int, label: str) -> int:
    """Add the picture of a tile by its button; returns its number."""
    tile = page.all(".tile")[index]
    ActionChains(page.driver).move_to_element(tile).perform()
    button = tile.find_element(By.CSS_SELECTOR, f".add[title^='{label}']")
    page.wait(button.is_displayed)
    number = int(str(tile.get_attribute("data-id")))
    button.click()
    page.wait(lambda: str(number) in tail(page))
    return number


def tray(page: Page) -> list[tuple[str, str]]:
    rows = page.run(
        "return [...document.querySelectorAll('#tray:not([hidden]) .example')].map((row) =>"
        " [row.querySelector('.example-name').textContent,"
        " row.querySelector('.example-weight').textContent])"
    )
    return [(name, weight) for name, weight in rows]


def wait_for(page: Page, wanted: list[int]) -> None:
    page.wait(lambda: shown(page) == wanted and not page.by_id("grid").get_attribute("aria-busy"))


# ---- a part of the picture


def test_a_box_is_dragged_and_the_results_follow(page: Page, library: Library) -> None:
    number = open_cat(page, library)
    whole = shown(page)
    drag(page, (0.2, 0.1), (0.7, 0.6))
    page.wait(lambda: "box=" in tail(page))
    box = tuple(float(part) for part in tail(page).partition("box=")[2].split(","))
    assert box == pytest.approx((0.2, 0.1, 0.5, 0.5), abs=0.01)
    assert box_of(page) == pytest.approx(box, abs=0.02)
    assert len(box) == 4
    wait_for(page, expected(library, Example(number, box=box)))
    assert shown(page) != whole
    assert page.text("query-name") == "cat.png"
    assert not page.by_id("viewer").is_displayed()
    page.step(-1)
    page.wait(lambda: tail(page) == f"?like={number}" and shown(page) == whole)
    assert box_of(page) is None
    page.step(1)
    page.wait(lambda: box_of(page) == pytest.approx(box, abs=0.02))
    wait_for(page, expected(library, Example(number, box=box)))


def test_a_box_is_moved_and_resized_and_all_of_it_is_one_step_back(
    page: Page, library: Library
) -> None:
    number = open_cat(page, library)
    drag(page, (0.2, 0.2), (0.6, 0.6))
    page.wait(lambda: "box=" in tail(page))
    drag(page, (0.4, 0.4), (0.6, 0.6))
    page.wait(lambda: box_of(page) == pytest.approx((0.4, 0.4, 0.4, 0.4), abs=0.02))
    drag(page, (0.8, 0.8), (0.9, 1.0))  # by its corner
    page.wait(lambda: box_of(page) == pytest.approx((0.4, 0.4, 0.5, 0.6), abs=0.02))
    drag(page, (0.5, 0.5), (0.0, 0.0))  # not beyond the edge
    page.wait(lambda: box_of(page) == pytest.approx((0.0, 0.0, 0.5, 0.6), abs=0.02))
    page.wait(lambda: "box=0,0,0." in tail(page))
    page.step(-1)
    page.wait(lambda: tail(page) == f"?like={number}")


def test_results_follow_while_a_box_is_still_held(page: Page, library: Library) -> None:
    open_cat(page, library)
    drag(page, (0.2, 0.2), (0.6, 0.6), hold=True)
    page.wait(lambda: "box=" in tail(page))
    held = tail(page)
    ActionChains(page.driver, duration=20).move_by_offset(30, 20).perform()
    page.wait(lambda: tail(page) != held)
    ActionChains(page.driver).release().perform()
    assert box_of(page) is not None


def test_a_click_is_no_box(page: Page, library: Library) -> None:
    open_cat(page, library)
    page.all(".open-query")[0].click()
    page.wait(page.by_id("viewer").is_displayed)
    page.press(Keys.ESCAPE)
    page.wait(lambda: not page.by_id("viewer").is_displayed())
    assert box_of(page) is None


def test_a_box_by_keyboard(page: Page, library: Library) -> None:
    number = open_cat(page, library)
    page.by_id("region-toggle").send_keys(Keys.ENTER)
    page.wait(lambda: tail(page) == f"?like={number}&box=0.25,0.25,0.5,0.5")
    wait_for(page, expected(library, Example(number, box=HALF)))
    assert page.run("return document.activeElement.className") == "region"
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_UP)
    page.wait(lambda: tail(page) == f"?like={number}&box=0.29,0.23,0.5,0.5")
    ActionChains(page.driver).key_down(Keys.SHIFT).send_keys(
        Keys.ARROW_DOWN, Keys.ARROW_LEFT
    ).key_up(Keys.SHIFT).perform()
    page.wait(lambda: tail(page) == f"?like={number}&box=0.29,0.23,0.48,0.52")
    label = page.all(".region")[0].get_attribute("aria-label")
    assert (
        label == "Part of the picture: 29 % from the left, 23 % from the top, 48 % wide, 52 % high"
    )
    page.press(Keys.ESCAPE)
    page.wait(lambda: tail(page) == f"?like={number}")
    assert box_of(page) is None
    assert page.focused() == "region-toggle"
    assert page.text("region-toggle") == "Only a part of it"


def test_a_box_by_finger(page: Page, library: Library) -> None:
    page.screen(390, scale=2)
    page.cdp("Emulation.setTouchEmulationEnabled", enabled=True)
    open_cat(page, library)
    touch(page, (0.3, 0.3), (0.3, 0.8))  # which scrolls
    assert box_of(page) is None
    page.run("window.scrollTo(0, 0)")
    page.by_id("region-toggle").click()
    page.wait(lambda: "box=0.25,0.25" in tail(page))
    touch(page, (0.5, 0.5), (0.7, 0.6))
    page.wait(lambda: box_of(page) == pytest.approx((0.45, 0.35, 0.5, 0.5), abs=0.02))
    touch(page, (0.1, 0.1), (0.4, 0.3))
    page.wait(lambda: box_of(page) == pytest.approx((0.1, 0.1, 0.3, 0.2), abs=0.02))
    page.by_id("region-toggle").click()
    page.wait(lambda: "box" not in tail(page))


def touch(page: Page, start: Point, end: Point) -> None:
    """Drag with a finger."""
    left, top, wide, high = page.run(
        "const box = document.querySelector('.canvas').getBoundingClientRect();"
        "return [box.left, box.top, box.width, box.height]"
    )

    def at(x: float, y: float) -> list[dict[str, float]]:
        return [{"x": left + x * wide, "y": top + y * high}]

    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    page.cdp("Input.dispatchTouchEvent", type="touchStart", touchPoints=at(*start))
    for point in (middle, end):
        page.cdp("Input.dispatchTouchEvent", type="touchMove", touchPoints=at(*point))
    page.cdp("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])


def test_a_part_of_an_upload(page: Page, library: Library, flower: Path) -> None:
    page.choose(flower)
    whole = page.wait_for_results_of("bed 01.png")
    page.by_id("region-toggle").click()
    wanted = expected(library, Example(flower.read_bytes(), box=HALF))
    wait_for(page, wanted)
    assert tail(page) == ""
    page.step(-1)
    page.wait(lambda: page.results() == whole)
    page.step(1)
    page.wait(lambda: shown(page) == wanted and box_of(page) == HALF)
    address = page.all("#query-frame img")[0].get_property("src")
    assert page.driver.execute_async_script(
        "const image = new Image(); image.src = arguments[0];"
        "image.decode().then(() => arguments[1](true), () => arguments[1](false))",
        address,
    )


def test_a_picture_that_cannot_be_shown_has_no_box(page: Page, tmp_path: Path) -> None:
    (tmp_path / "phone.heic").write_bytes(heic(textured(seed=0)))
    page.choose(tmp_path / "phone.heic")
    page.wait_for_results_of("phone.heic")
    page.wait(lambda: not page.by_id("region-toggle").is_displayed())


# ---- several pictures


def test_like_these_unlike_those(page: Page, library: Library) -> None:
    cat = open_cat(page, library)
    one = add(page, 0, "Like this, too")
    wait_for(page, expected(library, Example(cat), Example(one)))
    other = add(page, 2, "Not like this")
    assert tail(page) == f"?like={cat}&like={one}&unlike={other}"
    wanted = expected(library, Example(cat), Example(one), Example(other, -0.5))
    wait_for(page, wanted)
    assert len(wanted) == TOTAL - 3
    assert [weight for _, weight in tray(page)] == ["like it 1.0", "like it 1.0", "unlike it 0.5"]
    assert page.driver.title == "Like cat.png and 2 more · Lookalike"
    page.step(-1)
    wait_for(page, expected(library, Example(cat), Example(one)))
    assert len(tray(page)) == 2
    page.step(-1)
    wait_for(page, expected(library, Example(cat)))
    assert tray(page) == []
    page.step(2)
    wait_for(page, wanted)
    page.driver.refresh()
    page.wait(lambda: page.view() == "result")
    wait_for(page, wanted)
    assert len(tray(page)) == 3


def test_a_weight_is_changed_and_the_results_follow(page: Page, library: Library) -> None:
    cat = open_cat(page, library)
    one = add(page, 0, "Like this, too")
    wait_for(page, expected(library, Example(cat), Example(one)))
    slider = page.all(".example input")[1]
    slider.send_keys(*[Keys.ARROW_LEFT] * 3)
    page.wait(lambda: tail(page) == f"?like={cat}&like={one}:0.7")
    wait_for(page, expected(library, Example(cat), Example(one, 0.7)))
    assert slider.get_attribute("aria-valuetext") == "like it, 0.7"
    slider.send_keys(*[Keys.ARROW_LEFT] * 12)
    page.wait(lambda: tail(page) == f"?like={cat}&unlike={one}")
    wait_for(page, expected(library, Example(cat), Example(one, -0.5)))
    assert page.run("return document.activeElement.type") == "range"
    page.step(-1)
    page.wait(lambda: tail(page) == f"?like={cat}&like={one}")
    assert tray(page)[1][1] == "like it 1.0"


def test_nothing_wanted_is_told_and_nothing_is_lost(page: Page, library: Library) -> None:
    cat = open_cat(page, library)
    one = add(page, 0, "Not like this")
    before = page.results()
    page.all(".example input")[0].send_keys(Keys.HOME)
    page.wait(page.by_id("notice").is_displayed)
    assert page.text("notice-text").startswith("No picture is wanted")
    assert page.results() == before
    assert tray(page)[0][1] == "unlike it 1.0"
    page.all(".example input")[0].send_keys(Keys.END)
    wait_for(page, expected(library, Example(cat), Example(one, -0.5)))
    page.wait(lambda: not page.by_id("notice").is_displayed())
    assert ["400" in message for message in page.complaints()] == [True]


def test_the_first_can_be_taken_out(page: Page, library: Library) -> None:
    open_cat(page, library)
    avoided = add(page, 0, "Not like this")
    one = add(page, 0, "Like this, too")
    page.all(".example .round")[0].click()
    page.wait(lambda: tail(page) == f"?like={one}&unlike={avoided}")
    assert page.text("query-name") == library.record(one).relative.rpartition("/")[2]
    page.all(".example .round")[1].click()
    page.wait(lambda: tail(page) == f"?like={one}")
    wait_for(page, expected(library, Example(one)))
    assert tray(page) == []


def test_the_keys_add_from_the_grid_and_from_the_viewer(page: Page, library: Library) -> None:
    cat = open_cat(page, library)
    first = shown(page)[0]
    page.press(Keys.ARROW_RIGHT, "+")
    page.wait(lambda: tail(page) == f"?like={cat}&like={first}")
    page.wait(lambda: page.focused() == "results")
    second = shown(page)[0]
    page.press(Keys.ARROW_RIGHT, Keys.ENTER)
    page.wait(lambda: page.text("viewer-name"))
    page.press("u")
    page.wait(lambda: tail(page) == f"?like={cat}&like={first}&unlike={second}")
    assert not page.by_id("viewer").is_displayed()
    page.all(".tile .open")[0].click()
    third = shown(page)[0]
    page.by_id("viewer-add").click()
    page.wait(lambda: tail(page).endswith(f"&like={third}"))


def test_a_picture_is_added_to_an_upload(page: Page, library: Library, flower: Path) -> None:
    page.choose(flower)
    page.wait_for_results_of("bed 01.png")
    tile = page.all(".tile")[1]
    number = int(str(tile.get_attribute("data-id")))
    tile.find_element(By.CSS_SELECTOR, ".open").send_keys("-")
    wanted = expected(library, Example(flower.read_bytes()), Example(number, -0.5))
    wait_for(page, wanted)
    assert tail(page) == ""
    assert next(name for name, _ in tray(page)) == "bed 01.png"


# ---- the address


def test_an_address_leads_to_the_whole_query(page: Page, library: Library) -> None:
    cat, one, other = (number_of(library, name) for name in ("cat.png", "bed 01.png", "rocket.jpg"))
    address = f"?like={cat}&box=0.1,0.2,0.5,0.6&like={one}:0.5&unlike={other}:0.3"
    page.open(address)
    box = (0.1, 0.2, 0.5, 0.6)
    asked = (Example(cat, box=box), Example(one, 0.5), Example(other, -0.3))
    page.wait(lambda: page.view() == "result")
    wait_for(page, expected(library, *asked))
    assert box_of(page) == box
    assert [weight for _, weight in tray(page)] == ["like it 1.0", "like it 0.5", "unlike it 0.3"]
    assert tail(page) == address


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("?unlike={cat}", "No picture is wanted"),
        ("?like={cat}&unlike={cat}:1", "cancel each other out"),
        ("?like={cat}&box=0.5,0.5,0.6,0.6", "reaches beyond the picture"),
        ("?like={cat}&like=999999", "no picture with the number 999999"),
    ],
)
def test_an_address_that_has_no_answer_leads_to_the_start(
    page: Page, library: Library, address: str, sentence: str
) -> None:
    page.open(address.format(cat=number_of(library, "cat.png")))
    page.wait(page.by_id("notice").is_displayed)
    assert sentence in page.text("notice-text")
    page.wait(lambda: len(page.all(".tile")) == TOTAL)
    assert tail(page) == ""
    assert len(page.complaints()) == 1


@pytest.mark.parametrize(
    "address", ["?like=x", "?box=0,0,1,1", "?k=5", "?like=", "?like=1x&dislike=2"]
)
def test_an_address_that_asks_nothing_is_the_start(page: Page, address: str) -> None:
    page.open(address)
    page.wait(lambda: page.view() == "start" and len(page.all(".tile")) == TOTAL)


def test_what_cannot_be_understood_in_an_address_is_passed_over(
    page: Page, library: Library
) -> None:
    cat = open_cat(page, library, "&box=a,b&k=many&like=y&like=3:z")
    wait_for(page, expected(library, Example(cat)))


def test_a_later_box_overtakes_an_earlier_one(slow: Page, late: Late, library: Library) -> None:
    number = open_cat(slow, library)
    late.hold("like")
    slow.by_id("region-toggle").click()
    slow.wait(lambda: slow.by_id("grid").get_attribute("aria-busy"))
    slow.press(Keys.ESCAPE)
    time.sleep(0.3)
    late.release()
    wait_for(slow, expected(library, Example(number)))
    time.sleep(0.5)
    assert tail(slow) == f"?like={number}"
    assert box_of(slow) is None


# ---- on every screen


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_sticks_out_with_a_box_and_a_tray(page: Page, library: Library, width: int) -> None:
    page.screen(width, mobile=width < 1000)
    one, other = number_of(library, "church.jpg"), number_of(library, "rocket.jpg")
    open_cat(page, library, f"&box=0.1,0.1,0.5,0.5&like={one}&unlike={other}")
    page.wait(lambda: len(tray(page)) == 3)
    assert page.overflow() == []
