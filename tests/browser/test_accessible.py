"""Every state of the pages, light and dark, wide and narrow, both ways of writing → no barriers."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import pytest

import tasks
from lookalike import Library
from tests.browser.accessibility import barriers
from tests.browser.page import Page, number_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PICTURES = tasks.ROOT / "build" / "pages"  # looked at by people; not kept in the repository


def at_start(_page: Page, _library: Library) -> None:
    """The page as it opens."""


def with_answers(page: Page, library: Library) -> None:
    page.open(f"?like={number_of(library, 'cat.png')}")
    page.wait(lambda: page.view() == "result" and page.all(".tile"))


def with_filters(page: Page, library: Library) -> None:
    with_answers(page, library)
    page.by_id("filters-toggle").click()
    page.wait(lambda: len(page.all("#filter-format option")) > 1)


def with_marks(page: Page, library: Library) -> None:
    library.mark(
        number_of(library, "rocket.jpg"), favourite=True, add=["night", "for the calendar"]
    )
    page.open(f"?like={number_of(library, 'cat.png')}&tag=night&favourite=true")
    page.wait(lambda: page.all(".star") and page.all("#filter-tags .chip"))


def with_marks_of_one_large(page: Page, library: Library) -> None:
    with_marks(page, library)
    page.run("document.querySelector('.tile .open').click()")
    page.wait(lambda: len(page.all("#marks-tags .chip")) == 2)


def with_filters_at_the_start(page: Page, _library: Library) -> None:
    page.open()
    page.wait(lambda: page.all(".tile"))
    page.by_id("filters-toggle").click()
    page.wait(lambda: len(page.all("#filter-format option")) > 1)


def with_a_list(page: Page, library: Library) -> None:
    library.mark(number_of(library, "cat.png"), number_of(library, "rocket.jpg"), favourite=True)
    page.open("?favourite=true")
    page.wait(lambda: page.view() == "list" and page.all(".star"))


def with_all_of_a_list_selected(page: Page, _library: Library) -> None:
    page.open("?all")
    page.wait(lambda: page.view() == "list" and page.all(".tile"))
    page.run("document.querySelector('.pick').click()")
    page.run("document.querySelector('#selection-all').click()")
    page.wait(lambda: page.text("selection-said"))


def with_nothing_that_passes(page: Page, _library: Library) -> None:
    page.open("?from=1900&to=1900")
    page.wait(lambda: page.view() == "list" and page.text("filters-count"))


def with_several(page: Page, library: Library) -> None:
    cat, rocket = number_of(library, "cat.png"), number_of(library, "rocket.jpg")
    page.open(f"?like={cat}&box=0.2,0.2,0.5,0.5&unlike={rocket}")
    page.wait(lambda: page.view() == "result" and page.by_id("tray").is_displayed())


def with_one_large(page: Page, library: Library) -> None:
    with_answers(page, library)
    page.run("document.querySelector('.tile .open').click()")
    page.wait(lambda: page.by_id("viewer").is_displayed() and page.text("viewer-path"))


def with_one_beside_the_query(page: Page, library: Library) -> None:
    cat = number_of(library, "cat.png")
    page.open(f"?like={cat}&box=0.2,0.2,0.5,0.5")
    page.wait(lambda: page.view() == "result" and page.all(".tile"))
    page.run("document.querySelector('.tile .open').click()")
    page.wait(lambda: "Size" in page.text("viewer-facts"))
    page.run("document.querySelector('#viewer-compare [value=beside]').click()")
    page.run("document.querySelector('#viewer-metadata').open = true")
    page.wait(lambda: page.text("viewer-skipped") or page.text("viewer-said"))


def with_the_query_laid_over(page: Page, library: Library) -> None:
    with_one_large(page, library)
    page.run("document.querySelector('#viewer-compare [value=over]').click()")
    page.wait(lambda: page.by_id("viewer-blend").is_displayed())


def with_a_line_drawn_across(page: Page, library: Library) -> None:
    with_one_large(page, library)
    page.run("document.querySelector('#viewer-compare [value=wipe]').click()")
    page.wait(lambda: page.by_id("viewer-wipe").is_displayed())


def with_one_of_several_compared(page: Page, library: Library) -> None:
    with_several(page, library)
    page.run("document.querySelector('.tile .open').click()")
    page.wait(lambda: page.by_id("viewer").is_displayed() and page.text("viewer-path"))
    page.run("document.querySelector('#viewer-compare [value=over]').click()")
    page.wait(lambda: page.by_id("viewer-with").is_displayed())


def with_reasons(page: Page, library: Library) -> None:
    with_one_large(page, library)
    page.press("w")
    page.wait(page.all(".why-key")[0].is_displayed)


def with_trouble(page: Page, _library: Library) -> None:
    page.run("document.dispatchEvent(new ClipboardEvent('paste', {bubbles: true}))")
    page.wait(lambda: page.by_id("notice").is_displayed())


def with_selected(page: Page, library: Library) -> None:
    with_answers(page, library)
    page.run("for (const at of [0, 2]) document.querySelectorAll('.pick')[at].click()")
    page.run("document.querySelector('#selection-export summary').click()")
    page.wait(page.all("[data-export=csv]")[0].is_displayed)


def with_selected_to_tag(page: Page, library: Library) -> None:
    rocket = number_of(library, "rocket.jpg")
    library.mark(rocket, add=["for the calendar"])
    with_answers(page, library)
    page.run(f"document.querySelector('[data-id=\"{rocket}\"] .pick').click()")
    page.run("document.querySelector('#selection-tag summary').click()")
    page.wait(lambda: page.all("#selection-tags .chip"))


def with_learning(page: Page, library: Library) -> None:
    with_answers(page, library)
    page.by_id("learn").find_element("tag name", "summary").click()
    page.by_id("learn-button").click()
    page.wait(lambda: page.text("learn-said"))


def with_duplicates(page: Page, _library: Library) -> None:
    page.driver.get(f"{page.url}duplicates")
    page.wait(lambda: page.text("summary"))


def with_two_models(page: Page, library: Library) -> None:
    if not library.upgrades().beside:
        library.upgrade_build("efficientnet-lite0")
    page.driver.get(f"{page.url}upgrade?like={number_of(library, 'cat.png')}")
    page.wait(lambda: page.all("#other .answer") and page.text("overlap").startswith("Of the"))


def asking_before_a_switch(page: Page, library: Library) -> None:
    with_two_models(page, library)
    page.by_id("switch").click()
    page.wait(lambda: page.by_id("sure").is_displayed())


def with_map(page: Page, library: Library) -> None:
    library.map(threads=1)
    page.driver.get(f"{page.url}map")
    page.wait(lambda: page.all(".clusters li") and page.all(".thumbs img"))
    page.run("document.querySelector('.clusters .round').click()")


def with_a_filtered_map(page: Page, library: Library) -> None:
    library.map(threads=1)
    library.mark(number_of(library, "cat.png"), number_of(library, "rocket.jpg"), favourite=True)
    page.driver.get(f"{page.url}map?favourite=true")
    page.wait(lambda: page.by_id("points").get_attribute("data-passing") == "2")
    page.wait(lambda: page.all(".thumbs img") and page.text("filters-count"))


STATES: list[Callable[[Page, Library], None]] = [
    *(at_start, with_answers, with_filters, with_several, with_one_large, with_trouble),
    *(with_one_beside_the_query, with_the_query_laid_over, with_reasons, with_duplicates),
    *(with_a_line_drawn_across, with_one_of_several_compared),
    *(with_filters_at_the_start, with_a_list, with_all_of_a_list_selected),
    *(with_nothing_that_passes, with_learning),
    *(with_selected, with_selected_to_tag, with_marks, with_marks_of_one_large, with_map),
    *(with_a_filtered_map, with_two_models, asking_before_a_switch),
]


@pytest.fixture(params=STATES, ids=lambda state: state.__name__.replace("_", " "))
def state(request: pytest.FixtureRequest, page: Page, library: Library) -> Callable[[], None]:
    return lambda: request.param(page, library)


@pytest.fixture
def keep(request: pytest.FixtureRequest, page: Page) -> Callable[[str], None]:
    """Keep a picture of the page."""
    name = re.sub(r"\W+", "-", request.node.name).strip("-")

    def take(what: str) -> None:
        if "CI" in os.environ:
            return  # where nobody looks at them
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.driver.save_screenshot(str(PICTURES / f"{name}-{what}.png"))

    return take


def dress(page: Page, theme: str) -> None:
    """Make the page light or dark, without motion: a colour that is still changing is none."""
    page.cdp(
        "Emulation.setEmulatedMedia",
        features=[
            {"name": "prefers-color-scheme", "value": theme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ],
    )


def beyond(page: Page) -> list[str]:
    """What reaches beyond either edge of the screen."""
    left: list[str] = page.run(
        "return [...document.querySelectorAll('body *')].filter((e) => e.offsetParent"
        " && !e.closest('.hidden, .skip, svg') && e.getBoundingClientRect().left < -1)"
        ".map((e) => e.id || e.className || e.tagName)"
    )
    return left + page.overflow()


def test_nobody_meets_a_barrier(
    page: Page, state: Callable[[], None], keep: Callable[[str], None]
) -> None:
    """Wide, light and dark; as narrow as a phone; and written from right to left, both ways."""
    found = {}
    dress(page, "light")
    state()
    found["light"] = barriers(page)
    keep("light")
    page.run("document.documentElement.dir = 'rtl'")
    found["rtl"] = beyond(page)
    page.run("document.documentElement.dir = 'ltr'")
    dress(page, "dark")
    found["dark"] = barriers(page, only=("color-contrast",))  # nothing else depends on it
    keep("dark")
    page.screen(360, 740, scale=2)
    # its colours are those of the wide page, and telling contrasts takes longest of all rules
    found["phone"] = barriers(page, but=("color-contrast",)) + page.overflow()
    keep("phone")
    page.screen(320)
    page.run("document.documentElement.dir = 'rtl'")
    found["rtl on a phone"] = beyond(page)
    keep("rtl")
    assert not any(found.values()), found
