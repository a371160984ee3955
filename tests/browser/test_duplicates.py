"""The page of duplicates in a real Chromium: what a person does → what they see."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from lookalike import Library
from tests.browser.page import Page
from tests.copies import captioned, cropped, scene, write
from tests.served import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A library of two scenes, two copies of the first and an exact one of the second."""
    pictures = tmp_path / "pictures"
    for seed in range(2):
        write(pictures, f"{seed}", scene(seed), quality=97)
    write(pictures, "crop", cropped(scene(0)))
    write(pictures, "caption", captioned(scene(0)))
    shutil.copy(pictures / "1.jpg", pictures / "twice.jpg")
    with Library.open(tmp_path / "library", create=True) as library:
        library.index(pictures)
    return tmp_path


@pytest.fixture
def server(base: Path) -> Iterator[Running]:
    running = Running(base / "library")
    yield running
    running.stop()


@pytest.fixture
def page(blank: Page) -> Page:
    blank.driver.get(f"{blank.url}duplicates")
    blank.wait(lambda: summary(blank).startswith("3 copies in 2 groups"))
    blank.wait(lambda: not blank.by_id("progress").is_displayed())
    return blank


def summary(page: Page) -> str:
    return page.text("summary")


def names(page: Page) -> list[list[str]]:
    """Of each group, the names of its pictures in the order shown."""
    found: list[list[str]] = page.run(
        "return [...document.querySelectorAll('.group')].map((group) =>"
        " [...group.querySelectorAll('h3')].map((name) => name.textContent))"
    )
    return found


def item(page: Page, name: str) -> str:
    """What is written below a picture."""
    (found,) = [one.text for one in page.all(".one") if f"{name}.jpg" in one.text]
    return str(found)


def press(page: Page, name: str) -> None:
    """Press the button of one copy from the keyboard."""
    (one,) = [one for one in page.all(".one") if f"{name}.jpg" in one.text]
    one.find_element(By.CSS_SELECTOR, ".decide").send_keys(Keys.ENTER)


def test_groups_are_found_and_say_what_differs(page: Page) -> None:
    assert sorted(sorted(group) for group in names(page)) == [
        ["0.jpg", "caption.jpg", "crop.jpg"],
        ["1.jpg", "twice.jpg"],
    ]
    assert [group[0] for group in names(page) if "crop.jpg" in group] == ["0.jpg"]
    assert "Keep: most bytes" in item(page, "0")
    assert "cropped to 36 %" in item(page, "crop")
    assert "288 \u00d7 192" in item(page, "crop")
    assert "partly changed" in item(page, "caption")
    assert "Keep: " in item(page, "1") + item(page, "twice")
    images = page.all(".one img")
    page.run("document.querySelectorAll('.one img').forEach((one) => { one.loading = 'eager'; })")
    page.wait(lambda: all(one.get_property("naturalWidth") for one in images))


def test_a_decision_can_be_undone_and_is_remembered(page: Page) -> None:
    press(page, "crop")
    page.wait(lambda: "Undo" in item(page, "crop"))
    assert page.text("announcer") == "crop.jpg is remembered as no duplicate."
    press(page, "crop")
    page.wait(lambda: "Undo" not in item(page, "crop"))
    press(page, "crop")
    page.wait(lambda: "Undo" in item(page, "crop"))
    page.driver.refresh()
    page.wait(lambda: summary(page).startswith("2 copies in 2 groups"))
    assert not any("crop.jpg" in group for group in names(page))


def test_a_group_is_told_apart_at_once(page: Page) -> None:
    (none,) = [one for one in page.all(".group-buttons button") if "None" in one.text]
    none.click()
    page.wait(lambda: "Undo" in none.text)
    assert "Undo" in item(page, "crop")
    assert "Undo" in item(page, "caption")
    none.click()
    page.wait(lambda: "Undo" not in none.text)
    assert "Undo" not in item(page, "crop")


def test_only_exact_copies(page: Page) -> None:
    page.by_id("exact").click()
    page.wait(lambda: summary(page).startswith("1 copy in 1 group"))
    assert [sorted(group) for group in names(page)] == [["1.jpg", "twice.jpg"]]


def test_the_paths_of_the_copies_are_copied(page: Page, base: Path) -> None:
    page.cdp("Browser.grantPermissions", permissions=["clipboardReadWrite"])
    page.by_id("copy-all").click()
    page.wait(lambda: "Copied" in page.text("copy-all"))
    copied = page.driver.execute_async_script(
        "navigator.clipboard.readText().then(arguments[arguments.length - 1])"
    )
    paths = {Path(line) for line in copied.splitlines()}
    pictures = base / "pictures"
    assert len(paths) == 3
    assert {pictures / "crop.jpg", pictures / "caption.jpg"} < paths
    assert all(path.is_file() for path in paths)


def test_nothing_twice_says_so(page: Page, base: Path) -> None:
    for name in ("crop", "caption", "twice"):
        (base / "pictures" / f"{name}.jpg").unlink()
    with Library.open(base / "library") as library:
        library.index(base / "pictures")
    page.driver.refresh()
    page.wait(lambda: page.by_id("none").is_displayed())
    assert "No duplicates" in page.text("none-title")
    assert not page.by_id("copy-all").is_displayed()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits(
    page: Page, width: int, scheme: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page.cdp("Emulation.setEmulatedMedia",
             features=[{"name": "prefers-color-scheme", "value": scheme}])  # fmt: skip
    page.screen(width, 844, mobile=width < 500)
    page.driver.refresh()
    page.wait(lambda: len(page.all(".group")) == 2)
    assert page.run("return document.documentElement.scrollWidth") <= width
    for button in page.all(".one .button, .group-buttons .button"):
        assert button.rect["x"] + button.rect["width"] <= width
    shot = tmp_path_factory.getbasetemp() / f"duplicates-{width}-{scheme}.png"
    page.driver.save_screenshot(str(shot))


def test_the_main_page_leads_there(page: Page) -> None:
    page.open()
    page.driver.find_element(By.LINK_TEXT, "Duplicates").click()
    page.wait(lambda: page.driver.current_url == f"{page.url}duplicates")
    page.wait(lambda: names(page))
