"""A running `make demo` and one of its pictures → docs/page.png, the picture in the README."""

from __future__ import annotations

import argparse
import io
import shutil
from pathlib import Path

from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

ROOT = Path(__file__).resolve().parent.parent
QUERY = ROOT / "demo" / "pictures" / "campus" / "unseen 02.png"
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
_LOADED = """
    const pictures = [...document.querySelectorAll('#grid img')];
    const seen = pictures.filter(one => one.getBoundingClientRect().top < window.innerHeight);
    return seen.length > 1 && seen.every(one => one.complete);
"""


def main() -> None:
    """Ask the page with a picture, and keep what it shows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="http://127.0.0.1:5000/")
    parser.add_argument("--query", type=Path, default=QUERY)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "page.png")
    arguments = parser.parse_args()
    options = webdriver.ChromeOptions()
    for flag in QUIET:
        options.add_argument(flag)
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    browser = webdriver.Chrome(options=options, service=service)
    try:
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": False},
        )
        browser.get(arguments.address)
        chooser = browser.find_element(By.CSS_SELECTOR, "input[type=file]")
        chooser.send_keys(str(arguments.query.resolve()))
        wait = WebDriverWait(browser, 20)
        wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, '[data-view="result"]'))
        wait.until(lambda page: page.execute_script(_LOADED))
        shown = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
        shown.quantize(256).save(arguments.out, optimize=True)  # a third of the bytes
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
