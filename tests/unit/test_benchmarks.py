"""benchmarks: what they measure with is measured here on small work, so that they do not rot."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import __main__ as runner
from benchmarks import (
    filling,
    growth,
    indexing,
    large,
    machine,
    measuring,
    pictures,
    report,
    rivals,
    search,
)
from benchmarks.clusters import Mixture
from benchmarks.measuring import MissingError, Sample, Settings
from lookalike import Library, image
from lookalike.encoder import Encoder
from lookalike.models import DEFAULT_MODEL, find

FOLDER = Path(runner.__file__).parent
BENCHMARKS = [
    file.stem for file in FOLDER.glob("*.py") if "\ndef measure(" in file.read_text("utf-8")
]


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    folder = tmp_path / "flowers"
    (folder / "images").mkdir(parents=True)
    (folder / "labels.csv").write_text("filename,label,official_split\n", "utf-8")
    for number in range(1200):
        (folder / "images" / f"image_{number:05}.jpg").touch()
    return folder


# ---- time


def test_compared_things_run_in_turns_and_change_places() -> None:
    order: list[str] = []
    tasks = {"a": lambda: order.append("a"), "b": lambda: order.append("b")}
    samples = measuring.alternate(tasks, rounds=3, warm_up=1)
    assert "".join(order) == "ba" + "ab" + "ba" + "ab"
    assert [len(sample.values) for sample in samples.values()] == [3, 3]


def test_what_takes_longer_is_measured_as_longer() -> None:
    tasks = {"short": lambda: None, "long": lambda: time.sleep(0.01)}
    samples = measuring.alternate(tasks, rounds=3)
    assert samples["long"].over(samples["short"]).median > 2
    assert min(samples["long"].values) >= 0.01


def test_a_sample_tells_its_middle_its_quantiles_and_its_spread() -> None:
    sample = Sample((0.3, 0.1, 0.2, 0.4))
    assert sample.median == pytest.approx(0.25)
    assert [sample.quantile(share) for share in (0.25, 0.5, 0.95, 1)] == [0.1, 0.2, 0.4, 0.4]
    assert sample.scaled(1000).values == pytest.approx((300, 100, 200, 400))
    assert Sample((2.0, 4.0)).per(8).values == (4, 2)
    assert Sample((2.0, 4.0)).over(Sample((4.0, 2.0))).values == (0.5, 2)
    assert str(Sample((1.0, 2.0, 4.0))) == "2.00 (1.00 to 4.00)"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.0"), (0.001234, "0.00123"), (1.5, "1.50"), (12.345, "12.3"), (12345.6, "12,346")],
)
def test_figures_have_three_digits(value: float, text: str) -> None:
    assert measuring.digits(value) == text


# ---- memory and processes


def test_a_child_has_memory_of_its_own() -> None:
    held = bytearray(150_000_000)
    size, memory = measuring.in_child(len, b"four")
    assert size == 4
    if memory.peak is not None:
        assert 5 < memory.peak < len(held) / 1e6


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux tells it")
def test_the_memory_of_this_process_is_told() -> None:
    before = measuring.memory()
    held = bytes(range(256)) * 400_000
    after = measuring.memory()
    for name in ("resident", "private", "anonymous"):
        grown = getattr(after, name) - getattr(before, name)
        assert grown > 0.9 * len(held) / 1e6, name
    assert after.peak is not None
    assert after.resident is not None
    assert after.peak >= after.resident


def test_a_command_is_timed_and_its_peak_is_its_own() -> None:
    held = bytearray(b"1" * 150_000_000)
    ran = measuring.run(sys.executable, "-c", "x = b'1' * 60_000_000; print(len(x))")
    assert ran.output == "60000000\n"
    assert ran.seconds > 0
    if ran.peak is not None:
        assert 60 < ran.peak < len(held) / 1e6


def test_a_command_that_fails_says_its_last_words() -> None:
    with pytest.raises(MissingError, match="ended with 3: no such thing"):
        measuring.run(
            sys.executable, "-c", "import sys; print('no such thing', file=sys.stderr); sys.exit(3)"
        )


def test_lookalikes_own_command_runs() -> None:
    assert measuring.lookalike("--version").output.startswith("lookalike")


# ---- the flowers


def test_the_flowers_are_found_where_they_are_said_to_be(
    flowers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert measuring.find_flowers(str(flowers)) == flowers.resolve()
    monkeypatch.setenv(measuring.FLOWERS, str(flowers))
    assert measuring.find_flowers() == flowers.resolve()
    monkeypatch.setenv(measuring.FLOWERS, str(flowers / "images"))
    with pytest.raises(MissingError, match="does not hold"):
        measuring.find_flowers()


def test_missing_flowers_are_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "ROOT", tmp_path / "checkout")
    assert measuring.find_flowers() is None
    with pytest.raises(MissingError, match=measuring.FLOWERS):
        Settings(tmp_path).pictures()


def test_a_quick_run_takes_some_of_the_flowers(flowers: Path, tmp_path: Path) -> None:
    assert len(Settings(tmp_path, flowers=flowers).pictures()) == 1200
    few = Settings(tmp_path, quick=True, flowers=flowers).pictures()
    assert [few[0].name, len(few)] == ["image_00000.jpg", 1000]


# ---- what is written


def test_a_figure_comes_with_its_origin() -> None:
    origin = machine.origin()
    assert set(origin) == {"date", "commit", "machine", "versions"}
    text = json.dumps(origin)
    assert "numpy" in text
    assert str(measuring.ROOT) not in text


def test_a_benchmark_alone_writes_its_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure(settings: Settings) -> measuring.Figures:
        (settings.scratch / "made").touch()
        return {"answer_ms": 1.5, "quick": int(settings.quick)}

    note = tmp_path / "figures.json"
    given = ["--quick", "--scratch", str(tmp_path), "--figures", str(note)]
    assert measuring.alone(measure, given) == 0
    assert json.loads(note.read_text("utf-8")) == {"answer_ms": 1.5, "quick": 1}
    assert (tmp_path / "made").exists()
    assert measuring.alone(measure, []) == 0
    assert json.loads(capsys.readouterr().out) == {"answer_ms": 1.5, "quick": 0}


def test_what_a_benchmark_lacks_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def measure(settings: Settings) -> measuring.Figures:
        raise MissingError("There is no such thing here.")

    assert measuring.alone(measure, []) == 1
    assert capsys.readouterr().err == "benchmarks: There is no such thing here.\n"


# ---- all of them


def test_every_benchmark_can_be_run_with_all_others() -> None:
    assert set(runner.ORDER) <= set(BENCHMARKS)
    for name in BENCHMARKS:
        assert callable(importlib.import_module(f"benchmarks.{name}").measure)


def test_benchmarks_need_their_own_packages_only_when_they_run() -> None:
    code = f"import sys, {', '.join(f'benchmarks.{name}' for name in BENCHMARKS)};"
    code += "print(*sorted({'faiss', 'lancedb', 'matplotlib', 'onnx', 'openvino', 'torch'}"
    code += " & set(sys.modules)))"
    assert measuring.run(sys.executable, "-c", code).output.split() == []


def test_a_benchmark_that_fails_is_told_and_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runner, "ORDER", ("nothing_of_this_name", "machine"))
    target = tmp_path / "latest.json"
    assert runner.main(["--scratch", str(tmp_path), "--figures", str(target)]) == 1
    written = json.loads(target.read_text("utf-8"))
    assert written["failed"] == ["nothing_of_this_name", "machine"]
    assert written["machine"]["cores"] >= 1
    said = capsys.readouterr().err
    assert "not measured: index_vs_encoder" in said
    assert list(tmp_path.iterdir()) == [target]


def test_only_a_whole_run_replaces_the_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "ORDER", ("machine", "nothing_of_this_name"))
    for name in ("LATEST", "QUICK"):
        monkeypatch.setattr(runner, name, tmp_path / f"{name}.json")
    for arguments in (["--quick"], ["--only", "machine"]):
        assert runner.main(arguments) == 1
        assert [file.name for file in tmp_path.iterdir()] == ["QUICK.json"]
    assert runner.main([]) == 1
    assert (tmp_path / "LATEST.json").is_file()


def test_a_benchmark_that_does_not_end_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runner, "_LIMIT", 1.0)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert runner._one("large", tmp_path, ["--quick"]) is None
    assert list(tmp_path.glob("lookalike-bench-*")) == []  # what it leaves lies in its scratch
    assert "no end within" in capsys.readouterr().err


# ---- what single benchmarks are made of


def test_large_pictures_are_made_and_told_apart() -> None:
    cloud = pictures.synthetic(0, (64, 48))
    assert (cloud.size, cloud.mode) == ((64, 48), "RGB")
    assert np.asarray(cloud).std() > 10
    jpeg, png = pictures.jpeg(cloud, progressive=True), pictures.png(cloud)
    for content, other in (
        (jpeg, pictures.renamed_jpeg(jpeg, 7)),
        (png, pictures.renamed_png(png, 7)),
    ):
        assert content != other
        same = image.read(content).image.tobytes() == image.read(other).image.tobytes()
        assert same


def test_a_mosaic_is_full_of_photographs(photographs: Path) -> None:
    made = pictures.mosaic(sorted(photographs.rglob("*.jpg")), (300, 200), 90)
    assert made.size == (300, 200)
    assert np.asarray(made)[-20:, -20:].std() > 0


def test_reduced_and_full_decoding_are_compared_by_their_vectors() -> None:
    content = pictures.jpeg(pictures.synthetic(0, (1200, 900)))
    taken = large._compare([content, content], Encoder.load(find(DEFAULT_MODEL)), rounds=1)
    assert [len(sample.values) for sample in taken] == [2, 2, 2, 2]
    assert 0.9 < taken.cosine.median <= 1.0001


def test_the_encoder_is_measured_on_what_it_encodes(photographs: Path, tmp_path: Path) -> None:
    for file in photographs.rglob("*.jpg"):
        shutil.copy(file, tmp_path)
    ready = indexing._ready(tmp_path, indexing.MODEL)
    assert ready.shape[1:] == (224, 224, 3)
    for way in (indexing.Way(False, 2), indexing.Way(True, 1)):
        assert indexing._encode(ready, indexing.MODEL, way) > 0
        assert str(way)


@pytest.mark.parametrize("engine", ["numpy", "Lookalike"])
def test_engines_answer_alike_and_recall_tells(engine: str, tmp_path: Path) -> None:
    mixture = Mixture(centres=20, topics=5)
    vectors, queries = next(mixture.chunks(300)), mixture.queries(3)
    np.save(tmp_path / "matrix.npy", vectors)
    place = tmp_path / engine
    assert rivals.build(engine, tmp_path / "matrix.npy", place) > 0
    seconds, found = rivals.ask(engine, tmp_path / "matrix.npy", place, queries, search.K)
    assert len(seconds) == 3
    assert found.shape == (3, search.K)
    assert search.recall(vectors, queries, found) == 1
    assert found[0].tolist() == np.argsort(-(vectors @ queries[0]))[: search.K].tolist()
    found[:, :15] = np.argsort(queries @ vectors.T)[:, :15]  # the worst in place of the best
    assert search.recall(vectors, queries, found) == 0.5


def test_files_that_are_as_they_were_are_found_unchanged(tmp_path: Path) -> None:
    for number, folder in growth._folders(tmp_path / "pictures", 3):
        (folder / f"{number}.jpg").write_bytes(bytes(2_000_000 + number))
    growth.enter(tmp_path)
    assert growth.again(tmp_path) >= 0
    (tmp_path / "pictures" / "0000" / "1.jpg").unlink()
    with pytest.raises(RuntimeError, match="1 files are not as they were"):
        growth.again(tmp_path)


def test_a_library_can_be_filled_without_pictures(tmp_path: Path) -> None:
    chunks = list(Mixture(centres=20, topics=5).chunks(50))
    filling.fill(tmp_path / "library", chunks).close()
    filling.fill(tmp_path / "library", [chunks[0][:3]], first=50).close()
    with Library.open(tmp_path / "library") as library:
        assert library.count() == 53
        record = library.records()[52]
        assert filling.row_of(record) == 52
        assert {filling.row_of(hit.record) for hit in library.search(record.id, k=1)} == {2}


# ---- what is told of them


@pytest.fixture
def latest() -> dict[str, Any]:
    return {
        "index_per_s": 300.0,
        "encoder_per_s": 400.0,
        "index_vs_encoder": 0.75,
        "limit_gflops": 250.0,
        "limit_memory_gb_per_s": 40.0,
        "search_flowers_ms": 1.5,
        "search_flowers": [
            {"engine": "Lookalike", "p50_ms": 1.5, "recall30": 1.0},
            {"engine": "numpy", "p50_ms": 0.7, "recall30": 1.0},
        ],
        "growth": [
            {"pictures": 1000, "open_s": 0.1, "index_ms": 3.0},
            {"pictures": 10_000, "open_s": 0.2, "find_s": 0.5, "again_s": 1.5},
        ],
        "measured_by": {
            "indexing": ["index_per_s", "encoder_per_s", "index_vs_encoder"],
            "search": ["search_flowers_ms", "search_flowers"],
            "growth": ["growth"],
        },
        **machine.origin(),
    }


def test_the_page_holds_what_was_measured(latest: dict[str, Any]) -> None:
    page = report.page(report.PAGE.read_text("utf-8"), latest)
    assert "| `index_vs_encoder` | 0.75 | >= 0.85 | **no** |" in page
    assert "| `search_flowers_ms` | 1.5 | < 3 | yes |" in page
    assert "| numpy | 0.700 | 1.00 |" in page
    assert "| index a picture, both cores | the encoder | 2.50 | 3.33 | 1.33 |" in page
    assert "| search 8,189 vectors | reading 42 MB from memory" in page
    assert "Not measured on this machine: `python -m benchmarks.large`." in page
    assert "performance-growth.svg" in page
    assert "| index, ms a picture | the encoder | 2.50 | 3.00 | 1.20 |" in page
    assert "| look again, s | `find` asking for every file's size | 0.500 | 1.50 | 3.00 |" in page
    assert report.page(page, latest) == page


def test_a_page_without_its_marks_is_refused(latest: dict[str, Any]) -> None:
    text = report.PAGE.read_text("utf-8").replace("<!-- limits:", "<!-- borders:")
    with pytest.raises(LookupError, match="needs the marks"):
        report.page(text, latest)


def test_the_figures_are_those_of_a_whole_run() -> None:
    figures = json.loads(runner.LATEST.read_text("utf-8"))
    assert figures["failed"] == []
    assert figures["quick"] is False
    assert tuple(figures["measured_by"]) == runner.ORDER
    wanted = {*runner.FIGURES, *(name for name, *_ in report.TARGETS)}
    assert wanted <= figures.keys()


def test_the_page_is_current() -> None:
    assert report.main(["--check"]) == 0
