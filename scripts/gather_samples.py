"""Installed packages → a folder of sample photographs, sorted by what they show.

    python scripts/gather_samples.py FOLDER

The photographs come with scikit-image and with mvtb-data (the pictures of the Machine Vision
Toolbox); nothing is downloaded. Drawings, test charts and calibration boards are left out. What is
already in the folder stays as it is, so that a second run costs nothing.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

TOOLBOX, SCIKIT = "mvtbdata", "skimage"
FOLDERS = {TOOLBOX: "images", SCIKIT: "data"}

SERIES = {
    # where it goes: the package, and the pattern of its files
    "campus/campus": (TOOLBOX, "campus/P*.png"),
    "campus/unseen": (TOOLBOX, "campus/holdout/P*.png"),
    "flowers/bed": (TOOLBOX, "flowers?.png"),
    "garden/tomatoes": (TOOLBOX, "tomato_*.png"),
    "from above/airport": (TOOLBOX, "mosaic/aerial-*.png"),
    "from above/town": (TOOLBOX, "mosaic/aerial2-*.png"),
    "buildings/corner house": (TOOLBOX, "building2-*.png"),
    "buildings/eiffel tower": (TOOLBOX, "eiffel-*.png"),
    "buildings/brick house": (TOOLBOX, "walls-?.png"),
    "indoors/model house": (TOOLBOX, "seq/im.*.png"),
    "signs/castle sign": (TOOLBOX, "castle*.png"),
    "textures/rocks": (TOOLBOX, "rocks2-?.png"),
    "vehicles/motorcycle": (SCIKIT, "motorcycle_*.png"),
}

SINGLES = {
    TOOLBOX: {
        "58060.png": "indoors/basket of grain",
        "arucoboard.png": "signs/markers on a desk",
        "butterfly.jpg": "animals/butterfly",
        "church.jpg": "buildings/church",
        "greenscreen.png": "indoors/green screen",
        "image3.jpg": "people/street workers",
        "lab-scene.png": "indoors/robot laboratory",
        "monalisa.png": "people/mona lisa",
        "mosaic/aerialphoto.png": "from above/city",
        "notre-dame.png": "buildings/notre dame",
        "parks.png": "garden/park",
        "penguins.png": "signs/penguins sign",
        "road.png": "vehicles/open road",
        "roof.png": "buildings/slate roof",
        "street.png": "buildings/old street",
        "tags.png": "signs/tags on a floor",
        "yellowtargets.png": "indoors/yellow targets",
    },
    SCIKIT: {
        "astronaut.png": "people/astronaut",
        "brick.png": "textures/brick",
        "camera.png": "people/cameraman",
        "cell.png": "under the microscope/cell",
        "chelsea.png": "animals/cat",
        "clock_motion.png": "indoors/clock in motion",
        "coffee.png": "indoors/cup of coffee",
        "coins.png": "indoors/coins",
        "grass.png": "textures/grass",
        "gravel.png": "textures/gravel",
        "hubble_deep_field.jpg": "sky/deep field",
        "ihc.png": "under the microscope/tissue",
        "microaneurysms.png": "under the microscope/vessels",
        "moon.png": "sky/moon",
        "page.png": "signs/printed page",
        "retina.jpg": "under the microscope/retina",
        "rocket.jpg": "vehicles/rocket",
        "text.png": "signs/handwriting",
    },
}

SOURCES = """\
Where these photographs come from
=================================

Each was copied, unchanged, out of a package that is installed beside Lookalike. They are
here to try it with; the packages' own terms hold for them.

mvtb-data {toolbox}: the pictures of the Machine Vision Toolbox for Python, by Peter Corke;
the package is under the MIT licence.

scikit-image {scikit}: its sample data, for the most part public domain or CC0; the package
is under the BSD 3-clause licence and says of every picture in `skimage.data` where it comes from.

"""


@dataclass(frozen=True, slots=True)
class Sample:
    """One photograph: the file in its package, and its place below the folder of samples."""

    package: str
    source: Path
    place: str


def samples() -> list[Sample]:
    """All the photographs, by place; of two files with the same content only the first.

    Raises:
        ModuleNotFoundError: a package that carries them is not installed.
    """
    seen: set[bytes] = set()
    kept = []
    for sample in sorted(_listed(), key=lambda sample: sample.place):
        content = hashlib.sha256(sample.source.read_bytes()).digest()
        if content not in seen:
            seen.add(content)
            kept.append(sample)
    return kept


def gather(folder: Path, places: Collection[str] | None = None) -> list[Path]:
    """Copy the photographs (or those of certain places) into a folder → the files, by path.

    Raises:
        ModuleNotFoundError: a package that carries them is not installed.
        OSError: the folder cannot be written to.
    """
    chosen = [sample for sample in samples() if places is None or sample.place in places]
    for sample in chosen:
        _copy(sample.source, folder / sample.place)
    note = folder / "SOURCES.txt"
    if not note.is_file():
        note.write_text(_sources(chosen), "utf-8")
    return [folder / sample.place for sample in chosen]


def _listed() -> Iterator[Sample]:
    for place, (package, pattern) in SERIES.items():
        for number, source in enumerate(sorted(_home(package).glob(pattern)), start=1):
            yield Sample(package, source, f"{place} {number:02}{source.suffix}")
    for package, names in SINGLES.items():
        for name, place in names.items():
            source = _home(package) / name
            if source.is_file():  # another release may have left it out
                yield Sample(package, source, place + source.suffix)


def _home(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{package} is not installed: run `python tasks.py install`.")
    return Path(spec.origin).parent / FOLDERS[package]


def _copy(source: Path, target: Path) -> None:
    if target.is_file() and target.stat().st_size == source.stat().st_size:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _sources(chosen: Collection[Sample]) -> str:
    head = SOURCES.format(toolbox=version("mvtb-data"), scikit=version("scikit-image"))
    rows = (f"{sample.place}: {sample.package}/{sample.source.name}\n" for sample in chosen)
    return head + "".join(rows)


def main() -> int:
    """The folder from the command line → its photographs; the exit status."""
    if len(sys.argv) != 2:
        print("usage: gather_samples.py FOLDER", file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    print(f"{len(gather(folder))} sample photographs in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
