"""A window's size → a Chromium without a window, with its driver."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tasks
from benchmarks.measuring import MissingError

_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@contextmanager
def browser(width: int, height: int, *flags: str) -> Iterator[Any]:
    """Its driver, as long as the block. Raises MissingError where one of the two is not here."""
    try:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
    except ImportError as error:
        raise MissingError("selenium is not here: pages are not measured.") from error
    found = tasks.browser()
    if found is None:
        raise MissingError("There is no Chromium with its driver here: pages are not measured.")
    options = webdriver.ChromeOptions()
    options.binary_location = found[0]
    for flag in (*_FLAGS, f"--window-size={width},{height}", *flags):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(found[1]))
    try:
        yield driver
    finally:
        driver.quit()
