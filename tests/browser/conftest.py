"""Photographs → a library, its server, and a Chromium that shows the page of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

import tasks
from lookalike import Library
from tests.browser.page import ODD_NAMES, TOTAL, Late, Page
from tests.pictures import make_jpeg, textured
from tests.served import Running

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--window-size=1280,860", "--lang=en-GB"),
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card
)


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    found = tasks.browser()
    assert found is not None
    options = webdriver.ChromeOptions()
    options.binary_location = found[0]
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(found[1]))
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def indexed(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The photographs and some with odd names, in a library that nobody changes."""
    extra = tmp_path_factory.mktemp("extra")
    for seed, name in enumerate(ODD_NAMES):
        (extra / name).write_bytes(make_jpeg(textured(seed=seed)))
    folder = tmp_path_factory.mktemp("indexed") / "library"
    with Library.open(folder, create=True) as library:
        library.index([photographs, extra])
    return folder


@pytest.fixture(scope="module")
def library(indexed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A copy of it for the tests of a module."""
    folder = tmp_path_factory.mktemp("library") / "library"
    shutil.copytree(indexed, folder)
    with Library.open(folder) as library:
        yield library


@pytest.fixture(scope="module")
def server(library: Library) -> Iterator[Running]:
    running = Running(library.folder)
    yield running
    running.stop()


@pytest.fixture
def blank(driver: webdriver.Chrome, server: Running) -> Iterator[Page]:
    """A page of the server that is yet to be opened; in the end the browser is as it was, and has
    said nothing and asked nobody else. Modules make `page` of it."""
    page = Page(driver, server.url)
    driver.get("about:blank")  # what the test before has left open asks for nothing more
    page.complaints()
    page.strangers()
    yield page
    page.cdp("Emulation.clearDeviceMetricsOverride")
    page.cdp("Emulation.setTouchEmulationEnabled", enabled=False)
    page.cdp("Emulation.setEmulatedMedia", features=[])
    assert page.complaints() == []
    assert page.strangers() == set()


@pytest.fixture
def page(blank: Page) -> Page:
    blank.open()
    blank.wait(lambda: len(blank.all(".tile")) == TOTAL)
    return blank


@pytest.fixture
def late(library: Library) -> Iterator[Late]:
    late = Late(library)
    yield late
    late.stop()


@pytest.fixture
def slow(driver: webdriver.Chrome, late: Late) -> Iterator[Page]:
    """A page of the server whose answers can be late."""
    yield Page(driver, late.url)
    driver.get("about:blank")  # so that nobody asks a server that is gone


@pytest.fixture
def unmarked(library: Library) -> Iterator[None]:
    """The library is that of all tests of a module: nothing stays marked."""
    yield
    ids = [one.id for one in library.records()]
    library.mark(*ids, favourite=False, remove=[str(one.value) for one in library.tags().tags])


@pytest.fixture
def flower(photographs: Path) -> Path:
    return photographs / "flowers" / "bed 01.png"
