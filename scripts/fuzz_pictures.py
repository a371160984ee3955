"""Seconds, and targets if not all → bytes that make the decode path fail, found by coverage.

    python scripts/fuzz_pictures.py [--seconds 3600] [--folder DIR] [TARGET ...]

It needs the packages of the dependency group ``fuzz``, best in an environment of their own
(docs/reliability.md has the commands). One target after the other gets an equal share of the time,
each in a process of its own that libFuzzer drives: mutations that reach new lines of Python, in
`lookalike.image` or in Pillow, are kept and mutated further. The native decoders are not
instrumented, so that among their branches the mutations are blind. What takes more than five
seconds or too much memory, kills the process, or raises anything but what is promised is a
finding: its bytes are kept in the folder, and the target goes on for the rest of its time.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF", "RAW")
TARGETS = (*KINDS, "about", "exif", "captions", "profile", "container")
MOST_SECONDS, MOST_MEMORY, LONGEST = 5, 768, 1 << 16  # of one input: s, MB of the process, bytes
PIXELS = 1_000_000


def _names(text: str) -> tuple[bytes, ...]:
    return tuple(name.encode() for name in text.split())


# What is worth putting somewhere in a file of a kind: names, markers and numbers at their limits.
WORDS: dict[str, tuple[bytes, ...]] = {
    "JPEG": (
        *(b"\xff" + bytes((code,)) for code in (*range(0xC0, 0xE0), 0xE1, 0xE2, 0xED, 0xFE)),
        *(b"Exif\0\0", b"ICC_PROFILE\0", b"JFIF\0", b"Adobe\0", b"Photoshop 3.0\0", b"MPF\0"),
    ),
    "PNG": _names(
        "IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB tEXt zTXt iTXt bKGD hIST pHYs sPLT tIME "
        "acTL fcTL fdAT eXIf"
    ),
    "WEBP": (*_names("RIFF WEBP VP8L VP8X ALPH ANIM ANMF ICCP EXIF"), b"VP8 "),
    "GIF": (
        *(b"GIF89a", b"!\xf9\x04", b"!\xff\x0bNETSCAPE2.0", b"!\xfe", b",", b";"),
        b"XMP DataXMP",
    ),
    "BMP": (b"BM", *(bytes((number, 0, 0, 0)) for number in (0, 1, 2, 3, 8, 12, 24, 40, 124))),
    "TIFF": (
        *(b"II*\0", b"MM\0*", b"II+\0\x08\0"),
        *(b"\x5a\x01", b"\x87\x69", b"\x88\x25", b"\x01\x44"),
    ),
    "AVIF": _names(
        "ftyp avif avis meta hdlr pitm iloc iinf infe iprp ipco ipma ispe pixi av1C auxC iref dimg "
        "auxl cdsc grid iovl iden irot imir clap colr idat mdat Exif"
    ),
    "HEIF": _names("heic mif1 hvc1 hvcC iref dimg grid iovl iden ispe thmb ipma iloc"),
    "captions": (
        *_names("<rdf:li> </rdf:li> <rdf:Description> dc:subject dc:title <!DOCTYPE <?xpacket"),
        *_names("<![CDATA[ &amp; xmlns:"),
        b"\x1c\x02",
    ),
    "profile": (*_names("acsp mluc curv para mft1 mft2 A2B0 rTRC"), b"mAB "),
}
WORDS["RAW"] = WORDS["TIFF"]
WORDS["exif"] = WORDS["TIFF"]
WORDS["container"] = WORDS["AVIF"]
WORDS["about"] = (*WORDS["JPEG"], *WORDS["PNG"])


# ---- one target, in a process of its own


def run_target(name: str, arguments: Sequence[str]) -> None:
    """Let libFuzzer drive one target, with its arguments; does not return."""
    import atheris

    sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
    with atheris.instrument_imports(include=["lookalike.image", "PIL"]):
        target = make_target(name)
    atheris.Setup([sys.argv[0], *arguments], target)
    atheris.Fuzz()


def make_target(name: str) -> Callable[[bytes], None]:
    """What is called with the bytes that libFuzzer makes; whatever it raises is a finding."""
    makers: dict[str, Callable[[], Callable[[bytes], None]]] = {
        "about": _about,
        "exif": _exif,
        "captions": _captions,
        "profile": _profile,
        "container": _container,
    }
    return makers[name]() if name in makers else _reading(name)


def _reading(kind: str) -> Callable[[bytes], None]:
    from lookalike import image
    from lookalike.errors import ImageError
    from tests.pictures import with_right_sums

    def target(content: bytes) -> None:
        if kind == "PNG" and len(content) > 8:
            content = bytes(with_right_sums(content))
        try:
            picture = image.read(content, max_pixels=PIXELS, near=32)
        except ImageError as error:
            _check(error)
            return
        assert picture.image.mode == "RGB"
        assert picture.width * picture.height <= PIXELS
        assert len(image.thumbnail(picture.image, 32)) < 10_000

    return target


def _check(error: Exception) -> None:
    assert str(error).isprintable()


def _about() -> Callable[[bytes], None]:
    from lookalike.errors import ImageError
    from lookalike.image import file_metadata

    def target(content: bytes) -> None:
        try:
            file_metadata(content)
        except ImageError as error:
            _check(error)

    return target


def _exif() -> Callable[[bytes], None]:
    from lookalike.image.metadata import from_exif

    def target(content: bytes) -> None:
        from_exif(content)

    return target


def _captions() -> Callable[[bytes], None]:
    from lookalike.image.captions import from_iptc, from_xmp

    def target(content: bytes) -> None:
        for read in (from_xmp, from_iptc):
            try:
                read(content)
            except ValueError:  # what they promise
                continue

    return target


def _profile() -> Callable[[bytes], None]:
    from PIL import Image

    from lookalike.image.colour import to_srgb

    modes = {b"GRAY": "L", b"CMYK": "CMYK"}

    def target(content: bytes) -> None:
        picture = Image.new(modes.get(content[16:20], "RGB"), (4, 4))
        picture.info["icc_profile"] = content
        assert to_srgb(picture).mode == "RGB"

    return target


def _container() -> Callable[[bytes], None]:
    from lookalike.image.headers import header
    from lookalike.image.kinds import sniff, what_else

    def target(content: bytes) -> None:
        for kind in ("AVIF", "WEBP", "TIFF"):
            header(kind, io.BytesIO(content))
        sniff(content)
        what_else(content)

    return target


# ---- all of them, one after the other


def seeds_of(name: str) -> Iterable[bytes]:
    """What the mutations of a target begin with, made here."""
    from tests import hostile, pictures

    small = pictures.quadrants(24, 16)
    if name == "captions":
        yield from hostile.packets().values()
    elif name == "profile":
        yield from hostile.profiles().values()
    elif name == "exif":
        yield from (pictures.full_exif(), *hostile.exif_blocks().values())
    else:
        kinds = {"RAW": ["RAW"], "about": ["JPEG", "PNG", "TIFF"], "container": ["AVIF", "HEIF"]}
        for kind in kinds.get(name, [name]):
            yield from hostile.seeds(kind, small)


def fuzz(name: str, seconds: float, folder: Path) -> dict[str, Any]:
    """One target for that long → what was done and found."""
    corpus, found = folder / "corpus" / name, folder / "findings"
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(exist_ok=True)
    for number, content in enumerate(seeds_of(name)):
        if len(content) <= LONGEST:
            (corpus / f"seed-{number}").write_bytes(content)
    words = folder / f"{name}.dict"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in WORDS.get(name, ())), "ascii")
    until, runs, log = time.monotonic() + seconds, 0, folder / f"{name}.log"
    log.write_bytes(b"")
    while (left := until - time.monotonic()) > 1:
        runs += 1
        _one_run(name, int(left), folder, log)
    said = log.read_text("utf-8", "replace")
    return {
        "executions": sum(map(int, re.findall(r"stat::number_of_executed_units: +(\d+)", said))),
        "coverage": max(map(int, re.findall(r"cov: (\d+)", said)), default=0),
        "features": max(map(int, re.findall(r" ft: (\d+)", said)), default=0),
        "kept": len(list(corpus.iterdir())),
        "seconds": round(seconds),
        "runs": runs,
        "findings": sorted(file.name for file in found.glob(f"{name}-*")),
    }


def _one_run(name: str, seconds: int, folder: Path, log: Path) -> None:
    options = (
        *(f"-max_total_time={seconds}", f"-timeout={MOST_SECONDS}", f"-max_len={LONGEST}"),
        *(f"-rss_limit_mb={MOST_MEMORY}", f"-dict={folder / name}.dict", "-print_final_stats=1"),
        *(f"-artifact_prefix={folder / 'findings'}/{name}-", str(folder / "corpus" / name)),
    )
    with log.open("ab") as out:
        subprocess.run(
            [sys.executable, __file__, "--one", name, "--", *options],
            stdout=out,
            stderr=out,
            check=False,
            timeout=seconds + 60,
        )


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def main() -> int:
    """Run what the arguments name → exit status; 1 where something was found."""
    options = argparse.ArgumentParser(description="Fuzz the decode path.")
    options.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    options.add_argument("--seconds", type=float, default=3600.0, help="all targets together")
    options.add_argument("--folder", type=Path, default=Path("fuzz"), help="what is made and found")
    options.add_argument("--one", help=argparse.SUPPRESS)
    if "--" in sys.argv:
        at = sys.argv.index("--")
        given, rest = sys.argv[1:at], sys.argv[at + 1 :]
        run_target(options.parse_args(given).one, rest)
    asked = options.parse_args()
    sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
    chosen, figures = asked.targets or TARGETS, {}
    for name in chosen:
        figures[name] = fuzz(name, asked.seconds / len(chosen), asked.folder)
        print(name, json.dumps(figures[name]), flush=True)
        (asked.folder / "figures.json").write_text(json.dumps(figures, indent=2), "utf-8")
    return int(any(one["findings"] for one in figures.values()))


if __name__ == "__main__":
    sys.exit(main())
