"""What people have and do by accident: one clear sentence each, a right status, nothing lost."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.running import (
    LINUX,
    PATIENCE,
    POSIX,
    Done,
    checked,
    index,
    reasons,
    refused,
    run,
    search,
    sentence,
    start,
)
from tests.pictures import (
    BLUE,
    EMPTY,
    HUGE,
    TEXT,
    animated,
    encode,
    huge_png,
    make_jpeg,
    plain,
    textured,
    truncated,
)

WRITE_ON_WINDOWS = '\\/:*?"<>|\n'  # what a name cannot hold there


@pytest.fixture
def copy(shared: Path, library: Path) -> Path:
    """A copy of the shared library, to be damaged."""
    shutil.copytree(shared, library)
    return library


def answers(library: Path, number: int) -> None:
    """The library can still be read and holds so many pictures."""
    stats = run("stats", "--library", library, "--json").json
    assert stats["images"] == number


# ---- paths that name something else


@pytest.mark.parametrize(
    "arguments", [("index", ""), ("search", ""), ("serve", ""), ("stats", "--library", "")]
)
def test_an_empty_path_is_not_the_current_folder(arguments: tuple[str, ...]) -> None:
    assert "is empty: name a file or a folder." in run(*arguments, status=2).err


def test_a_folder_as_a_query(pictures: Path, shared: Path) -> None:
    message = refused("search", pictures, "--library", shared)
    assert message == f"{pictures} is a folder: name one picture in it."


@POSIX
def test_a_pipe_as_a_query_does_not_wait_for_ever(tmp_path: Path, shared: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    message = refused("search", tmp_path / "pipe.jpg", "--library", shared)
    assert message.endswith("is neither a file nor a folder: name a picture.")


# ---- folders


def test_a_folder_without_pictures(tmp_path: Path, library: Path) -> None:
    (tmp_path / "empty").mkdir()
    message = refused("index", tmp_path / "empty", "--library", library)
    assert message.startswith(f"There are no pictures in {tmp_path / 'empty'}: ")


def test_a_folder_that_is_not_there(tmp_path: Path, library: Path) -> None:
    message = refused("index", tmp_path / "nowhere", "--library", library)
    assert message == f"There is no folder {tmp_path / 'nowhere'}: check the path."


def test_a_file_instead_of_a_folder(pictures: Path, library: Path) -> None:
    message = refused("index", pictures / "one.jpg", "--library", library)
    assert message.startswith(f"{pictures / 'one.jpg'} is not a folder: ")


def test_a_folder_that_went_away_does_not_empty_the_library(pictures: Path, library: Path) -> None:
    index(pictures, library)
    shutil.rmtree(pictures)
    assert refused("index", pictures, "--library", library).startswith("There is no folder ")
    pictures.mkdir()
    message = refused("index", pictures, "--library", library)
    assert "None of the 3 pictures" in message
    assert "lookalike forget" in message
    answers(library, 3)


# ---- files


BAD = {
    "text.jpg": TEXT,
    "empty.png": EMPTY,
    "cut.jpg": truncated(make_jpeg(textured())),
    "cut.png": truncated(encode(textured(), "PNG")),
    "huge.png": huge_png(),
}
REASONS = {
    "text.jpg": "is not a picture (its content is text)",
    "empty.png": "is empty (0 bytes)",
    "cut.jpg": "is cut short (truncated): copy or download it again",
    "cut.png": "is cut short (truncated): copy or download it again",
    "huge.png": "has 900 megapixels, more than the limit of 200: raise it with --max-pixels",
}
ODD = {"animated.gif": animated("GIF"), "dot.png": encode(plain(BLUE, (1, 1)), "PNG")}


def test_bad_files_are_listed_and_odd_ones_are_taken(pictures: Path, library: Path) -> None:
    for name, content in {**BAD, **ODD}.items():
        (pictures / name).write_bytes(content)
    done = run("index", pictures, "--library", library)
    head, count, *listed = done.out.splitlines()
    assert head.startswith("5 added (")
    assert count == "5 skipped:"
    assert sorted(listed) == sorted(f"  {pictures / name}: {why}" for name, why in REASONS.items())
    assert done.err == ""
    again = index(pictures, library)
    assert (again["added"], again["skipped"]) == (0, [])
    for name in ODD:
        found = search(pictures / name, library, "-k", "1")
        assert found.paths == [str(pictures / name)]
    remembered = run("stats", "--skipped", "--library", library, "--json").json["skipped_files"]
    assert reasons({"skipped": remembered}) == REASONS
    (pictures / "cut.jpg").write_bytes(make_jpeg(textured()))
    mended = index(pictures, library)
    assert (mended["added"], mended["skipped"]) == (1, [])


def test_the_limit_on_pixels_can_be_moved(
    pictures: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pictures / "large.png").write_bytes(encode(plain(size=(3000, 3000)), "PNG"))
    (pictures / "huge.png").write_bytes(huge_png())
    low = index(pictures, library, "--max-pixels", "8000000")
    assert low["added"] == 3
    assert reasons(low)["large.png"].startswith("has 9 megapixels, more than the limit of 8: ")
    monkeypatch.setenv("LOOKALIKE_MAX_PIXELS", str(HUGE * HUGE))
    high = index(pictures, library, "--retry")
    assert high["added"] == 1
    assert reasons(high) == {"huge.png": REASONS["cut.png"]}  # as far as its header it is let in
    shutil.copy(pictures / "large.png", library)  # as a query that the library does not know
    limit = ("--max-pixels", "8000000")
    message = refused("search", library / "large.png", "--library", library, *limit)
    assert "has 9 megapixels, more than the limit of 8" in message


def without_power() -> None:
    """In the child, before it starts: root may not overrule permissions any more."""
    drop_from_bounding_set, overrule, read_all = 24, 1, 2  # of prctl(2) and capabilities(7)
    prctl = ctypes.CDLL(None).prctl
    if prctl(drop_from_bounding_set, overrule, 0, 0, 0) or prctl(24, read_all, 0, 0, 0):
        os._exit(99)


@pytest.fixture
def mortal() -> dict[str, Any]:
    """Options of a process for which permissions count; skips where there is no such."""
    if os.name == "nt":
        pytest.skip("permissions as POSIX has them")
    if os.geteuid() != 0:
        return {}
    if sys.platform != "linux":
        pytest.skip("root can read everything here")
    tried = subprocess.run(
        [sys.executable, "-c", "import os; os.stat('.')"], preexec_fn=without_power, check=False
    )
    if tried.returncode:
        pytest.skip("root cannot give up its power here")
    return {"preexec_fn": without_power}


def test_what_may_not_be_read(pictures: Path, library: Path, mortal: dict[str, Any]) -> None:
    closed, folder = pictures / "one.jpg", pictures / "sub"
    try:
        closed.chmod(0)
        folder.chmod(0)
        report = index(pictures, library, **mortal)
        assert report["added"] == 1
        reason = "cannot be read: Permission denied"
        assert reasons(report) == {"one.jpg": reason, "sub": reason}
        message = refused("search", closed, "--library", library, **mortal)
        assert message.startswith(f"{closed} cannot be read: Permission denied")
        message = refused("index", folder, "--library", library, **mortal)
        assert "Permission denied" in message
    finally:
        closed.chmod(0o644)
        folder.chmod(0o755)
    assert index(pictures, library)["added"] == 2


# ---- names


def names() -> list[str]:
    plain_names = [
        "with spaces.jpg",
        "it's.jpg",
        "ünïcödé.jpg",
        "🦊🌹.jpg",
        "-dash.jpg",
        "100%.jpg",
    ]
    if os.name != "nt":
        plain_names += [
            'quo"te.jpg',
            "new\nline.jpg",
            "tab\tand \x1b[31mred.jpg",
            "back\\slash.jpg",
        ]
    if sys.platform == "linux":
        plain_names += [os.fsdecode(b"caf\xe9.jpg"), os.fsdecode(b"\xff\xfe.jpg")]
    return plain_names


def test_names_of_all_kinds(tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "a folder, 🦊's"
    folder.mkdir()
    for seed, name in enumerate(names()):
        (folder / name).write_bytes(make_jpeg(textured(seed=seed)))
    (folder / f"no picture: {names()[-1]}").write_bytes(TEXT)
    monkeypatch.setenv("COLUMNS", "500")
    told = run("index", folder, "--library", library)
    assert told.out.count("\n") == 3
    assert "1 skipped:" in told.out
    first = search(folder / names()[0], library)
    assert sorted(first.paths) == sorted(str(folder / name) for name in names())
    assert first.out.isascii()
    for path in first.paths[-2:]:
        assert search(os.fsencode(path), library, "-k", "1").paths == [path]
    table = run("search", folder / names()[0], "--library", library)
    lines = table.out.splitlines()
    assert len(lines) == 1 + len(names())
    assert all(line.isprintable() for line in lines)


@LINUX
def test_a_query_with_any_name_is_shown_on_one_line(tmp_path: Path, shared: Path) -> None:
    message = refused("search", os.fsencode(tmp_path) + b"/caf\xe9\n.jpg", "--library", shared)
    assert message == f"There is no file {tmp_path}/caf\\udce9\\n.jpg: check the path."


@POSIX
def test_a_library_with_a_newline_in_its_name_is_shown_on_one_line(tmp_path: Path) -> None:
    message = refused("stats", "--library", tmp_path / "two\nlines")
    assert message.startswith(f"There is no library in {tmp_path}/two\\nlines: ")


# ---- queries


def test_a_query_without_a_library(pictures: Path, library: Path) -> None:
    message = refused("search", pictures / "one.jpg", "--library", library)
    assert message.startswith(f"There is no library in {library}: ")
    assert "lookalike index" in message
    assert not library.exists()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (TEXT, "is not a picture (its content is text)"),
        (EMPTY, "is empty (0 bytes)"),
        (huge_png(), "has 900 megapixels"),
    ],
)
def test_a_query_that_is_no_picture(content: bytes, why: str, tmp_path: Path, shared: Path) -> None:
    query = tmp_path / "query.jpg"
    query.write_bytes(content)
    assert refused("search", query, "--library", shared).startswith(f"{query} {why}")


def test_standard_input_that_is_no_picture(shared: Path) -> None:
    message = refused("search", "-", "--library", shared, input=TEXT)
    assert "is not a picture (its content is text)" in message


def test_a_query_that_is_not_there_or_is_a_folder(tmp_path: Path, shared: Path) -> None:
    nowhere = tmp_path / "nowhere.jpg"
    message = refused("search", nowhere, "--library", shared)
    assert message == f"There is no file {nowhere}: check the path."
    assert refused("search", tmp_path, "--library", shared).startswith(f"{tmp_path} ")


# ---- libraries


def change(library: Path, statement: str) -> None:
    with closing(sqlite3.connect(library / "library.sqlite")) as connection:
        connection.execute(statement)
        connection.commit()


def test_a_library_of_a_newer_version(photographs: Path, copy: Path) -> None:
    with closing(sqlite3.connect(copy / "library.sqlite")) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    change(copy, "PRAGMA user_version = 99")
    message = refused("search", photographs / "animals/cat.png", "--library", copy)
    assert "written by a newer Lookalike" in message
    assert "upgrade" in message
    assert refused("index", photographs, "--library", copy) == message
    change(copy, f"PRAGMA user_version = {version}")
    answers(copy, 13)


def test_a_library_of_another_model(photographs: Path, copy: Path) -> None:
    message = refused("index", photographs, "--library", copy, "--model", "vgg16-conv")
    assert "was made with the model efficientnet-lite0-int8, not vgg16-conv" in message
    assert "--library" in message
    assert "efficientnet-lite0" in refused("index", photographs, "--library", copy, "--model", "x")
    change(copy, "UPDATE settings SET value = 'other weights' WHERE name = 'identity'")
    message = refused("search", photographs / "animals/cat.png", "--library", copy)
    assert "made with other weights" in message


def garbage(file: Path) -> None:
    file.write_bytes(b"garbage, and nothing else " * 500)


def garbage_after_the_header(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:100] + b"garbage!" * (len(content) // 8))


def garbage_inside(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    file.write_bytes(content)


def cut_in_half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.parametrize(
    ("damage", "command"),
    [
        (garbage, "search"),
        (garbage_after_the_header, "index"),
        (garbage_inside, "search"),
        (garbage_inside, "index"),
        (cut_in_half, "search"),
    ],
)
def test_a_damaged_library(
    damage: Callable[[Path], None], command: str, photographs: Path, copy: Path
) -> None:
    shutil.rmtree(copy / "cache")
    file = copy / "library.sqlite"
    damage(file)
    before = file.read_bytes()
    what = photographs / "animals/cat.png" if command == "search" else photographs
    message = refused(command, what, "--library", copy)
    assert message.startswith(f"{file} is damaged or not a library")
    assert "put it back from a copy, or delete it and index again" in message
    assert file.read_bytes() == before


def test_an_sqlite_file_of_another_program_is_left_alone(pictures: Path, library: Path) -> None:
    library.mkdir()
    change(library, "CREATE TABLE notes (text)")
    before = (library / "library.sqlite").read_bytes()
    message = refused("index", pictures, "--library", library)
    assert "is an SQLite file, but not a Lookalike library" in message
    assert (library / "library.sqlite").read_bytes() == before


def test_a_library_folder_that_is_a_file(pictures: Path, library: Path) -> None:
    library.write_text("mine", encoding="utf-8")
    for command in (("index", pictures), ("stats",)):
        assert str(library) in refused(*command, "--library", library)
    assert library.read_text("utf-8") == "mine"


@POSIX
def test_two_at_once(tmp_path: Path, pictures: Path, library: Path) -> None:
    for seed in range(10, 60):
        (pictures / f"{seed}.jpg").write_bytes(
            make_jpeg(textured(seed=50 + seed % 8)) + b"%d" % seed
        )
    first = start("index", pictures, "--library", library, "--json")
    try:
        assert first.stdout is not None
        while json.loads(first.stdout.readline())["event"] != "indexed":
            pass
        first.send_signal(signal.SIGSTOP)
        message = refused("index", pictures, "--library", library)
        assert f"is being written to by process {first.pid} on {socket.gethostname()}" in message
        assert "--wait" in message
        answers(library, 16)  # readers do not wait
        second = start("index", pictures, "--library", library, "--wait", "100", "--json")
    finally:
        first.send_signal(signal.SIGCONT)
    assert finished(first).events[-1]["added"] == 53
    report = finished(second).events[-1]
    assert (report["added"], report["unchanged"]) == (0, 53)


def finished(process: subprocess.Popen[bytes]) -> Done:
    out, err = process.communicate(timeout=PATIENCE)
    return checked(process.returncode, out, err, 0)


# ---- disks


class Disk:
    """A small file system of its own, in memory."""

    def __init__(self, folder: Path, size: str) -> None:
        self.folder = folder
        self._mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))

    def again(self, options: str) -> None:
        """Change what it is like: its size, or whether it may be written to."""
        self._mount("-o", f"remount,{options}", str(self.folder))

    def gone(self) -> None:
        subprocess.run(["umount", str(self.folder)], check=True, capture_output=True)

    @staticmethod
    def _mount(*arguments: str) -> None:
        subprocess.run(["mount", *arguments], check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        made = Disk(folder, "1200k")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("nothing can be mounted here")
    yield made
    made.gone()


def test_a_disk_that_is_read_only(photographs: Path, shared: Path, disk: Disk) -> None:
    library = disk.folder / "library"
    shutil.copytree(shared, library)
    disk.again("ro")
    cat = photographs / "animals/cat.png"
    found = search(cat, library)
    assert found.paths[0] == str(cat)
    assert len(found.paths) == 13
    assert found.err == ""
    assert run("doctor", "--library", library).err == ""
    for command in (("index", photographs), ("forget", photographs)):
        message = refused(*command, "--library", library)
        assert str(library) in message
        assert "cannot be written to" in message or "nothing can be written" in message
    message = refused("index", photographs, "--library", disk.folder / "new")
    assert "nothing can be written" in message


def test_a_library_without_permission_to_write(
    photographs: Path, pictures: Path, copy: Path, mortal: dict[str, Any]
) -> None:
    copy.chmod(0o555)
    try:
        cat = photographs / "animals/cat.png"
        assert search(cat, copy, "-k", "1", **mortal).paths == [str(cat)]
        message = refused("index", pictures, "--library", copy, **mortal)
        assert "make this one writable" in message
        assert search(cat, copy, **mortal).paths[0] == str(cat)
    finally:
        copy.chmod(0o755)


def test_a_disk_that_is_full(pictures: Path, disk: Disk) -> None:
    library = disk.folder / "library"
    index(pictures, library)
    for seed in range(10, 260):
        (pictures / f"{seed}.jpg").write_bytes(
            make_jpeg(textured(seed=50 + seed % 8)) + b"%d" % seed
        )
    done = run("index", pictures, "--library", library, status=1)
    assert sentence(done.err).startswith(f"The disk that holds the library {library} is full: ")
    kept = run("stats", "--library", library, "--json").json["images"]
    assert 3 <= kept < 253
    assert search(pictures / "one.jpg", library, "-k", "1").paths == [str(pictures / "one.jpg")]
    disk.again("size=50m")
    report = index(pictures, library)
    assert (report["added"], report["unchanged"]) == (253 - kept, kept)
    assert run("doctor", "--library", library).status == 0


# ---- the rest


def test_a_port_that_is_in_use(shared: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        message = refused("serve", "--port", port, "--library", shared)
    assert message == f"Port {port} is in use on 127.0.0.1: choose another with --port."


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("index",),
        ("index", "x", "--nonsense"),
        ("index", "x", "--max-pixels", "0"),
        ("search",),
        ("search", "x", "y"),
        ("search", "x", "-k", "0"),
        ("serve", "--port", "99999"),
        ("eval", "--queries", "none"),
        ("export",),
        ("import", "x"),
        ("forget",),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...]) -> None:
    done = run(*arguments, status=2)
    assert done.out == ""
    assert "Usage: " in done.err
    if arguments:
        assert done.err.splitlines()[-1].startswith("Error: ")


def test_labels_and_features_that_do_not_fit(
    shared: Path, photographs: Path, tmp_path: Path
) -> None:
    labels = tmp_path / "labels.csv"
    message = refused("eval", labels, "--library", shared)
    assert "labels.csv" in message
    labels.write_text("filename,label\nnobody.jpg,x\n", encoding="utf-8")
    refused("eval", labels, "--library", shared)
    broken = tmp_path / "broken.npy"
    broken.write_bytes(TEXT)
    message = refused("import", broken, photographs, "--library", tmp_path / "new")
    assert "broken.npy" in message
    assert not (tmp_path / "new").exists()
