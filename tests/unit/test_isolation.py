"""A process that dies, hangs or swallows memory over a file → a clause, and all others go on."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from lookalike import Library, image, isolation
from lookalike.errors import DecoderEndedError, ImageError, TooManyPixelsError
from lookalike.isolation import asking, pool
from lookalike.models import find
from tests import deadly, pictures
from tests.deadly import bmp
from tests.indexer import Indexer
from tests.served import client_of, form

LINUX = sys.platform == "linux"
LARGE = pictures.encode(pictures.plain(size=(1600, 1200)), "PNG")
NOT_WINDOWS = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[pool.Pool]:
    """Processes of this test's own."""
    made = pool.Pool(4)
    monkeypatch.setattr(asking, "_pool", lambda: made)
    yield made
    made.close()


@pytest.fixture
def armed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: pool.Pool) -> pool.Pool:
    """The same, with decoders of BMP that do what a file asks for."""
    deadly.arm(tmp_path / "armed", monkeypatch)
    return processes


def refusal(content: bytes, **options: float) -> str:
    with pytest.raises(ImageError) as caught:
        isolation.read(content, **options)  # type: ignore[arg-type]
    return str(caught.value)


# --- the same as without ------------------------------------------------------------------------


def test_pictures_are_those_that_are_read_here(tmp_path: Path) -> None:
    block = pictures.exif(orientation=6, taken="2024:02:29 10:11:12", gps=pictures.GPS_ZURICH)
    file = tmp_path / "käfer.jpg"
    file.write_bytes(pictures.make_jpeg(pictures.textured(), exif=block))
    for source in (file, str(file), file.read_bytes()):
        here, there = (way(source, near=100) for way in (image.read, isolation.read))
        assert np.array_equal(np.asarray(here.image), np.asarray(there.image))
        assert [getattr(here, name) for name in here.__slots__[1:]] == [
            getattr(there, name) for name in there.__slots__[1:]
        ]


@pytest.mark.parametrize("model", ["efficientnet-lite0", "vgg16-conv"])
def test_inputs_are_those_that_are_made_here(model: str) -> None:
    preprocess, content = find(model).preprocess, pictures.make_jpeg(pictures.textured())
    here = image.to_input(image.read(content, near=preprocess.near).image, preprocess)
    there = np.zeros((3, *preprocess.shape), preprocess.values)
    said = isolation.describe(content, preprocess=preprocess, out=there[1])
    assert (said.width, said.height, said.format) == (320, 240, "JPEG")
    assert np.array_equal(there[1], here)
    assert not there[0].any()
    assert not there[2].any()


def test_metadata_is_that_which_is_read_here() -> None:
    content = pictures.make_jpeg(exif=pictures.full_exif())
    assert isolation.file_metadata(content) == image.file_metadata(content)


def test_refusals_are_the_same(tmp_path: Path) -> None:
    for content in (b"", pictures.TEXT, pictures.truncated(pictures.make_jpeg())):
        with pytest.raises(ImageError) as caught:
            image.read(content)
        assert refusal(content) == str(caught.value)
    with pytest.raises(TooManyPixelsError, match="has 900 megapixels"):
        isolation.read(pictures.huge_png())
    with pytest.raises(ImageError, match="cannot be read: No such file"):
        isolation.read(tmp_path / "nowhere.jpg")


def test_room_is_asked_for_and_given_back() -> None:
    held: list[int] = []
    most: list[int] = []

    @contextmanager
    def room(taken: int) -> Iterator[None]:
        held.append(taken)
        most.append(len(held))
        yield
        held.remove(taken)

    isolation.read(LARGE, room=room)
    assert (held, most) == ([], [1])
    with pytest.raises(ImageError):
        isolation.read(pictures.truncated(LARGE), room=room)
    assert (held, most) == ([], [1, 1])
    isolation.read(pictures.make_jpeg(), room=room)
    assert most == [1, 1]  # for what is small there is always room


# --- deaths -------------------------------------------------------------------------------------


@NOT_WINDOWS
@pytest.mark.parametrize(
    ("deed", "clause"),
    [
        ("abort", "makes its decoder crash (SIGABRT): save it anew"),
        ("null", "makes its decoder crash (SIGSEGV): save it anew"),
        ("exit", "makes its decoder crash (exit status 3): save it anew"),
        ("raise", "cannot be decoded as BMP: module 'lookalike.image.decode' has no attribute"),
    ],
)
def test_a_decoder_that_dies(armed: pool.Pool, deed: str, clause: str) -> None:
    assert refusal(bmp(deed)).startswith(clause)
    assert isolation.read(bmp("live")).width == 64


def test_what_a_decoder_prints_is_no_answer(armed: pool.Pool) -> None:
    assert isolation.read(bmp("print")).width == 64


@pytest.mark.usefixtures("armed")
def test_a_file_is_not_blamed_for_the_one_before() -> None:
    assert isolation.read(bmp("once")).width == 64


@NOT_WINDOWS
@pytest.mark.usefixtures("armed")
def test_one_that_is_killed_from_outside_may_be_tried_again() -> None:
    with pytest.raises(DecoderEndedError, match="most likely for want of memory; try again"):
        isolation.read(bmp("kill"))


@pytest.mark.skipif(not LINUX, reason="Linux alone holds a process to its memory")
@pytest.mark.usefixtures("armed")
def test_one_that_swallows_memory_gets_no_more() -> None:
    assert refusal(bmp("swallow")) == "needs more memory than is free"


@pytest.mark.parametrize("deed", ["loop", "sleep"])
def test_one_that_does_not_come_to_an_end(armed: pool.Pool, deed: str) -> None:
    started = time.monotonic()
    reason = refusal(bmp(deed), seconds=0.5)
    assert reason == "takes longer than 0.5 seconds to decode: save it anew"
    assert time.monotonic() - started < 8
    assert isolation.read(bmp("live")).width == 64


@pytest.mark.usefixtures("armed")
def test_one_that_reads_a_file_itself_may_wait_for_a_disk(tmp_path: Path) -> None:
    (tmp_path / "sleep.bmp").write_bytes(bmp("sleep"))
    with pytest.raises(DecoderEndedError, match="within 1 seconds: its disk may be slow or hang"):
        isolation.read(tmp_path / "sleep.bmp", seconds=0.5)


@pytest.mark.skipif(not LINUX, reason="processes are counted as Linux tells them")
def test_nothing_is_left_behind(armed: pool.Pool) -> None:
    before = _children()
    with ThreadPoolExecutor(6) as threads:
        deeds = ("abort", "live", "live", "null", "live", "exit")
        list(threads.map(lambda deed: _or_error(bmp(deed)), deeds))
    assert len(_children() - before) <= 4
    armed.close()
    assert _children() <= before


def _or_error(content: bytes) -> object:
    try:
        return isolation.read(content)
    except ImageError as error:
        return error


def _children() -> set[int]:
    """The processes that this one has started, dead ones that nobody has waited for among them."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after = stat.read_text("ascii", "replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(after[1]) == os.getpid():
            found.add(int(stat.parent.name))
    return found


# --- indexing and the server go on ----------------------------------------------------------


@NOT_WINDOWS
def test_indexing_goes_on_and_does_not_read_it_again(
    armed: pool.Pool, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation, "SECONDS", 0.5)
    for number in range(5):
        (indexer.top / f"good {number}.bmp").write_bytes(bmp("live", (number, 40, 60)))
    for deed in ("null", "sleep", "kill"):
        (indexer.top / f"{deed}.bmp").write_bytes(bmp(deed))
    report = indexer.index()
    reasons = {Path(one.path).stem: one.reason for one in report.skipped}
    assert report.added == 5
    assert reasons.keys() == {"null", "sleep", "kill"}
    assert reasons["null"] == "makes its decoder crash (SIGSEGV): save it anew"
    assert reasons["sleep"] == "takes longer than 0.5 seconds to decode: save it anew"
    report = indexer.index()
    assert (report.still_skipped, report.unchanged) == (2, 5)
    assert [Path(one.path).stem for one in report.skipped] == ["kill"]  # that may pass
    (indexer.top / "null.bmp").write_bytes(bmp("live", (9, 9, 9)))
    (indexer.top / "kill.bmp").unlink()
    assert indexer.index().added == 1


@NOT_WINDOWS
def test_the_server_answers_422_and_goes_on(
    armed: pool.Pool, tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation, "QUESTION", 0.5)
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.bmp").write_bytes(bmp("live"))
    with Library.open(tmp_path / "library", model=tiny, create=True) as library:
        library.index(tmp_path / "pictures")
        client = client_of(library)
        said = {
            "null": "The query makes its decoder crash (SIGSEGV): save it anew.",
            "loop": "The query takes longer than 0.5 seconds to decode: save it anew.",
        }
        for deed, sentence in said.items():
            answer = client.post("/api/search", **form(bmp(deed)))
            assert (answer.status_code, answer.get_json()["detail"]) == (422, sentence)
            assert client.post("/api/search", **form(bmp("live"))).status_code == 200


# --- where it is used from ------------------------------------------------------------------

SCRIPT = """
import sys
print("once")
from lookalike import Library
with Library.open(sys.argv[1], model=sys.argv[2], create=True) as library:
    print(library.index(sys.argv[3]).added, len(library.search(sys.argv[3] + "/a.png")))
"""


def test_a_script_needs_no_guard(tmp_path: Path, tiny: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.png").write_bytes(pictures.encode(pictures.plain(), "PNG"))
    (tmp_path / "script.py").write_text(SCRIPT, "utf-8")
    command = [sys.executable, "script.py", "library", str(tiny), "pictures"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (done.stdout.split(), done.stderr) == (["once", "1", "1"], "")


FORKS = """
import os, sys
from lookalike import isolation
content = open(sys.argv[1], "rb").read()
isolation.read(content)
child = os.fork()
print(isolation.read(content).width, flush=True)
if child:
    sys.exit(os.waitpid(child, 0)[1])
"""


@NOT_WINDOWS
def test_a_copy_of_the_process_has_processes_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(pictures.encode(pictures.plain(), "PNG"))
    command = [sys.executable, "-c", FORKS, str(tmp_path / "a.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout.split(), done.stderr) == (["64", "64"], "")


ORPHANS = """
import sys, time
from lookalike.isolation import asking
asking.read(open(sys.argv[1], "rb").read())
print(*(worker._process.pid for worker, _ in asking._pool()._idle), flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(not LINUX, reason="a process is looked for as Linux tells")
def test_processes_end_with_the_one_that_they_work_for(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(pictures.encode(pictures.plain(), "PNG"))
    command = [sys.executable, "-c", ORPHANS, str(tmp_path / "a.png")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        (pid,) = map(int, process.stdout.readline().split())
        assert Path(f"/proc/{pid}").exists()
        process.send_signal(signal.SIGKILL)
    _wait_for(lambda: not _runs(pid))


def _runs(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    except OSError:
        return False


def _wait_for(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_python_inside_another_program_decodes_itself(
    processes: pool.Pool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", "/opt/paint/paint")
    content, preprocess = pictures.make_jpeg(), find("efficientnet-lite0").preprocess
    into = np.zeros(preprocess.shape, preprocess.values)
    with caplog.at_level(logging.WARNING):
        assert isolation.read(content).width == 96
        assert isolation.describe(content, preprocess=preprocess, out=into).width == 96
        assert isolation.file_metadata(content) == image.file_metadata(content)
    assert into.any()
    (record,) = caplog.records
    assert record.getMessage() == (
        "Pictures are decoded in this process, which a damaged one may end, since no other can be "
        "started: this Python is part of another program."
    )


def test_as_many_as_there_is_work_for(processes: pool.Pool) -> None:
    content = pictures.make_jpeg(pictures.textured())
    with ThreadPoolExecutor(12) as threads:
        found = list(threads.map(lambda _: isolation.read(content).width, range(60)))
    assert found == [320] * 60
    assert 1 <= len(processes._idle) <= 4


def test_who_has_waited_for_long_goes(
    processes: pool.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_IDLE", 0.0)
    monkeypatch.setattr(pool, "_LOOK", 0.01)
    together = threading.Barrier(2)

    @contextmanager
    def room(_taken: int) -> Iterator[None]:
        together.wait(30)
        yield

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: isolation.read(LARGE, room=room), range(2)))
    _wait_for(lambda: len(processes._idle) == 1)


def test_processes_are_replaced_now_and_then(
    processes: pool.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_JOBS", 2)
    content, seen = pictures.make_jpeg(), set()
    for _ in range(3):
        isolation.read(content)
        seen |= {worker._process.pid for worker, _ in processes._idle}
    assert len(seen) == 2
