"""The floor plan of tests/test_house.py → docs/house.svg, and the table of the rooms in docs.

    python scripts/draw_house.py            draw
    python scripts/draw_house.py --check    say whether both are current

A room stands on the rooms that it may import, so its floor follows from the plan; only its column
is chosen here. What it is for is the first line of its own docstring.
"""

from __future__ import annotations

import argparse
import ast
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
PLAN = ROOT / "tests" / "test_house.py"
PICTURE = ROOT / "docs" / "house.svg"
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- rooms: written by scripts/draw_house.py -->", "<!-- end of rooms -->"

COLUMNS = {
    # room: where its left wall is, and how many columns it is wide
    "errors": (0.0, 12.1),
    "folder": (0.0, 1.0),
    "image": (1.0, 3.9),
    "stores.base": (4.9, 6.1),
    "models": (1.0, 1.75),
    "explain": (2.75, 0.9),
    "isolation": (3.65, 0.95),
    "thumbnails": (4.6, 0.9),
    "stores.embedded": (5.5, 1.1),
    "exchange": (6.6, 1.1),
    "evaluate": (7.7, 1.1),
    "duplicates": (8.8, 1.1),
    "mapping": (13.2, 1.1),
    "delivery": (9.9, 1.1),
    "reveal": (11.0, 1.1),
    "neighbours": (12.1, 1.1),
    "kmeans": (12.1, 1.1),
    "views": (13.2, 1.1),
    "cachefile": (14.3, 1.1),
    "verdict": (14.3, 1.1),
    "parts": (15.4, 1.1),
    "watching": (0.0, 1.0),
    "graphs": (1.0, 1.75),
    "weights": (1.0, 1.75),
    "encoder": (1.0, 1.75),
    "words": (0.0, 1.9),
    "indexing": (1.9, 3.6),
    "checkup": (5.5, 1.1),
    "library": (0.0, 16.5),
    "__init__": (1.65, 1.75),
    "web": (4.4, 1.6),
    "assistant": (6.2, 1.4),
    "cli": (2.9, 4.0),
    "journal": (16.5, 1.1),
}
SHOWN_AS = {"__init__": "import lookalike"}
# Doors and shelves: they hold nothing that could stand on a floor.
NOT_DRAWN = {"__main__", "stores"}
STANDS_ON_ALL, UNDER_ALL = "library", "errors"

COLUMN, FLOOR, GAP, LEFT, TOP = 140, 84, 16, 60, 90
LINE, LETTER = 13, 6.3  # pixels: the height of a line, and about the width of a letter
STYLE = """\
text { font: 13px ui-sans-serif, system-ui, sans-serif; fill: #1f2933; text-anchor: middle }
.name { font-weight: 600 } .says { font-size: 11px; fill: #52606d }
.room { fill: #ffffff; stroke: #9aa5b1; stroke-width: 1.5 }
.slab { fill: #f3ead9; stroke: #b99b62; stroke-width: 1.5 }
.door { fill: #e3f1ee; stroke: #4d9388; stroke-width: 1.5 }
.roof { fill: #f0dcd3; stroke: #c0826a; stroke-width: 1.5 }
.walls { fill: #fbfaf7; stroke: #b8b2a7; stroke-width: 1.5 }
.rests { stroke: #7b8794; stroke-width: 1.5; marker-end: url(#down) }"""

NAMESPACE = "http://www.w3.org/2000/svg"
TITLE = "The rooms of Lookalike, each above those that it may import"
ARROW = """
<defs><marker id="down" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"
orient="auto"><path d="M0 0L8 4L0 8z" fill="#7b8794"/></marker></defs>"""

Plan = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Box:
    """One room on paper, in pixels; ``top`` and ``bottom`` grow downwards."""

    room: str
    left: float
    right: float
    top: float
    bottom: float


def floor_plan() -> dict[str, tuple[str, ...]]:
    """Each room with the rooms that it may import, read from the test without running it."""
    for node in ast.parse(PLAN.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FLOOR_PLAN":
            plan: dict[str, str] = ast.literal_eval(node.value)
            return {room: tuple(imports.split()) for room, imports in plan.items()}
    raise LookupError(f"{PLAN.name} has no FLOOR_PLAN.")


def says(room: str) -> str:
    """The first line of a room's docstring: what comes in → what goes out."""
    place = ROOT.joinpath("src", "lookalike", *room.split("."))
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    file = place.parent / "__init__.py" if room == "__init__" else file
    return (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "").partition("\n")[0]


def below(plan: Plan, room: str) -> set[str]:
    """Every room that a room rests on, directly or not."""
    return set(plan[room]).union(*(below(plan, other) for other in plan[room]))


def rests_on(plan: Plan, room: str) -> list[str]:
    """The rooms that carry a room directly: its imports less those that others of them carry."""
    carried = set().union(*(below(plan, other) for other in plan[room]))
    return [other for other in plan[room] if other not in carried]


def floor(plan: Plan, room: str) -> int:
    """How many rooms stand below each other under a room."""
    return max((floor(plan, other) + 1 for other in plan[room]), default=0)


# ---- the picture


def boxes(plan: Plan) -> dict[str, Box]:
    """Where each room is drawn. Raises LookupError for a room that has no column yet."""
    rooms = [room for room in plan if room not in NOT_DRAWN]
    if missing := set(rooms) - COLUMNS.keys():
        raise LookupError(f"Give {min(missing)} a column in scripts/draw_house.py.")
    highest = max(floor(plan, room) for room in rooms)
    return {room: _box(plan, rooms, room, highest) for room in rooms}


def _box(plan: Plan, rooms: list[str], room: str, highest: int) -> Box:
    left, wide = COLUMNS[room]
    own = floor(plan, room)
    above = [
        floor(plan, other)
        for other in rooms
        if floor(plan, other) > own and _overlap(COLUMNS[room], COLUMNS[other])
    ]
    ceiling = min(above, default=own + 1)
    return Box(
        room,
        LEFT + left * COLUMN + GAP / 2,
        LEFT + (left + wide) * COLUMN - GAP / 2,
        TOP + (highest - ceiling + 1) * FLOOR + GAP / 2,
        TOP + (highest - own + 1) * FLOOR - GAP / 2,
    )


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] < other[0] + other[1] and other[0] < one[0] + one[1]


def draw(plan: Plan) -> str:
    """The house as SVG."""
    placed = boxes(plan)
    width = LEFT * 2 + max(left + wide for left, wide in COLUMNS.values()) * COLUMN
    height = max(box.bottom for box in placed.values()) + 40
    parts = [
        f'<svg xmlns="{NAMESPACE}" viewBox="0 0 {width:.0f} {height:.0f}" role="img">',
        f"<title>{TITLE}</title><style>{STYLE}</style>{ARROW}",
        f'<rect width="{width:.0f}" height="{height:.0f}" rx="12" fill="#ffffff"/>',
        *_shell(placed, width),
        *_lines(plan, placed),
        *(part for box in placed.values() for part in _room(plan, box)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _shell(placed: Mapping[str, Box], width: float) -> Iterator[str]:
    eaves = placed[STANDS_ON_ALL].top - GAP
    ground = placed[UNDER_ALL].bottom + GAP / 2
    left, right = LEFT - GAP / 2, width - LEFT + GAP / 2
    yield f'<path class="roof" d="M{left - 34} {eaves}L{width / 2} 14L{right + 34} {eaves}z"/>'
    yield (
        f'<rect class="walls" x="{left}" y="{eaves}" width="{right - left}" '
        f'height="{ground - eaves}"/>'
    )


def _lines(plan: Plan, placed: Mapping[str, Box]) -> Iterator[str]:
    for room, box in placed.items():
        for other in () if room == STANDS_ON_ALL else rests_on(plan, room):
            beside = not _overlap(COLUMNS[room], COLUMNS[other])
            if other not in (UNDER_ALL, STANDS_ON_ALL) and not beside:
                lower = placed[other]
                middle = (max(box.left, lower.left) + min(box.right, lower.right)) / 2
                yield (
                    f'<path class="rests" d="M{middle:.0f} {box.bottom:.0f}V{lower.top - 1:.0f}"/>'
                )


def _room(plan: Plan, box: Box) -> Iterator[str]:
    kind = "slab" if box.room in (STANDS_ON_ALL, UNDER_ALL) else "room"
    kind = "door" if STANDS_ON_ALL in plan[box.room] else kind
    wide, high = box.right - box.left, box.bottom - box.top
    yield (
        f'<rect class="{kind}" x="{box.left:.0f}" y="{box.top:.0f}" width="{wide:.0f}" '
        f'height="{high:.0f}" rx="5"/>'
    )
    letters, most = int((wide - 8) / LETTER), int((high - 2 * LINE) // LINE)
    text = says(box.room).replace("`", "").rstrip(".")
    lines = textwrap.wrap(text, letters, max_lines=most, placeholder=" ...")
    top = box.top + (high - LINE * len(lines)) / 2
    middle = (box.left + box.right) / 2
    name = SHOWN_AS.get(box.room, box.room)
    yield f'<text class="name" x="{middle:.0f}" y="{top + 1:.0f}">{name}</text>'
    for number, line in enumerate(lines, start=1):
        y = top + 2 + LINE * number
        yield f'<text class="says" x="{middle:.0f}" y="{y:.0f}">{escape(line)}</text>'


# ---- the table


def table(plan: Plan) -> str:
    """The rooms as a Markdown table, from the ground up."""
    rows = ["| room | what comes in → what goes out | may import |", "| --- | --- | --- |"]
    for room, imports in plan.items():
        text = says(room).replace("``", "`").rstrip(".:").replace("|", "\\|")
        rows.append(f"| `{room}` | {text} | {', '.join(imports) or 'nothing'} |")
    return "\n".join(rows)


def page(plan: Plan, text: str) -> str:
    """The page with the table of today. Raises LookupError where the marks are missing."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise LookupError(f"{PAGE.name} needs the marks {BEGIN} and {END}, once each.")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    return f"{before}{BEGIN}\n\n{table(plan)}\n\n{END}{after}"


def main() -> int:
    """Draw, or say whether the drawing is current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if it is old")
    plan = floor_plan()
    old = PAGE.read_text("utf-8")
    wanted = {PICTURE: draw(plan), PAGE: page(plan, old)}
    if not parser.parse_args().check:
        for file, text in wanted.items():
            file.write_text(text, encoding="utf-8", newline="\n")
        return 0
    for file, text in wanted.items():
        if not file.is_file() or file.read_text("utf-8") != text:
            print(f"docs/{file.name} is old: run `python scripts/draw_house.py`.", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
