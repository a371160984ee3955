"""Photographs → a folder of small pictures, in one of which there is a small cat, and the cat."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from tests.pictures import textured

BOX = (0.55, 0.15, 0.32, 0.4)  # where the cat lies in scene.png
_SIZE = (320, 240)


def write_scene(folder: Path, photographs: Path, count: int = 30) -> Path:
    """Write ``count`` pictures; returns the file of a cat, which lies elsewhere."""
    cat = folder.with_name("cat.png")
    Image.open(photographs / "animals/cat.png").convert("RGB").save(cat)
    folder.mkdir(parents=True)
    others = [one for one in photographs_in(photographs) if one.parent.name != "animals"]
    scenes = [Image.open(one).convert("RGB").resize(_SIZE) for one in others][: count - 1]
    scenes += [textured(*_SIZE, seed=number) for number in range(count - 1 - len(scenes))]
    for number, one in enumerate(scenes):
        one.save(folder / f"{number:02}.png")
    scene = Image.open(photographs / "buildings/church.jpg").convert("RGB").resize(_SIZE)
    left, top, wide, high = (round(edge * _SIZE[at % 2]) for at, edge in enumerate(BOX))
    scene.paste(Image.open(cat).resize((wide, high)), (left, top))
    scene.save(folder / "scene.png")
    return cat


def photographs_in(folder: Path) -> list[Path]:
    """The pictures below a folder, in order of path."""
    return sorted(one for one in folder.rglob("*") if one.suffix in (".png", ".jpg"))


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Intersection over union of two boxes."""
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    inside = max(0.0, wide) * max(0.0, high)
    return inside / (one[2] * one[3] + other[2] * other[3] - inside)
