"""The packages that Lookalike is made with ↔ what is said and promised of them."""

from __future__ import annotations

import json
import re
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

import pytest

from lookalike import models
from scripts import audit, packages, write_sbom
from scripts.packages import Pin

LOCK = packages.pins()
HASH = "a" * 64


# ---- the audit


def test_what_is_here_is_what_was_locked() -> None:
    assert audit.of_lock(LOCK) == []
    assert audit.of_environment(LOCK, packages.installed()) == []


def test_every_licence_here_fits() -> None:
    assert audit.of_licences(packages.installed()) == []


@pytest.mark.parametrize(
    ("licence", "fits"),
    [
        ("MIT", True),
        ("BSD-3-Clause AND (MIT OR Apache-2.0)", True),
        ("Apache-2.0 WITH LLVM-exception", False),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("GNU General Public License v3 (GPLv3)", False),
        ("GNU Affero General Public License v3", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", True),
        ("Other/Proprietary License", False),
        ("", False),
    ],
)
def test_licences_are_allowed_one_by_one(licence: str, fits: bool) -> None:
    assert audit.fits(licence) == fits


def test_a_pin_without_a_hash_is_told() -> None:
    assert audit.of_lock([Pin("one", "1", (), applies=True)]) == ["one 1 has no hash: lock again."]


@pytest.mark.parametrize("line", ["one>=1 --hash=sha256:x", "one", "one==1,<2"])
def test_a_line_that_pins_nothing_is_told(tmp_path: Path, line: str) -> None:
    (tmp_path / "lock").write_text(f"# ours\ntwo==2 \\\n    --hash=sha256:{HASH}\n{line}\n")
    with pytest.raises(ValueError, match="one is not pinned"):
        packages.pins(tmp_path / "lock")


def test_what_is_here_and_was_not_locked_is_told(tmp_path: Path) -> None:
    here = {"one": _package(tmp_path, "one", "1"), "two": _package(tmp_path, "two", "2")}
    locked = [Pin("two", "3", (HASH,), applies=True), Pin("one", "1", (HASH,), applies=False)]
    assert audit.of_environment(locked, here) == [
        "one is in no lock file.",
        "two 2 is here, and 3 is locked: install again.",
    ]


def test_a_licence_that_does_not_fit_is_told(tmp_path: Path) -> None:
    here = {"one": _package(tmp_path, "one", "1", "License-Expression: GPL-3.0-only")}
    assert audit.of_licences(here) == [
        "one says 'GPL-3.0-only' of its licence, which nobody has allowed."
    ]


def _package(folder: Path, name: str, version: str, *more: str) -> Distribution:
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    lines = ("Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *more)
    (info / "METADATA").write_text("\n".join(lines))
    return Distribution.at(info)


REPORT = {
    "dependencies": [
        {"name": "one", "version": "1", "vulns": []},
        {
            "name": "two",
            "version": "2",
            "vulns": [
                {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["3", "4"]},
                {"id": "PYSEC-2", "aliases": [], "fix_versions": []},
            ],
        },
        {"name": "three", "skip_reason": "not found"},
    ]
}


def test_known_faults_are_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert audit.of_report(json.dumps(REPORT)) == [
        "two 2 has the known fault PYSEC-1 (mended in 3, 4).",
        "two 2 has the known fault PYSEC-2 (mended in no version yet).",
    ]
    assert "looked for in 2 of 3 packages" in capsys.readouterr().out
    monkeypatch.setattr(audit, "ACCEPTED", {"CVE-1": "is not called here"})
    assert len(audit.of_report(json.dumps(REPORT))) == 1


@pytest.mark.parametrize(
    "report", ["", "not JSON", "{}", "[]", '{"dependencies": [{"name": "a", "skip_reason": "-"}]}']
)
def test_where_nobody_answers_that_is_said_and_nobody_is_kept_from_working(
    report: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def told(requirements: Path, _report: Path) -> tuple[str, str]:
        asked.append(requirements.read_text("utf-8"))
        return report, "no connection"

    monkeypatch.setattr(audit, "_told", told)
    (tmp_path / "lock").write_text(f"# ours\none==1 \\\n    --hash=sha256:{HASH}\ntwo==2\n")
    assert audit.faults(tmp_path / "lock") == []
    assert asked == [f"one==1 \\\n    --hash=sha256:{HASH}\n"]
    assert "WERE NOT LOOKED FOR" in (said := capsys.readouterr().out)
    assert ("no connection" in said) == (report == "")


# ---- the list of all that there is


@pytest.fixture(scope="module")
def text() -> str:
    return write_sbom.document()


@pytest.fixture(scope="module")
def listed(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    return document


def test_the_list_is_complete(listed: dict[str, Any]) -> None:
    libraries = {
        (one["name"], one["version"]): one
        for one in listed["components"]
        if one["type"] == "library"
    }
    assert sorted(libraries) == sorted((pin.name, pin.version) for pin in LOCK)
    here = packages.installed()
    for pin in LOCK:
        known = libraries[pin.name, pin.version]
        assert sorted(one["content"] for one in known["hashes"]) == sorted(pin.hashes)
        assert known["purl"] == f"pkg:pypi/{pin.name}@{pin.version}"
        if pin.name in here:
            assert known["licenses"], pin.name
    weights = [one for one in listed["components"] if one["type"] == "machine-learning-model"]
    assert {one["name"]: one["hashes"][0]["content"] for one in weights} == {
        card.name: card.sha256 for card in models.cards()
    }


def test_it_tells_what_is_needed_to_run(listed: dict[str, Any]) -> None:
    scopes = {one["name"]: one["scope"] for one in listed["components"]}
    assert [scopes[name] for name in ("flask", "jinja2", "numpy")] == ["required"] * 3
    assert [scopes[name] for name in ("rawpy", "mcp", "tokenizers")] == ["optional"] * 3
    assert [scopes[name] for name in ("pytest", "ruff", "pip-audit")] == ["excluded"] * 3
    assert scopes["efficientnet-lite0-int8"] == "required"
    needed = {one["ref"]: one.get("dependsOn", []) for one in listed["dependencies"]}
    assert any(ref.startswith("flask==") for ref in needed["lookalike"])
    (flask,) = [ref for ref in needed if ref.startswith("flask==")]
    assert any(ref.startswith("werkzeug==") for ref in needed[flask])


def test_it_is_what_the_standard_says(text: str) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_it_names_no_address_and_no_machine(text: str) -> None:
    assert re.findall(r"\w+://(?!cyclonedx\.org)[^\"]*", text) == []
    assert str(Path.home()) not in text
    assert str(packages.ROOT) not in text
