"""The source tree → whether it is still the house that docs/architecture.md draws."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

import lookalike

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "lookalike"

# room: the rooms it may import. A room that is a package counts as one, with all inside it.
FLOOR_PLAN = {
    "errors": "",
    "journal": "",
    "folder": "errors",
    "image": "errors",
    "isolation": "errors image",
    "models": "errors image",
    "graphs": "errors models",
    "weights": "errors models graphs",
    "encoder": "errors image models graphs weights",
    "words": "errors models graphs weights encoder",
    "explain": "image",
    "cachefile": "",
    "kmeans": "",
    "views": "",
    "parts": "",
    "verdict": "cachefile",
    "stores.base": "errors",
    "neighbours": "kmeans stores.base",
    "stores.embedded": "errors stores.base kmeans",
    "indexing": "errors folder image isolation encoder stores.base",
    "watching": "errors folder",
    "thumbnails": "errors image stores.base",
    "exchange": "errors stores.base",
    "evaluate": "errors stores.base",
    "duplicates": "errors stores.base cachefile",
    "reveal": "errors",
    "delivery": "errors stores.base",
    "mapping": "errors stores.base views cachefile",
    "checkup": "errors folder image models weights encoder stores.base",
    "library": (
        "errors folder image isolation models graphs weights encoder stores.base stores.embedded"
        " indexing thumbnails exchange evaluate duplicates mapping explain reveal delivery"
        " kmeans views neighbours verdict words parts checkup watching"
    ),
    "web": "errors journal library stores.base",
    "assistant": "errors library",
    "cli": "errors journal library web assistant __init__",
    "stores": "",
    "__init__": "errors library stores.base",
    "__main__": "cli",
}

# what a person may import from lookalike, and what we therefore keep
PUBLIC = [
    *("Example", "Filter", "Hit", "Library", "LookalikeError", "Record", "Report", "Words"),
    "__version__",
]

HEAVY = (
    *("flask", "numpy", "onnx", "onnxruntime", "PIL", "pillow_heif", "rawpy", "rich", "sqlite3"),
    *("concurrent.futures", "filelock", "mcp", "openTSNE", "platformdirs", "waitress"),
    *("prometheus_client", "pythonjsonlogger"),
)
NAMES_THAT_SAY_NOTHING = {"common", "helper", "helpers", "manager", "misc", "util", "utils"}
MOST_LINES_OF_A_MODULE = 400
MOST_LINES_OF_A_FUNCTION = 40

# Put together here, so that this file does not hold what it looks for.
HOME_FOLDERS = "|".join(("home", "root", "Users", "work"))
MACHINE_PATH = re.compile(
    rf"(?<![\w.~$}})>*/-])/(?:{HOME_FOLDERS})/[\w.~-]" + "|" + r"\b[A-Za-z]:\\+Users\\+[\w.~-]"
)
REGISTRY = re.compile(
    "|".join(re.escape(name) for name in ("pypi" + ".org", "python" + "hosted.org"))
    + r"|--(?:extra-)?index-url[ =]|--find-links[ =]"
)

MODULES = sorted(SOURCE.rglob("*.py"))
_SCRIPTS = [*(ROOT / "scripts").glob("*.py"), *(ROOT / "benchmarks").glob("*.py")]
CODE = [*MODULES, ROOT / "tasks.py", *sorted(_SCRIPTS)]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room_of(module: str) -> str:
    """The room that a module belongs to: the longest row of the plan that it lies in."""
    inside = module.removeprefix("lookalike").removeprefix(".") or "__init__"
    rooms = [room for room in FLOOR_PLAN if f"{inside}.".startswith(f"{room}.")]
    if not rooms or (rooms == ["stores"] and inside != "stores"):
        pytest.fail(f"{module} has no row in the floor plan: give it one, with what it may import.")
    return max(rooms, key=len)


def imports() -> Iterator[tuple[str, str]]:
    graph = grimp.build_graph("lookalike", cache_dir=None)
    for importer in sorted(graph.modules):
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            yield importer, imported


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), name_of(path))


def test_every_module_belongs_to_a_room() -> None:
    for module in grimp.build_graph("lookalike", cache_dir=None).modules:
        room_of(module)


def test_imports_go_down_the_floor_plan_only() -> None:
    wrong = [
        f"{importer} imports {imported}"
        for importer, imported in imports()
        if (room := room_of(importer)) != (wanted := room_of(imported))
        and wanted not in FLOOR_PLAN[room].split()
    ]
    assert wrong == []


def test_the_floor_plan_has_no_circle() -> None:
    built: set[str] = set()
    for room in sorted(FLOOR_PLAN, key=lambda room: len(_below(room))):
        assert set(FLOOR_PLAN[room].split()) <= built, f"{room} stands on what is above it"
        built.add(room)


def _below(room: str, path: tuple[str, ...] = ()) -> set[str]:
    assert room not in path, f"{room} ends up importing itself"
    below: set[str] = set()
    for other in FLOOR_PLAN[room].split():
        below |= {other} | _below(other, (*path, room))
    return below


def test_the_command_line_loads_the_web_only_when_it_serves() -> None:
    at_the_top = [
        f"{name_of(path)}:{node.lineno}"
        for path in MODULES
        if path.relative_to(SOURCE).parts[0].removesuffix(".py") == "cli"
        for node in tree_of(path).body
        if isinstance(node, ast.Import | ast.ImportFrom) and "lookalike.web" in ast.unparse(node)
    ]
    assert at_the_top == []


@pytest.mark.parametrize("module", ["lookalike", "lookalike.cli"])
def test_importing_is_quick_because_heavy_packages_wait(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_public_surface_is_pinned() -> None:
    assert sorted(lookalike.__all__) == PUBLIC
    assert all(hasattr(lookalike, name) for name in lookalike.__all__)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_what_comes_in_and_what_goes_out(path: Path) -> None:
    first = (ast.get_docstring(tree_of(path)) or "").partition("\n")[0]
    assert first, "the module has no docstring"
    if not path.name.startswith("__"):
        assert "→" in first or "↔" in first, first


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_modules_and_functions_stay_short(path: Path) -> None:
    total = len(path.read_text("utf-8").splitlines())
    assert total <= MOST_LINES_OF_A_MODULE
    long = [
        f"{node.name}: {lines} lines"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > MOST_LINES_OF_A_FUNCTION
    ]
    assert long == []


def test_rooms_are_named_after_what_they_do() -> None:
    names = {part for path in MODULES for part in path.relative_to(SOURCE).with_suffix("").parts}
    assert names & NAMES_THAT_SAY_NOTHING == set()


def test_what_is_logged_is_constant_and_names_are_arguments() -> None:
    """A discreet log keeps messages and drops their arguments, see `lookalike.journal`."""
    levels = {"debug", "info", "warning", "error", "exception", "critical", "log"}
    calls = [
        (path, node)
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in levels
        and ast.unparse(node.func.value).lower() in {"_log", "log"}
    ]
    assert len(calls) > 40
    put_together = {
        name_of(path)
        for path, node in calls
        if not isinstance(node.args[node.func.attr == "log"], ast.Constant)  # type: ignore[attr-defined]
    }
    # of words of the program, and numbers
    assert put_together == {"src/lookalike/web/asked.py"}


def test_no_file_names_a_place_of_one_machine() -> None:
    found = [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, text in _texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if MACHINE_PATH.search(line) or REGISTRY.search(line)
    ]
    assert found == []


def test_the_search_for_machine_paths_finds_them() -> None:
    for text in ("/ho" + "me/ada/x", "'/ro" + "ot/x'", "C:\\Us" + "ers\\ada", "=/wo" + "rk/x"):
        assert MACHINE_PATH.search(text), text
    for text in ("~/Pictures", "a/home/b", "https://example.org/home/x", "docs/work/notes"):
        assert not MACHINE_PATH.search(text), text


def _texts() -> Iterator[tuple[str, str]]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("this is not a git checkout")
    for name in filter(None, listed.stdout.decode("utf-8").split("\0")):
        content = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        if b"\0" not in content:
            yield name, content.decode("utf-8", "replace")
