"""What README.md and docs/*.md say → whether it is still true of the code beside them."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

import tasks
from lookalike import Library, errors
from lookalike.cli import lookalike
from lookalike.library import default_folder
from scripts import draw_house, write_model_docs
from tests.test_house import FLOOR_PLAN

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
GUIDE, MODELS = ROOT / "docs" / "guide.md", ROOT / "docs" / "models.md"

_FENCE = re.compile(r"^([ \t]*)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_SHELL = {"", "sh", "console", "bash"}
_STAND_INS = {
    "SECONDS": "1",
    "N": "1",
    "S": "1",
}
_NEED_A_VALUE = {"--words", "--model", "--wait", "--library", "--exclude", "--max-pixels", "-k"}
_UP_TO = {"|", "<", ">", ">>", "&&", ";", "&"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of code."""

    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    return [Block(kind, text) for _, kind, text in _FENCE.findall(page.read_text("utf-8"))]


def prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text("utf-8"))


def python_of(page: Path) -> list[str]:
    return [block.text for block in blocks(page) if block.language == "python"]


# ---- what is generated


@pytest.mark.parametrize("script", ["draw_house.py", "write_model_docs.py"])
def test_what_scripts_write_is_current(script: str) -> None:
    command = [sys.executable, str(ROOT / "scripts" / script), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_house_is_drawn_from_the_plan_that_the_tests_hold() -> None:
    plan = draw_house.floor_plan()
    assert plan == {room: tuple(imports.split()) for room, imports in FLOOR_PLAN.items()}
    drawn = draw_house.boxes(plan)
    assert set(plan) == set(drawn) | draw_house.NOT_DRAWN
    for room, box in drawn.items():
        for other in plan[room]:
            assert box.bottom <= drawn[other].top, f"{room} is drawn beside or below {other}"


def test_rooms_are_not_drawn_over_each_other() -> None:
    drawn = sorted(draw_house.boxes(draw_house.floor_plan()).values(), key=lambda box: box.room)
    for number, one in enumerate(drawn):
        for other in drawn[number + 1 :]:
            beside = one.right <= other.left or other.right <= one.left
            stacked = one.bottom <= other.top or other.bottom <= one.top
            assert beside or stacked, f"{one.room} and {other.room}"


def test_a_room_without_a_column_is_named() -> None:
    plan = {**draw_house.floor_plan(), "attic": ("library",)}
    with pytest.raises(LookupError, match="attic"):
        draw_house.boxes(plan)


@pytest.mark.parametrize("page", [draw_house.PAGE, write_model_docs.PAGE], ids=name_of)
def test_a_page_without_its_marks_is_refused(page: Path) -> None:
    with pytest.raises(LookupError, match="needs the marks"):
        draw_house.page(draw_house.floor_plan(), "# Nothing")
    with pytest.raises(LookupError, match="needs the marks"):
        write_model_docs.page(page.read_text("utf-8").replace("<!--", "<!"), ())


# ---- links


def links() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for target in _LINK.findall(prose(page)):
            if "://" not in target and not target.startswith("mailto:"):
                yield page, target


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def test_relative_links_lead_somewhere() -> None:
    wrong = []
    for page, target in links():
        place, _, anchor = unquote(target).partition("#")
        file = (page.parent / place).resolve() if place else page
        if not file.exists():
            wrong.append(f"{name_of(page)}: {target} is not there")
        elif anchor and anchor not in anchors(file):
            wrong.append(f"{name_of(page)}: {target} has no such heading")
    assert wrong == []


def test_there_are_links_to_look_at() -> None:
    assert sum(1 for _ in links()) > 10
    assert "what-to-do-when-" in anchors(GUIDE)


# ---- commands


def command_lines(page: Path) -> Iterator[str]:
    """Every shell line of a page: in blocks, after a prompt where there is one, and in prose."""
    for block in blocks(page):
        if block.language in _SHELL:
            lines = block.text.replace("\\\n", " ").splitlines()
            prompted = block.language == "console" or any(line.startswith("$ ") for line in lines)
            for line in lines:
                if not prompted or line.startswith("$ "):
                    yield line.removeprefix("$ ")
    yield from _SPAN.findall(prose(page))


def our_arguments(page: Path, program: tuple[str, ...]) -> Iterator[list[str]]:
    """What a page hands to a program, up to a pipe or the like."""
    for line in command_lines(page):
        if program[-1] not in line:
            continue
        words = words_of(line)
        while words and re.match(r"[A-Z_]+=", words[0]):
            words.pop(0)
        if tuple(words[: len(program)]) == program:
            rest = words[len(program) :]
            end = next((at for at, word in enumerate(rest) if word in _UP_TO), len(rest))
            yield rest[:end]


def words_of(line: str) -> list[str]:
    # No `~` or `*` is expanded: what counts is whether the options exist.
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|<>&;")
    lexer.whitespace_split = True
    try:
        return list(lexer)
    except ValueError:  # prose with an apostrophe in a code span
        return []


def parsed(arguments: list[str]) -> None:
    """Let click parse a command line; nothing is carried out. Raises click.UsageError."""
    given = [_STAND_INS.get(word, word) for word in arguments if word != "[OPTIONS]"]
    if not given or given[0] == "COMMAND":
        return
    if given[-1] in _NEED_A_VALUE:  # prose that names an option
        given.append("1")
    try:
        outer = lookalike.make_context("lookalike", given)
        # what is left for the command is where click's own `invoke` looks for it
        name, command, rest = lookalike.resolve_command(
            outer, [*outer._protected_args, *outer.args]
        )
        assert command is not None
        if rest:
            command.make_context(name, rest, parent=outer)
    except click.exceptions.Exit as done:  # --help and --version
        if done.exit_code:
            raise


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_that_is_mentioned_exists(page: Path) -> None:
    wrong = []
    for program in (("lookalike",), ("python", "-m", "lookalike")):
        for arguments in our_arguments(page, program):
            try:
                parsed(arguments)
            except click.UsageError as error:
                wrong.append(f"{shlex.join(arguments)}: {error.format_message()}")
    assert wrong == []


@pytest.mark.parametrize(
    "arguments",
    [["serch", "x.jpg"], ["search", "x.jpg", "--kk", "3"], ["search", "-k", "no", "x.jpg"]],
)
def test_a_command_that_does_not_exist_would_be_noticed(arguments: list[str]) -> None:
    with pytest.raises(click.UsageError):
        parsed(arguments)


def test_there_are_commands_to_look_at() -> None:
    found = [words for page in PAGES for words in our_arguments(page, ("lookalike",))]
    assert len(found) > 40
    assert {words[0] for words in found if words} >= set(
        lookalike.list_commands(click.Context(lookalike))
    )


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_task_that_is_mentioned_exists(page: Path) -> None:
    parser = tasks._parser()
    for arguments in our_arguments(page, ("py", "tasks.py")):
        parser.parse_args(arguments)
    for arguments in our_arguments(page, ("python", "tasks.py")):
        handed_on = arguments[:1] in tasks.RUNNERS
        parser.parse_args(arguments[:1] if handed_on else arguments)
    for task, *settings in filter(None, our_arguments(page, ("make",))):
        parser.parse_args([task])
        named = {setting.partition("=")[0] for setting in settings if "=" in setting}
        assert named <= {"IMAGES", "PORT", "TESTS", "PYTHON", "VENV"}


# ---- what the guide promises to be complete


def test_the_guide_says_what_to_do_about_every_error() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", GUIDE.read_text("utf-8"), re.MULTILINE))
    kinds = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.LookalikeError)
    }
    assert rows & kinds == kinds - {"LookalikeError"}
    assert {row for row in rows if row.endswith("Error")} <= kinds


def test_the_guide_names_every_variable() -> None:
    variable = re.compile(r"\bLOOKALIKE_[A-Z_]+\b")
    sources = (ROOT / "src" / "lookalike").rglob("*.py")
    read = {name for file in sources for name in variable.findall(file.read_text("utf-8"))}
    assert set(variable.findall(GUIDE.read_text("utf-8"))) == read


def test_the_guide_says_where_the_library_lies(home: Path) -> None:
    names = [part for part in default_folder().parts if part in {"lookalike", "library"}]
    assert names == ["lookalike", "library"]
    assert str(default_folder()).startswith(str(home))
    assert "lookalike/library`" in GUIDE.read_text("utf-8")


# ---- examples


@pytest.fixture
def desk(photographs: Path, tmp_path: Path) -> Path:
    """A folder as the examples of the documents assume it: Pictures, an export, a query."""
    pictures = tmp_path / "Pictures"
    shutil.copytree(photographs, pictures)
    if not (tmp_path / "pictures").exists():  # where names differ by case
        shutil.copytree(photographs, tmp_path / "pictures")
    shutil.copy(next(pictures.rglob("*.jpg")), tmp_path / "query.jpg")
    return tmp_path


def run_python(code: str, folder: Path) -> str:
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.slow
def test_the_examples_of_the_guide_run(desk: Path) -> None:
    with Library.open(desk / "library", create=True) as library:
        library.index(desk / "Pictures")
        library.export_matrix(desk / "all.npy")
    with_numpy, colours, interface = python_of(GUIDE)
    best = run_python(with_numpy, desk).splitlines()
    assert best[0] == "1.000 flowers/bed 01.png"
    assert len(best) == 3
    run_python(colours, desk)
    assert (desk / "colours" / "animals" / "cat.png.npy").is_file()
    said = run_python(interface, desk).splitlines()
    assert said[0] == "13 added, 0 skipped"
    assert said[1] == "1.000  flowers/bed 01.png"
    assert said[-1] == "13 (13, 1280)"


@pytest.mark.slow
def test_the_example_of_the_readme_runs(desk: Path) -> None:
    (example,) = python_of(ROOT / "README.md")
    assert len(run_python(example, desk).splitlines()) == 13


def test_the_model_of_the_documents_works(desk: Path) -> None:
    (graph,) = python_of(MODELS)
    (card,) = (block.text for block in blocks(MODELS) if block.language == "toml")
    run_python(graph, desk)
    (desk / "thumbnail.toml").write_text(card, encoding="utf-8")
    with Library.open(desk / "own", model=desk / "thumbnail.onnx", create=True) as library:
        assert library.index(desk / "Pictures").added == 13
        best = library.search(desk / "Pictures" / "flowers" / "bed 01.png", k=1)[0]
        assert (best.record.relative, best.score) == ("flowers/bed 01.png", 1.0)
        assert library.card.summary == "Eight by eight colours, and where they are"
