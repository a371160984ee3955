"""Batches of prepared pictures, or words → unit vectors that can be compared."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lookalike import graphs, weights
from lookalike.errors import MissingExtraError, ModelError
from lookalike.image import Input
from lookalike.models import ModelCard
from lookalike.models.card import Pooling

if TYPE_CHECKING:
    import onnxruntime
    import tokenizers

Vectors = NDArray[np.float32]
Map = NDArray[np.float32]
"""Features of the regions of a picture: (h, w, dim), rows from the top."""
Maps = NDArray[np.float32]
"""Those of several pictures: (n, h, w, dim)."""

_AT_ONCE = 2
"""Pictures in one run of a graph: what is computed for two still fits into the caches of a core."""
_BESIDE = "session.model_external_initializers_file_folder_path"
_EQUAL = 1e-4
"""How far an average of regions may be from its vector, of length 1: the order of a sum differs."""
_TENSORS = {"float32": "tensor(float)", "uint8": "tensor(uint8)"}


class Encoder:
    """One model, ready to use; may be shared between threads."""

    def __init__(self, card: ModelCard, graph: Network) -> None:
        self.card = card
        self._graph = graph
        self._words: _WordEncoder | None = None
        self._words_lock = threading.Lock()
        self._regions: tuple[Network | None] | None = None
        self._regions_lock = threading.Lock()

    @classmethod
    def load(
        cls,
        card: ModelCard,
        *,
        threads: int | None = None,
        on_progress: weights.Progress | None = None,
    ) -> Encoder:
        """Fetch the weights where need be, and load them.

        ``threads`` is how many cores one picture is spread over; all that this process may use
        where it is None, so that a single picture is quick. Of many pictures most are encoded in
        a second where as many threads as there are cores share an encoder of one. Raises
        `ModelError` for a graph that cannot be loaded or does not fit its card, and what
        `weights.fetch` raises.
        """
        path = weights.fetch(card, on_progress=on_progress)
        graph = Network(card.name, path, card.output, threads or usable_cores())
        graph.check_input(_TENSORS[card.preprocess.values], (None, *card.preprocess.shape))
        return cls(card, graph)

    def encode(self, batch: Input) -> Vectors:
        """Prepared pictures (n, 3, side, side), or (n, side, side, 3) → unit vectors (n, dim).

        A vector of zeros stays one. Raises `ModelError` where the batch does not have the shape
        that the card's preprocess makes, or the model's answer not the one its card says.
        """
        self._check(batch)
        if not len(batch):
            return np.empty((0, self.card.dim), np.float32)
        parts = (batch[start : start + _AT_ONCE] for start in range(0, len(batch), _AT_ONCE))
        return np.concatenate([self._encode(part) for part in parts])

    def _encode(self, part: Input) -> Vectors:
        answer = self._graph.run({self._graph.input: part})
        return unit(_pool(answer, len(part), self.card, self.card.pooling))

    def _check(self, batch: Input) -> None:
        expected, values = self.card.preprocess.shape, self.card.preprocess.values
        if batch.ndim != 4 or batch.shape[1:] != expected or batch.dtype != values:
            raise ModelError(
                f"The model {self.card.name!r} takes {values} batches of shape (n, "
                f"{', '.join(map(str, expected))}), not {batch.dtype} of {batch.shape}."
            )

    @property
    def explains(self) -> bool:
        """Whether a picture's vector is the average of the features of its regions. The graph is
        looked at on the first call, and tried on noise."""
        return self._of_regions() is not None

    def regions(self, picture: Input) -> Map:
        """A prepared picture → the features of its regions (h, w, dim), the average of which is,
        but for its length, what `encode` gives.

        Raises `ModelError` as `encode` does, and where the vectors are no such averages.
        """
        found: Map = self.encode_with_regions(picture[np.newaxis])[1][0]
        return found

    def encode_with_regions(self, batch: Input) -> tuple[Vectors, Maps]:
        """Prepared pictures → what `encode` gives of them, and the features of the regions of each
        (n, h, w, dim), which are at hand on the way. Raises as `regions` does."""
        graph = self._of_regions()
        if graph is None:
            raise ModelError(
                f"The vectors of the model {self.card.name!r} are no averages of regions: choose "
                "a model that explains."
            )
        self._check(batch)
        if not len(batch):
            none = np.empty((0, 1, 1, self.card.dim), np.float32)
            return none[:, 0, 0], none
        parts = (batch[start : start + _AT_ONCE] for start in range(0, len(batch), _AT_ONCE))
        found = [self._both(graph, part) for part in parts]
        return np.concatenate([one[0] for one in found]), np.concatenate([one[1] for one in found])

    def _both(self, graph: Network, part: Input) -> tuple[Vectors, Maps]:
        vectors, maps = graph.run_for({graph.input: part}, (self.card.output, graph.output))
        rows = unit(_pool(vectors, len(part), self.card, self.card.pooling))
        return rows, np.stack([_channels_last(one, self.card.dim) for one in maps])

    def _of_regions(self) -> Network | None:
        with self._regions_lock:
            if self._regions is None:
                graph = _graph_of_regions(self.card, self._graph)
                self._regions = (graph if graph and self._averages(graph) else None,)
            return self._regions[0]

    def _averages(self, graph: Network) -> bool:
        """Whether averages of a graph's output are the vectors: tried, as names do not tell."""
        random, how = np.random.default_rng(0), self.card.preprocess
        noise: Input = random.integers(256, size=how.shape, dtype=np.uint8)
        if how.values == "float32":
            noise = random.standard_normal(how.shape, np.float32)
        found = _map(graph, noise, self.card.dim)
        if found.ndim != 3 or found.shape[2] != self.card.dim:
            return False
        average = unit(found.mean((0, 1))[np.newaxis])
        return bool(np.abs(average - self.encode(noise[np.newaxis])).max() <= _EQUAL)

    def inputs(self, rows: int) -> Input:
        """Room for a batch of that many prepared pictures, to be written into."""
        how = self.card.preprocess
        return np.empty((rows, *how.shape), how.values)

    def encode_words(self, texts: Sequence[str]) -> Vectors:
        """Texts → unit vectors (n, dim), in the same space as those of the pictures.

        The text tower is fetched and loaded on the first call. Raises `ModelError` for a model
        that takes pictures only, `MissingExtraError` without the package ``tokenizers``, and what
        `weights.fetch` raises.
        """
        with self._words_lock:
            if self._words is None:
                self._words = _WordEncoder(self.card, self._graph.threads)
        if not texts:
            return np.empty((0, self.card.dim), np.float32)
        return self._words.encode(texts)


class _WordEncoder:
    """The text tower of a model with its tokenizer."""

    def __init__(self, card: ModelCard, threads: int) -> None:
        if card.words is None:
            raise ModelError(
                f"The model {card.name!r} takes pictures only: choose a model that takes words, "
                "such as 'clip-vit-b32'."
            )
        # Before the download, which may be large.
        _check_tokenizers(card.name)
        files = weights.fetch_words(card)
        self._card, self._layout = card, card.words
        self._tokenizer = _tokenizer(card.name, files.tokenizer)
        self._tokenizer.enable_truncation(card.words.length)
        self._tokenizer.enable_padding(length=card.words.length, pad_id=card.words.padding)
        self._graph = Network(card.name, files.model, card.words.output, threads)

    def encode(self, texts: Sequence[str]) -> Vectors:
        lower = self._layout.lowercase
        encoded = self._tokenizer.encode_batch([t.lower() if lower else t for t in texts])
        feeds = {self._graph.input: np.array([one.ids for one in encoded], np.int64)}
        if "attention_mask" in self._graph.inputs:
            masks = [one.attention_mask for one in encoded]
            feeds["attention_mask"] = np.array(masks, np.int64)
        return unit(_pool(self._graph.run(feeds), len(texts), self._card, "none"))


def _graph_of_regions(card: ModelCard, graph: Network) -> Network | None:
    """The graph with what its vectors may be averages of as its output; None where there is no
    such thing to be seen."""
    if card.pooling == "mean":
        return graph
    content = graph.path.read_bytes() if card.pooling == "none" else b""
    tensor = graphs.averaged(content, card.output)
    if tensor is None:
        return None
    model = graphs.with_output(content, tensor)
    return Network(card.name, graph.path, tensor, graph.threads, model=model)


def _map(graph: Network, picture: Input, dim: int) -> Map:
    """A graph's output for one prepared picture, with the channels last where it is a map."""
    return _channels_last(graph.run({graph.input: picture[np.newaxis]})[0], dim)


def _channels_last(answer: Map, dim: int) -> Map:
    return answer.transpose(1, 2, 0) if answer.ndim == 3 and len(answer) == dim else answer


class Network:
    """One ONNX graph in ONNX Runtime, asked for one output; its errors become `ModelError`.

    ``model`` is the content of the file, where it is to be another than what lies at ``path``.
    """

    def __init__(
        self, name: str, path: Path, output: str, threads: int, *, model: bytes | None = None
    ) -> None:
        onnxruntime = runtime()
        self.name, self.output, self.threads, self.path = name, output, threads, path
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Errors arrive as exceptions; what it would print besides is of no use to a person.
        options.log_severity_level = 4
        if model is not None:  # which does not say where the second file of big weights lies
            options.add_session_config_entry(_BESIDE, str(path.parent))
        try:
            self._session = onnxruntime.InferenceSession(
                path if model is None else model, options, providers=["CPUExecutionProvider"]
            )
        except _runtime_errors() as error:
            raise ModelError(
                f"ONNX Runtime cannot load the model {name!r}: {_one_line(error)}."
            ) from error
        self._check_output()
        self.inputs = tuple(value.name for value in self._session.get_inputs())
        self.input = "input_ids" if "input_ids" in self.inputs else self.inputs[0]
        first = self._declared(self.input).shape
        self._batch = first[0] if first and isinstance(first[0], int) else None

    def check_input(self, kind: str, shape: tuple[int | None, ...]) -> None:
        """Raise `ModelError` unless the graph has one input of that type and shape."""
        if len(self.inputs) != 1:
            raise ModelError(f"The model {self.name!r} has {len(self.inputs)} inputs, not one.")
        declared = self._declared(self.input)
        fits = len(declared.shape) in (0, len(shape)) and all(
            not isinstance(has, int) or wanted in (None, has)
            for has, wanted in zip(declared.shape, shape, strict=False)
        )
        if declared.type != kind or not fits:
            raise ModelError(
                f"The model {self.name!r} takes {declared.type} of shape {declared.shape}, but "
                f"its card says {kind} of shape (n, {', '.join(map(str, shape[1:]))})."
            )
        if self._batch not in (None, 1):
            raise ModelError(
                f"The model {self.name!r} has a fixed batch of {self._batch}: export it with a "
                "batch of any size, or of 1."
            )

    def run(self, feeds: dict[str, NDArray[Any]]) -> Vectors:
        """The output for a batch."""
        return self.run_for(feeds, (self.output,))[0]

    def run_for(
        self, feeds: dict[str, NDArray[Any]], outputs: tuple[str, ...]
    ) -> tuple[Vectors, ...]:
        """Some outputs for a batch; one row at a time where the graph's batch is fixed to 1."""
        if self._batch != 1:
            return self._run(feeds, outputs)
        rows = len(next(iter(feeds.values())))
        each = ({name: value[i : i + 1] for name, value in feeds.items()} for i in range(rows))
        found = [self._run(row, outputs) for row in each]
        return tuple(map(np.concatenate, zip(*found, strict=True)))

    def _run(self, feeds: dict[str, NDArray[Any]], outputs: tuple[str, ...]) -> tuple[Vectors, ...]:
        try:
            answers = self._session.run(list(outputs), feeds)
        except _runtime_errors() as error:
            raise ModelError(f"The model {self.name!r} failed: {_one_line(error)}.") from error
        return tuple(np.asarray(answer, np.float32) for answer in answers)

    def _check_output(self) -> None:
        names = [value.name for value in self._session.get_outputs()]
        if self.output not in names:
            raise ModelError(
                f"The model {self.name!r} has no output {self.output!r}: it has "
                f"{', '.join(map(repr, names))}."
            )

    def _declared(self, name: str) -> onnxruntime.NodeArg:
        return next(value for value in self._session.get_inputs() if value.name == name)


def unit(vectors: Vectors) -> Vectors:
    """Vectors (n, dim) divided by their lengths; a vector of zeros stays one."""
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def usable_cores() -> int:
    """How many cores this process may use, which can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _pool(answer: Vectors, rows: int, card: ModelCard, pooling: Pooling) -> Vectors:
    """A graph's answer → (rows, dim): as it is, the first token, or the mean of tokens or cells."""
    shape = answer.shape
    if pooling == "cls" and answer.ndim == 3:
        answer = answer[:, 0]
    elif pooling == "mean" and answer.ndim in (3, 4):
        channels = 1 if answer.ndim == 4 and shape[1] == card.dim else answer.ndim - 1
        answer = answer.mean(tuple(axis for axis in range(1, answer.ndim) if axis != channels))
    elif pooling == "none" and answer.ndim == 4 and shape[2:] == (1, 1):
        answer = answer.reshape(shape[:2])
    if answer.shape != (rows, card.dim):
        raise ModelError(
            f"The model {card.name!r} gives an output of shape {shape}, from which pooling "
            f"{pooling!r} makes no vectors of {card.dim} numbers: correct dim, output or pooling."
        )
    if not np.isfinite(answer).all():
        raise ModelError(f"The model {card.name!r} gives numbers that are not finite.")
    return answer


def _check_tokenizers(name: str) -> None:
    try:
        import tokenizers  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            f"The model {name!r} needs one more package for words: run "
            'pip install "tokenizers>=0.20" and try again.'
        ) from error


def runtime() -> ModuleType:
    """ONNX Runtime, which is imported here and nowhere else.

    Its builds count and report their use unless this variable is set before the import; nothing
    of what Lookalike does is anybody else's business.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    from importlib import import_module

    return import_module("onnxruntime")


def _tokenizer(name: str, path: Path) -> tokenizers.Tokenizer:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises nothing more precise
        raise ModelError(f"The tokenizer of {name!r} cannot be read: {error}.") from error


def _runtime_errors() -> tuple[type[Exception], ...]:
    state = runtime().capi.onnxruntime_pybind11_state
    names = (
        *("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoModel", "NoSuchFile"),
        *("NotImplemented", "RuntimeException", "EPFail"),
    )
    return (*(getattr(state, name) for name in names), RuntimeError)


def _one_line(error: Exception) -> str:
    """ONNX Runtime's own words without its prefix, its line breaks and its full stop."""
    text = " ".join(str(error).split())
    return text.split(" : ", 3)[-1].rstrip(". ")[:300]
