"""The cards of the models → the tables of docs/models.md; with --check, whether they are current.

python scripts/write_model_docs.py [--check]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from lookalike.image import Preprocess
from lookalike.models import (
    DEFAULT_MODEL,
    CutAndPool,
    Hub,
    LocalFile,
    ModelCard,
    Packaged,
    PackageIndex,
    VggFc1,
    cards,
)

PAGE = Path(__file__).resolve().parent.parent / "docs" / "models.md"


def main() -> int:
    """Write the tables, or say whether they are current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if it is old")
    old = PAGE.read_text("utf-8")
    new = page(old, cards())
    if not parser.parse_args().check:
        PAGE.write_text(new, encoding="utf-8", newline="\n")
        return 0
    if new == old:
        return 0
    print("docs/models.md is old: run `python scripts/write_model_docs.py`.", file=sys.stderr)
    return 1


def page(text: str, models: Iterable[ModelCard]) -> str:
    """The page with the tables of these models. Raises LookupError where a mark is missing."""
    models = tuple(models)
    for name, render in TABLES.items():
        begin = f"<!-- {name}: written by scripts/write_model_docs.py -->"
        end = f"<!-- end {name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise LookupError(f"{PAGE.name} needs the marks {begin} and {end}, once each.")
        before, after = text.partition(begin)[0], text.partition(end)[2]
        text = f"{before}{begin}\n\n{render(models)}\n\n{end}{after}"
    return text


def glance(models: Iterable[ModelCard]) -> str:
    """One row a model: what a person chooses by."""
    rows = [
        (
            f"`{card.name}`" + (" (default)" if card.name == DEFAULT_MODEL else ""),
            card.summary,
            str(card.dim),
            _megabytes(card),
            " and ".join(card.abilities),
            card.licence,
        )
        for card in models
    ]
    return _table(("model", "what it is", "numbers", "MB", "finds by", "licence"), rows)


def inputs(models: Iterable[ModelCard]) -> str:
    """One row a model: what becomes of a picture, and which numbers are the vector."""
    rows = [(f"`{card.name}`", _input(card.preprocess), _vector(card)) for card in models]
    return _table(("model", "input", "vector"), rows)


def sources(models: Iterable[ModelCard]) -> str:
    """One row a published file: where it comes from and its SHA-256."""
    rows = []
    for card in models:
        rows.append((f"`{card.name}`", *_source(card.source)))
        if card.words:
            rows.append(("its words", *_source(card.words.model)))
            rows.append(("its tokenizer", *_source(card.words.tokenizer)))
    return _table(("model", "where its weights come from", "SHA-256"), rows)


TABLES: dict[str, Callable[[Iterable[ModelCard]], str]] = {
    "glance": glance,
    "inputs": inputs,
    "sources": sources,
}


def _megabytes(card: ModelCard) -> str:
    words = card.words
    more = f" + {(words.model.size + words.tokenizer.size) / 1e6:,.0f} for words" if words else ""
    return f"{card.size / 1e6:,.0f}{more}"


def _input(how: Preprocess) -> str:
    fits = {
        "squash": f"squashed to {how.size} x {how.size}",
        "crop": f"short side to {how.short_side or how.size}, centre {how.size} x {how.size}",
        "pad": f"padded to {how.size} x {how.size}",
    }
    mean, std = (" ".join(f"{number:g}" for number in triple) for triple in (how.mean, how.std))
    values = "" if how.values == "float32" else " as bytes, which the graph normalises"
    text = f"{how.channels}, {how.layout}{values}; {fits[how.fit]}, {how.resample}"
    return f"{text}; mean {mean}; std {std}"


def _vector(card: ModelCard) -> str:
    if isinstance(card.recipe, CutAndPool):
        return f"`{card.recipe.tensor}`, averaged over its cells"
    if isinstance(card.recipe, VggFc1):
        return "fc1 after its ReLU"
    pooled = {"none": "", "cls": ", the first token", "mean": ", averaged"}[card.pooling]
    return f"`{card.output}`{pooled}"


def _source(source: Packaged | PackageIndex | Hub | LocalFile) -> tuple[str, str]:
    match source:
        case Packaged():
            text = f"`{source.file}`, shipped with Lookalike; made from {source.origin}"
        case PackageIndex():
            text = f"package index: `{source.requirement}`, member `{source.member}`"
        case Hub():
            text = f"hub: `{source.repository}` at `{source.revision[:12]}`, `{source.file}`"
        case LocalFile():
            raise ValueError("a model of the user's own has no row in the docs")
    return text, f"`{source.sha256}`"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines
    )


if __name__ == "__main__":
    sys.exit(main())
