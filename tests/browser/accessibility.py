"""A page in a browser → what axe-core holds against it, one sentence each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser.page import Page

_AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text("utf-8")
_ASK = (
    "const done = arguments[arguments.length - 1];"
    "const options = {resultTypes: ['violations'], rules: {}};"
    "if (arguments[0].length) options.runOnly = arguments[0];"
    "for (const rule of arguments[1]) options.rules[rule] = {enabled: false};"
    "axe.run(document, options).then("
    "(result) => done(result.violations), (error) => done(`${error}`))"
)


def barriers(page: Page, only: tuple[str, ...] = (), but: tuple[str, ...] = ()) -> list[str]:
    """What a person with a disability would stumble over, wherever axe-core is sure of it; ``only``
    by some of its rules, or by all ``but`` some."""
    if not page.run("return 'axe' in window"):
        page.run(_AXE)
    found: list[dict[str, Any]] | str = page.driver.execute_async_script(
        _ASK, list(only), list(but)
    )
    if isinstance(found, str):
        raise AssertionError(found)
    return [
        f"{one['impact']}: {one['help']} ({one['id']}): "
        + ", ".join(str(node["target"][0]) for node in one["nodes"][:5])
        for one in found
    ]
