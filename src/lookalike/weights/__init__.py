"""`ModelCard` → a verified ONNX file on disk; the only room that downloads.

What is downloaded or converted is kept in the folder ``models`` of the user's cache (or of
``LOOKALIKE_CACHE``), and its SHA-256 is checked every time it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lookalike import graphs
from lookalike.errors import ModelError, WeightsError
from lookalike.models import Hub, LocalFile, ModelCard, Packaged, PackageIndex
from lookalike.weights import installed, package_index
from lookalike.weights.cache import Slot, cache_folder, digest

__all__ = [
    "Progress",
    "WordFiles",
    "cache_folder",
    "fetch",
    "fetch_words",
    "is_here",
    "is_installed",
    "of_package",
    "shipped",
]

Progress = Callable[[int, int], None]
"""Called with the bytes that have come and the bytes that will have come at the end."""

_DATA = Path(__file__).parents[1] / "data"


@dataclass(frozen=True, slots=True)
class WordFiles:
    """The two files of a text tower: its graph and its tokenizer."""

    model: Path
    tokenizer: Path


def is_here(card: ModelCard) -> bool:
    """Whether `fetch` would find the weights on this machine (nothing is hashed)."""
    if isinstance(card.source, Packaged):
        return (_DATA / card.source.file).is_file()
    if isinstance(card.source, LocalFile):
        return Path(card.source.path).is_file()
    return _slot(card).is_here()


def fetch(card: ModelCard, *, on_progress: Progress | None = None) -> Path:
    """The card's ONNX file, verified; downloaded, and converted where need be, on first use.

    Raises `WeightsError` where the weights cannot be fetched, or fail their SHA-256 (what was
    downloaded or converted is removed then), and `MissingExtraError` where a conversion needs a
    package. Safe to call from several processes at once: one fetches, the others wait for it.
    """
    if isinstance(card.source, Packaged):
        return _packaged(card.name, card.source)
    if isinstance(card.source, LocalFile):
        return _local(card.name, card.source)
    slot = _slot(card)
    with slot.filling() as empty:
        if empty and graphs.needs_conversion(card):
            _convert(card, slot, on_progress)
        elif empty:
            _download(card.name, card.source, slot, on_progress)
    return slot.verified()


def fetch_words(card: ModelCard, *, on_progress: Progress | None = None) -> WordFiles:
    """The verified files of the card's text tower; errors as in `fetch`.

    Raises `ModelError` where the model has none.
    """
    if card.words is None:
        raise ModelError(f"The model {card.name!r} takes pictures only, no words.")
    paths = []
    for part, file in (("words", card.words.model), ("tokenizer", card.words.tokenizer)):
        slot = _published(f"{card.name}-{part}", file)
        with slot.filling() as empty:
            if empty:
                _download(card.name, file, slot, on_progress)
        paths.append(slot.verified())
    return WordFiles(*paths)


def shipped(name: str, source: Packaged) -> Path:
    """A file that comes with Lookalike, verified; ``name`` is what it belongs to. Raises
    `WeightsError`."""
    return _packaged(name, source)


def of_package(name: str, source: PackageIndex) -> Path:
    """A file of a package that is installed beside Lookalike, verified; nothing is downloaded.

    Raises `MissingExtraError` with the command that installs it, and `WeightsError` where the file
    is another than the card says.
    """
    return installed.file_of(name, source)


def is_installed(source: PackageIndex) -> bool:
    """Whether `of_package` would find a file (nothing is hashed)."""
    return installed.place_of(source) is not None


def _slot(card: ModelCard) -> Slot:
    if graphs.needs_conversion(card):
        return Slot(cache_folder() / f"{card.name}-{card.identity}.onnx", card.name)
    return _published(card.name, card.source)


def _published(name: str, source: Hub | PackageIndex | Packaged | LocalFile) -> Slot:
    """Where a published file lies under its own SHA-256; a person may put it there too."""
    path = source.member if isinstance(source, PackageIndex) else getattr(source, "file", "")
    ending = Path(path).suffix
    place = cache_folder() / f"{name}-{source.sha256[:16]}{ending}"
    return Slot(place, name, expected=source.sha256)


def _packaged(name: str, source: Packaged) -> Path:
    path = _DATA / source.file
    if not path.is_file() or digest(path) != source.sha256:
        # A part of the installation is not ours to delete; installing again repairs it.
        raise WeightsError(
            f"The weights of {name!r} that came with Lookalike are missing or damaged: install "
            "Lookalike again."
        )
    return path


def _local(name: str, source: LocalFile) -> Path:
    path = Path(source.path)
    if not path.is_file():
        raise WeightsError(f"The file of the model {name!r} is gone: put {path.name!r} back.")
    return path


def _download(
    name: str, source: Hub | PackageIndex, slot: Slot, on_progress: Progress | None
) -> None:
    report = on_progress or (lambda done, total: None)
    if isinstance(source, Hub):
        from lookalike.weights import hub  # HTTP, which most commands never need

        hub.download(name, source, slot, report)
    else:
        package_index.download(name, source, slot, report)


def _convert(card: ModelCard, slot: Slot, on_progress: Progress | None) -> None:
    graphs.check_installed(card)
    assert isinstance(card.source, Hub | PackageIndex)  # noqa: S101 - others are never converted
    published = _published(card.name, card.source)
    if not published.is_here():
        _download(card.name, card.source, published, on_progress)
    source = published.verified()
    with slot.writing() as part:
        graphs.convert(card, source, part)
    slot.record()
    published.remove()
