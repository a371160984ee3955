"""A driver and an address → the page as a person uses it; a library → a server that can be late."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import request
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from lookalike import Library
from lookalike.web import create_app
from lookalike.web.server import listen, make_server
from tests.served import BYTES_NAME, NOT_UNICODE, ODD_NAME

ODD_NAMES = [ODD_NAME, *([BYTES_NAME] if NOT_UNICODE else [])]
TOTAL = 13 + len(ODD_NAMES)


class Page:
    """The page as a person uses it, and all that the browser says about it."""

    def __init__(self, driver: webdriver.Chrome, url: str) -> None:
        self.driver = driver
        self.url = url

    def open(self, tail: str = "") -> None:
        self.driver.get(self.url + tail)
        self.wait(lambda: self.text("status"))

    def step(self, places: int) -> None:
        """Go that far forward in the history, or back. The driver's own steps pass over what was
        left without a person's hand, which on a slow machine is more than what was so."""
        self.run("history.go(arguments[0])", places)

    def screen(self, width: int, height: int = 800, *, scale: int = 1, mobile: bool = True) -> None:
        """A screen of that many pixels, as the page sees it."""
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=scale, mobile=mobile,
        )  # fmt: skip

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def cdp(self, command: str, **parameters: Any) -> Any:
        return self.driver.execute_cdp_cmd(command, parameters)

    def by_id(self, name: str) -> WebElement:
        return self.driver.find_element(By.ID, name)

    def text(self, name: str) -> str:
        return str(self.by_id(name).get_property("textContent")).strip()

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def wait(self, found: Callable[[], Any], seconds: float = 45) -> Any:
        deadline = time.monotonic() + seconds
        while not (value := found()):
            if time.monotonic() > deadline:
                pytest.fail(f"waited in vain at {self.driver.current_url}")
            time.sleep(0.05)
        return value

    def view(self) -> str:
        return str(self.run("return document.body.dataset.view"))

    def results(self) -> list[tuple[int, float, float]]:
        """The number, score and distance of each result, in the order shown."""
        rows = self.run(
            "return [...document.querySelectorAll('.tile')].map((tile) => [tile.dataset.id,"
            " tile.querySelector('.score')?.textContent,"
            " tile.querySelector('.distance')?.textContent])"
        )
        return [(int(number), float(score), float(away)) for number, score, away in rows]

    def wait_for_results_of(self, name: str) -> list[tuple[int, float, float]]:
        self.wait(lambda: self.view() == "result" and self.text("query-name") == name)
        return self.results()

    def stars(self) -> list[int]:
        """The numbers of the tiles that show a star."""
        numbers: list[str] = self.run(
            "return [...document.querySelectorAll('.tile:has(.star)')]"
            ".map((tile) => tile.dataset.id)"
        )
        return list(map(int, numbers))

    def choose(self, file: Path) -> None:
        self.by_id("file").send_keys(str(file))

    def press(self, *keys: str) -> None:
        chain = ActionChains(self.driver)
        for key in keys:
            chain.send_keys(key)
        chain.perform()

    def focused(self) -> str:
        """The number of the tile that has the focus, or the id of the element that has it."""
        return str(
            self.run(
                "const e = document.activeElement;"
                "return e.closest('.tile')?.dataset.id ?? (e.id || e.className)"
            )
        )

    def overflow(self) -> list[str]:
        """What reaches beyond the right edge of the screen."""
        found: list[str] = self.run(
            "const wide = document.documentElement.clientWidth;"
            "return [...document.querySelectorAll('body *')].filter((e) => e.offsetParent"
            " && !e.closest('.hidden, .skip, svg') && e.getBoundingClientRect().right > wide + 1)"
            ".map((e) => e.id || e.className || e.tagName)"
            ".concat(document.documentElement.scrollWidth > wide ? ['the page'] : [])"
        )
        return found

    def complaints(self) -> list[str]:
        """What the console holds since it was last asked, without what the browser says of a
        processor that does a graphics card's work."""
        said = [entry["message"] for entry in self._log("browser")]
        return [one for one in said if "GL Driver Message" not in one]

    def _log(self, kind: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]
        return entries

    def strangers(self) -> set[str]:
        """Every address that the page asked for and that is not our own server's."""
        asked = set()
        for entry in self._log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked.add(message["params"]["request"]["url"])
        ours = (self.url, f"blob:{self.url}", "data:")
        return {address for address in asked if not address.startswith(ours)}


class Late:
    """The library's server in this process, some of whose answers come only when they may."""

    def __init__(self, library: Library) -> None:
        self._held: dict[str, threading.Event] = {}
        self._failing: set[str] = set()
        self._refusing: dict[str, int] = {}
        app = create_app(library)
        app.before_request(self._wait)
        listening = listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        self._server = make_server(app, listening)
        self._thread = threading.Thread(target=self._server.run, name="late")
        self._thread.start()

    def hold(self, *kinds: str) -> None:
        """Let the requests of these kinds wait: ``sample``, ``like``, ``upload``, ``marks``."""
        self._held |= {kind: threading.Event() for kind in kinds}

    def release(self) -> None:
        for event in self._held.values():
            event.set()
        self._held.clear()

    def fail(self, *kinds: str) -> None:
        """Let them fail instead; without any, none fails any more."""
        self._failing = set(kinds)

    def refuse(self, kind: str, times: int) -> None:
        """Let so many of them be refused, to be asked for again in a second."""
        self._refusing[kind] = times

    def stop(self) -> None:
        self.release()
        self._server.end()
        self._thread.join(40)
        self._server.close()

    def _wait(self) -> tuple[str, int, dict[str, str]] | None:
        names = {
            "/api/images": "sample",
            "/api/search": "like" if request.is_json else "upload",
            "/api/marks": "marks",
        }
        kind = names.get(request.path, "")
        if event := self._held.get(kind):
            event.wait(30)
        if self._refusing.get(kind):
            self._refusing[kind] -= 1
            said = '{"detail": "As many searches wait as may: try again in a moment."}'
            return said, 503, {"Retry-After": "1"}
        return ("", 503, {}) if kind in self._failing else None


def number_of(library: Library, name: str) -> int:
    return next(one.id for one in library.records() if one.relative.endswith(name))
