"""The default model, run in many ways → pictures a second on ready arrays, and what each costs.

float32 in ONNX Runtime with batches and threads as they may be, below the highest level of
optimisation, and saved after it; static int8; OpenVINO. int8 needs the package ``onnx`` and the
sample photographs, OpenVINO the package ``openvino``; what is missing is named and left out. Ways
that are at least `WORTH` times as quick as the best of float32 are also asked for their mean
average precision on the flowers. Needs some minutes, and is not part of `make bench`.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import Figures, MissingError, Sample, Settings, alone, alternate, show
from benchmarks.pictures import synthetic
from lookalike import image
from lookalike.encoder import runtime, unit, usable_cores
from lookalike.evaluate import evaluate, read_labels
from lookalike.models import find
from lookalike.stores.base import Record
from lookalike.weights import fetch

Vectors = NDArray[np.float32]
Run = Callable[[Vectors], Vectors]

CARD = find("efficientnet-lite0")
WORTH = 1.15
"""How many times as quick something has to be to be looked at further."""
_READY = 240  # pictures of one round
_CHUNK = 256  # pictures decoded at once for the precision
_QUERIES = 2000


@dataclass(frozen=True, slots=True)
class Way:
    """One way to run the network: ``workers`` threads, each with ``batch`` pictures at a time."""

    run: Run
    workers: int
    batch: int
    load_ms: float = 0
    size_mb: float = 0

    def encode(self, pictures: Vectors) -> Vectors:
        """Prepared pictures → unit vectors, in their order."""
        parts: dict[int, Vectors] = {}
        starts, turn = count(0, self.batch), threading.Lock()

        def work() -> None:
            while True:
                with turn:
                    start = next(starts)
                if start >= len(pictures):
                    return
                parts[start] = self.run(pictures[start : start + self.batch])

        with ThreadPoolExecutor(self.workers) as pool:
            for done in [pool.submit(work) for _ in range(self.workers)]:
                done.result()
        return unit(np.concatenate([parts[start] for start in sorted(parts)]))


def measure(settings: Settings) -> Figures:
    """Ratios to the first way, which is float32 as indexing runs it; and mean average precision."""
    ready = _ready(settings)
    ways = dict(_all_ways(settings.scratch))
    rates, busy = compare(ways, ready, rounds=2 if settings.quick else 7)
    first, *_ = ways
    gains = {name: sample.over(busy[first]).median for name, sample in busy.items()}
    reference = ways[first].encode(ready)
    figures: Figures = {}
    rows = []
    for name, way in ways.items():
        ratio = rates[name].over(rates[first])
        closest = np.sum(way.encode(ready) * reference, axis=1)
        row = (rates[name], ratio, busy[name].median, gains[name], way.load_ms, way.size_mb)
        rows.append((name, *row, float(np.median(closest)), float(closest.min())))
        figures[f"encoder_{_label(name)}_ratio"] = round(ratio.median, 3)
        figures[f"encoder_{_label(name)}_busy_ratio"] = round(gains[name], 3)
    show(
        f"{CARD.name}: pictures/s on {usable_cores()} cores; busy: by processor time",
        ("", "pictures/s", "ratio", "busy", "ratio", "load, ms", "MB", "cosine", "least"),
        rows,
    )
    quick = {name: way for name, way in ways.items() if gains[name] >= WORTH}
    figures |= _precision(settings, {first: ways[first], **quick})
    return figures


def compare(
    ways: Mapping[str, Way], ready: Vectors, *, rounds: int
) -> tuple[dict[str, Sample], dict[str, Sample]]:
    """Pictures a second of each way, by the clock and by the processor time on all cores.

    The second is what is left when nothing else runs: other programs take the cores away, but do
    not lengthen it much. Threads that spin while they wait count as busy.
    """
    spent: dict[str, list[float]] = {name: [] for name in ways}

    def once(name: str) -> None:
        started = time.process_time()
        ways[name].encode(ready)
        spent[name].append(time.process_time() - started)

    taken = alternate({name: partial(once, name) for name in ways}, rounds=rounds)
    cores = usable_cores()
    busy = {
        name: Sample(tuple(values[1:])).per(len(ready) * cores) for name, values in spent.items()
    }
    return {name: sample.per(len(ready)) for name, sample in taken.items()}, busy


def _label(name: str) -> str:
    return "_".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


# ---- the ways


def _all_ways(scratch: Path) -> Iterator[tuple[str, Way]]:
    file, cores = fetch(CARD), usable_cores()
    single = _onnxruntime(file, cores, 2)
    yield "float32, a thread a core, batch 2", single
    for batch in (1, 4, 8, 16):
        yield f"float32, a thread a core, batch {batch}", replace(single, batch=batch)
    together = _onnxruntime(file, 1, 16, threads=cores)
    for batch in (1, 4, 16):
        yield f"float32, one run on all cores, batch {batch}", replace(together, batch=batch)
    yield "float32, without the arena", _onnxruntime(file, cores, 2, arena=False)
    yield "float32, optimised at level 2", _onnxruntime(file, cores, 2, level="ORT_ENABLE_EXTENDED")
    yield "float32, saved after optimising", _saved(file, scratch, cores)
    quantised = _or_say(lambda: dict(_int8(file, scratch)))
    for name, made in quantised.items():
        yield f"{name}, ONNX Runtime", _onnxruntime(made, cores, 2)
    yield from _or_say(lambda: _openvino_ways(file, quantised, cores)).items()


def _or_say(make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return make()
    except ModuleNotFoundError as error:
        print(f"benchmarks: left out: {error}", file=sys.stderr)
        return {}


def _onnxruntime(
    file: Path,
    workers: int,
    batch: int,
    *,
    threads: int = 1,
    level: str = "ORT_ENABLE_ALL",
    arena: bool = True,
    saved: Path | None = None,
) -> Way:
    ort = runtime()
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, level)
    options.enable_cpu_mem_arena = arena
    options.log_severity_level = 4
    if saved:
        options.optimized_model_filepath = str(saved)
    started = time.perf_counter()
    session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    taken = time.perf_counter() - started
    name = session.get_inputs()[0].name

    def run(batch: Vectors) -> Vectors:
        answer: Vectors = session.run([CARD.output], {name: batch})[0]
        return answer

    return Way(run, workers, batch, 1e3 * taken, file.stat().st_size / 1e6)


def _saved(file: Path, scratch: Path, cores: int) -> Way:
    made = scratch / "optimised.onnx"
    _onnxruntime(file, 1, 1, saved=made)
    return _onnxruntime(made, cores, 2, level="ORT_DISABLE_ALL")


# ---- static int8


def _int8(file: Path, scratch: Path) -> Iterator[tuple[str, Path]]:
    """Quantised copies, calibrated on the sample photographs. Raises ModuleNotFoundError.

    Processors without VNNI add two products in 16 bits, which overflow with weights of 8 bits;
    with 7 they cannot (``reduce_range``).
    """
    runtime()
    import onnx
    from onnxruntime import quantization

    quantization.shape_inference.quant_pre_process(
        file, scratch / "prepared.onnx", skip_symbolic_shape=True
    )
    stem = next(n.name for n in onnx.load(file).graph.node if n.op_type == "Conv")
    for name, reduced, kept in (
        ("int8", False, []),
        ("int8, weights of 7 bits", True, []),
        ("int8, weights of 7 bits, first layer float32", True, [stem]),
    ):
        made = scratch / f"{_label(name)}.onnx"
        quantization.quantize_static(
            scratch / "prepared.onnx",
            made,
            _Calibration(_samples(scratch)),
            quant_format=quantization.QuantFormat.QDQ,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            calibrate_method=quantization.CalibrationMethod.MinMax,
            per_channel=True,
            reduce_range=reduced,
            nodes_to_exclude=kept,
        )
        yield name, made


class _Calibration:
    """Prepared pictures, handed out as the quantiser asks for them."""

    def __init__(self, pictures: Vectors) -> None:
        self._batches = iter(np.split(pictures, range(16, len(pictures), 16)))

    def get_next(self) -> dict[str, Vectors] | None:
        return next(({"image": batch} for batch in self._batches), None)


def _samples(scratch: Path) -> Vectors:
    from scripts.gather_samples import gather

    return _prepared(gather(scratch / "samples"))


# ---- OpenVINO


def _openvino_ways(file: Path, quantised: Mapping[str, Path], cores: int) -> dict[str, Way]:
    import openvino

    core = openvino.Core()
    kinds = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    ways = {"float32, OpenVINO": _openvino(core, file, cores, "f32")}
    if "BF16" in kinds:
        ways["bfloat16, OpenVINO"] = _openvino(core, file, cores, "bf16")
    for name, made in quantised.items():
        ways[f"{name}, OpenVINO"] = _openvino(core, made, cores, "f32")
    return ways


def _openvino(core: Any, file: Path, cores: int, precision: str) -> Way:
    config = {
        "INFERENCE_PRECISION_HINT": precision,
        "NUM_STREAMS": str(cores),
        "INFERENCE_NUM_THREADS": str(cores),
    }
    started = time.perf_counter()
    model = core.read_model(file)
    model.reshape({model.inputs[0]: [1, *_prepared_shape()]})
    compiled = core.compile_model(model, "CPU", config)
    taken = time.perf_counter() - started
    output, own = compiled.output(CARD.output), threading.local()

    def run(batch: Vectors) -> Vectors:
        if not hasattr(own, "request"):
            own.request = compiled.create_infer_request()
        # What it returns is its own memory, and overwritten by the next picture.
        return np.array(own.request.infer({0: batch})[output])

    return Way(run, cores, 1, 1e3 * taken, file.stat().st_size / 1e6)


# ---- pictures


def _prepared_shape() -> tuple[int, int, int]:
    return (3, CARD.preprocess.size, CARD.preprocess.size)


def _prepared(files: Sequence[Path]) -> Vectors:
    preprocess = CARD.preprocess

    def one(file: Path) -> Vectors:
        return image.to_input(image.read(file, near=preprocess.near).image, preprocess)

    with ThreadPoolExecutor(usable_cores()) as pool:
        return np.stack(list(pool.map(one, files)))


def _ready(settings: Settings) -> Vectors:
    try:
        return _prepared(settings.pictures()[:_READY])
    except MissingError as error:
        print(f"benchmarks: {error} Pictures made up take their place.", file=sys.stderr)
    made = [image.to_input(synthetic(seed, (256, 256)), CARD.preprocess) for seed in range(8)]
    return np.tile(np.stack(made), (_READY // len(made), 1, 1, 1))


# ---- quality


def _precision(settings: Settings, ways: Mapping[str, Way]) -> Figures:
    """Mean average precision on all flowers, decoded once for all ways; nothing in a quick run."""
    if settings.quick or settings.flowers is None:
        return {}
    files = settings.pictures()
    vectors: dict[str, list[Vectors]] = {name: [] for name in ways}
    for start in range(0, len(files), _CHUNK):
        prepared = _prepared(files[start : start + _CHUNK])
        for name, way in ways.items():
            vectors[name].append(way.encode(prepared))
    names = _labels(settings.flowers / "labels.csv", files)
    scored = {name: _score(np.concatenate(parts), files, names) for name, parts in vectors.items()}
    show(
        f"{len(files):,} flowers, {_QUERIES:,} queries",
        ("", "P@1", "mAP"),
        [(name, f"{first:.4f}", f"{mean:.4f}") for name, (first, mean) in scored.items()],
    )
    return {f"encoder_{_label(name)}_map": round(mean, 4) for name, (_, mean) in scored.items()}


def _labels(file: Path, pictures: Sequence[Path]) -> list[str]:
    labels = read_labels(file)
    return [labels[picture.name] for picture in pictures]


def _score(vectors: Vectors, files: Sequence[Path], labels: Sequence[str]) -> tuple[float, float]:
    records = [Record("flowers", file.name, 1, 1, "", 1, 1, "JPEG") for file in files]
    result = evaluate(records, vectors, labels, queries=_QUERIES)
    return result.p_at_1, result.map


if __name__ == "__main__":
    sys.exit(alone(measure))
