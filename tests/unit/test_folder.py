"""`lookalike.folder`: what a walk finds, what it leaves out, and what a difference is."""

from __future__ import annotations

import dataclasses
import os
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from lookalike import folder
from lookalike.errors import FolderError
from lookalike.folder import Comparison, Diff, ImageFile, Known, Walk, printable, scan
from tests.disks import open_folder, ordinary_user

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="names and files of POSIX only")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names of any bytes")


@pytest.fixture
def top(tmp_path: Path) -> Path:
    return tmp_path.resolve()


@pytest.fixture
def open_top() -> Iterator[Path]:
    with open_folder() as made:
        yield made


def make(top: Path, *names: str) -> None:
    """Files with these names; the content of each is its name."""
    for name in names:
        file = top / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.fsencode(name))


def link(place: Path, target: Path | str, *, folder: bool = False) -> None:
    try:
        place.symlink_to(target, target_is_directory=folder)
    except OSError as error:
        pytest.skip(f"no links can be made here: {error}")


def found(top: Path, **options: object) -> list[str]:
    return [file.relative for file in scan(top, **options).files]  # type: ignore[arg-type]


# --- walking -------------------------------------------------------------------------------------


def test_everything_below_is_found_in_order_of_path(top: Path) -> None:
    make(top, "b.jpg", "a/z.jpg", "a/deep/er/x.jpg", "a-b.jpg", "A.jpg", "a.jpg", "c/1.jpg")
    names = ["A.jpg", "a-b.jpg", "a.jpg", "a/deep/er/x.jpg", "a/z.jpg", "b.jpg", "c/1.jpg"]
    assert found(top) == names


def test_a_file_comes_with_its_place_size_and_time(top: Path) -> None:
    make(top, "a/b.jpg")
    os.utime(top / "a" / "b.jpg", ns=(5, 1_234_567_890_123_456_700))
    (file,) = scan(top).files
    assert file == ImageFile(str(top), "a/b.jpg", 7, 1_234_567_890_123_456_700)
    assert file.path == top / "a" / "b.jpg"


def test_a_folder_named_in_another_way_is_the_same_root(
    top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(top, "a/b.jpg")
    monkeypatch.chdir(top / "a")
    assert scan(".") == scan(top / "a") == scan(f"{top}/a/../a/")


@pytest.mark.parametrize(
    ("exclude", "left"),
    [
        (["raw"], ["b/x.tmp", "b/y.jpg", "b/z.tmp.jpg"]),
        (["raw/"], ["b/x.tmp", "b/y.jpg", "b/z.tmp.jpg"]),
        (["*.tmp"], ["b/raw/1.jpg", "b/y.jpg", "b/z.tmp.jpg", "raw/1.jpg"]),
        (["b/raw"], ["b/x.tmp", "b/y.jpg", "b/z.tmp.jpg", "raw/1.jpg"]),
        (["b/raw/"], ["b/x.tmp", "b/y.jpg", "b/z.tmp.jpg", "raw/1.jpg"]),
        (["b/*"], ["raw/1.jpg"]),
        (["*/raw"], ["b/x.tmp", "b/y.jpg", "b/z.tmp.jpg", "raw/1.jpg"]),
        (["[xy].*", "raw"], ["b/z.tmp.jpg"]),
        (["?"], ["raw/1.jpg"]),
        (["RAW"], ["b/raw/1.jpg", "b/x.tmp", "b/y.jpg", "b/z.tmp.jpg", "raw/1.jpg"]),
        ([""], ["b/raw/1.jpg", "b/x.tmp", "b/y.jpg", "b/z.tmp.jpg", "raw/1.jpg"]),
    ],
)
def test_exclude(top: Path, exclude: list[str], left: list[str]) -> None:
    make(top, "raw/1.jpg", "b/raw/1.jpg", "b/x.tmp", "b/y.jpg", "b/z.tmp.jpg")
    assert found(top, exclude=exclude) == left


def test_hidden_names_are_left_out_unless_asked_for(top: Path) -> None:
    make(top, ".secret/a.jpg", "b/.c.jpg", "d.jpg")
    assert found(top) == ["d.jpg"]
    assert found(top, hidden=True) == [".secret/a.jpg", "b/.c.jpg", "d.jpg"]


def test_a_hidden_folder_that_is_named_itself_is_walked(top: Path) -> None:
    make(top, ".secret/a.jpg")
    assert found(top / ".secret") == ["a.jpg"]
    assert found(top, below=".secret") == [".secret/a.jpg"]


def test_below_is_a_part_with_paths_from_the_root(top: Path) -> None:
    make(top, "a/1.jpg", "a/b/2.jpg", "a/b/c/3.jpg", "ab/4.jpg")
    part = scan(top, below="a/b")
    assert part.root == str(top)
    assert [file.relative for file in part.files] == ["a/b/2.jpg", "a/b/c/3.jpg"]


def test_exclude_counts_from_the_folder_that_is_walked(top: Path) -> None:
    make(top, "a/b/raw/1.jpg", "a/b/2.jpg")
    assert found(top, below="a/b", exclude=["raw/*"]) == found(top, below="a/b", exclude=["raw"])
    assert found(top, below="a/b", exclude=["a/b/*"]) == ["a/b/2.jpg", "a/b/raw/1.jpg"]


# --- odd entries ---------------------------------------------------------------------------------


def test_a_loop_of_links_ends(top: Path) -> None:
    make(top, "a/b/1.jpg")
    link(top / "a" / "b" / "up", top, folder=True)
    link(top / "a" / "self", top / "a", folder=True)
    assert found(top) == ["a/b/1.jpg"]


def test_links_to_folders_outside_are_followed_once(top: Path) -> None:
    make(top, "outside/1.jpg", "root/2.jpg")
    link(top / "root" / "first", top / "outside", folder=True)
    link(top / "root" / "second", top / "outside", folder=True)
    assert found(top / "root") == ["2.jpg", "first/1.jpg"]


@pytest.mark.parametrize("name", ["a link", "z link"])
def test_a_folder_goes_by_its_own_name_and_not_by_a_link(top: Path, name: str) -> None:
    make(top, "m/n/1.jpg", "q/2.jpg")
    link(top / name, top / "m" / "n", folder=True)
    link(top / "q" / "up", top / "m", folder=True)
    assert found(top) == ["m/n/1.jpg", "q/2.jpg"]


def test_what_lies_behind_links_comes_after_all_else_and_is_not_missed_before(top: Path) -> None:
    make(top, "in/a.jpg", "in/m/1.jpg", "in/z.jpg", "out/b.jpg", "far/c.jpg")
    link(top / "in" / "m" / "link", top / "out", folder=True)
    link(top / "out" / "far", top / "far", folder=True)
    walk = Walk(top / "in")
    hidden, found = [], []
    for below, files in walk.stretches():
        found.append((below, [os.fsdecode(path) for path, _, _ in files]))
        hidden.append([walk.hides("m/link/b.jpg"), walk.hides("m/link/far/c.jpg")])
    assert found == [
        ("", ["a.jpg", "m/1.jpg", "z.jpg"]),
        ("m/link", ["m/link/b.jpg"]),
        ("m/link/far", ["m/link/far/c.jpg"]),
    ]
    assert hidden == [[True, True], [False, True], [False, False]]
    assert walk.count == 5


def test_links_to_files_are_files_and_dead_ones_nothing(top: Path) -> None:
    make(top, "a.jpg")
    link(top / "b.jpg", top / "a.jpg")
    link(top / "dead.jpg", top / "nowhere.jpg")
    link(top / "circle.jpg", "circle.jpg")
    link(top / "through.jpg", top / "a.jpg" / "x")
    scanned = scan(top)
    assert [file.relative for file in scanned.files] == ["a.jpg", "b.jpg"]
    assert scanned.unreadable == {}


@POSIX
def test_a_pipe_is_no_file_and_nobody_waits_for_it(top: Path) -> None:
    make(top, "a.jpg")
    os.mkfifo(top / "pipe.jpg")
    assert found(top) == ["a.jpg"]


AWKWARD = ["  two  spaces .jpg", "it's.jpg", "émoji 🦊👨‍👩‍👧.jpg", "日本/写真.jpg", "%41#?.jpg"]
POSIX_NAMES = ['say "hi".jpg', "two\nlines\t.jpg", "back\\slash.jpg", "a:b*?.jpg"]


@pytest.mark.parametrize(
    "name",
    [
        *(name.replace("?", "") for name in AWKWARD),
        *(pytest.param(name, marks=POSIX) for name in POSIX_NAMES),
        pytest.param(os.fsdecode(b"caf\xe9/\xff.jpg"), marks=LINUX),
    ],
    ids=ascii,
)
def test_awkward_names(top: Path, name: str) -> None:
    make(top, name)
    (file,) = scan(top).files
    assert file.relative == name
    assert file.path.read_bytes() == os.fsencode(name)
    assert folder.digest(file.path) == folder.digest(top / name)
    assert len(printable(file.path).splitlines()) == 1
    printable(file.path).encode()
    printable(file.path).encode("utf-8")


@LINUX
def test_names_of_any_bytes_are_in_order_of_their_bytes(top: Path) -> None:
    names = [b"\xffa.jpg", b"z.jpg", "é.jpg".encode(), "🦊.jpg".encode(), "\uffee.jpg".encode()]
    make(top, *map(os.fsdecode, names))
    assert [os.fsencode(name) for name in found(top)] == sorted(names)


def test_a_folder_that_is_missing(top: Path) -> None:
    with pytest.raises(FolderError, match=r"There is no folder a\\x00b: check the path\.$"):
        scan("a\0b")
    with pytest.raises(FolderError, match=r"There is no folder .*no\\nne: check the path\.$"):
        scan(top / "no\nne")


def test_a_folder_that_is_a_file(top: Path) -> None:
    make(top, "a.jpg")
    with pytest.raises(FolderError, match=r"a\.jpg is not a folder: give the folder"):
        scan(top / "a.jpg")


def test_a_part_that_is_missing(top: Path) -> None:
    with pytest.raises(FolderError, match=r"gone cannot be read \("):
        scan(top, below="gone")


def test_a_root_that_cannot_be_read(open_top: Path) -> None:
    make(open_top, "closed/a.jpg")
    (open_top / "closed").chmod(0)
    with ordinary_user():
        with pytest.raises(FolderError, match=r"closed cannot be read \(Permission denied\)"):
            scan(open_top / "closed")
        with pytest.raises(FolderError, match=r"closed cannot be read \(Permission denied\)"):
            scan(open_top, below="closed")
    (open_top / "closed").chmod(0o700)


@pytest.mark.parametrize(
    ("mode", "unreadable"),
    [(0o000, ["a/closed"]), (0o444, ["a/closed/1.jpg", "a/closed/sub"])],
    ids=["nothing", "names only"],
)
def test_what_cannot_be_looked_at_is_told_and_not_taken_for_removed(
    open_top: Path, mode: int, unreadable: list[str]
) -> None:
    make(open_top, "a/closed/1.jpg", "a/closed/sub/2.jpg", "a/closed 2.jpg", "b.jpg")
    before = {file.relative: known_of(file) for file in scan(open_top).files}
    (open_top / "a" / "closed").chmod(mode)
    walk = Walk(open_top)
    with ordinary_user():
        files = [ImageFile.of(walk.root, one) for _, some in walk.stretches() for one in some]
    (open_top / "a" / "closed").chmod(0o755)
    assert [file.relative for file in files] == ["a/closed 2.jpg", "b.jpg"]
    assert walk.unreadable == dict.fromkeys(unreadable, "Permission denied")
    assert walk.hides("a/closed/1.jpg")
    assert walk.hides("a/closed/sub/2.jpg")
    assert not walk.hides("a/closed 2.jpg")
    assert diff(files, before, hidden=walk.hides) == Diff([], [], [], [], 2)


def test_printable_escapes_what_no_terminal_shows() -> None:
    assert printable("a b/é 🦊.jpg") == "a b/é 🦊.jpg"
    assert printable("x\n\x1b[31m\udcff\u202e.jpg") == r"x\n\x1b[31m\udcff\u202e.jpg"
    assert (
        printable("9.41\u202fPM \U0001f468\u200d\U0001f469.png")
        == "9.41\u202fPM \U0001f468\u200d\U0001f469.png"
    )
    assert printable(Path("a") / "b") == os.path.join("a", "b")  # noqa: PTH118


# --- differences ---------------------------------------------------------------------------------


def known_of(file: ImageFile, **changes: object) -> Known:
    """What a library remembers after it has read a file."""
    content = folder.digest(file.path) if file.path.exists() else None
    known = Known(file.root, file.relative, file.size, file.mtime_ns, content)
    return dataclasses.replace(known, **changes)  # type: ignore[arg-type]


def diff(
    files: Sequence[ImageFile],
    before: Mapping[str, Known],
    *,
    elsewhere: Iterable[Known] = (),
    hidden: Callable[[str], bool] = lambda _relative: False,
) -> Diff:
    """All in one stretch."""
    found = [(os.fsencode(one.relative), one.size, one.mtime_ns) for one in files]
    roots = [one.root for one in before.values()] + [one.root for one in files]
    comparison = Comparison(roots[0] if roots else "")
    known = sorted(
        (os.fsencode(one.relative), one.size, one.mtime_ns, one.id, one.digest)
        for one in before.values()
    )
    comparison.add(found, known, hidden)
    return comparison.diff(elsewhere)


def remember(top: Path) -> dict[str, Known]:
    return {file.relative: known_of(file) for file in scan(top).files}


def names(found: Diff) -> tuple[list[str], list[str], list[tuple[str, str]], list[str], int]:
    moved = [(old.relative, new.relative) for old, new in found.moved]
    return (
        [file.relative for file in found.added],
        [file.relative for file in found.changed],
        moved,
        [item.relative for item in found.removed],
        found.unchanged,
    )


def test_added_changed_removed_unchanged(top: Path) -> None:
    make(top, "same.jpg", "other content.jpg", "other time.jpg", "gone.jpg")
    before = remember(top)
    (top / "other content.jpg").write_bytes(b"now something longer than it was before")
    os.utime(top / "other time.jpg", ns=(1, 1))
    (top / "gone.jpg").unlink()
    make(top, "new 1.jpg", "new 2.jpg")
    assert names(diff(scan(top).files, before)) == (
        ["new 1.jpg", "new 2.jpg"],
        ["other content.jpg", "other time.jpg"],
        [],
        ["gone.jpg"],
        1,
    )


def test_a_move_is_recognised_by_content_and_not_by_name(top: Path) -> None:
    make(top, "a/1.jpg", "a/2.jpg")
    before = remember(top)
    (top / "b").mkdir()
    (top / "a" / "1.jpg").rename(top / "b" / "renamed.jpg")
    (top / "a" / "2.jpg").unlink()
    (top / "b" / "2.jpg").write_bytes(b"another")  # as long as a/2.jpg was
    assert names(diff(scan(top).files, before)) == (
        ["b/2.jpg"],
        [],
        [("a/1.jpg", "b/renamed.jpg")],
        ["a/2.jpg"],
        0,
    )


def test_a_moved_folder_whose_times_changed_too(top: Path) -> None:
    make(top, "a/1.jpg", "a/b/2.jpg")
    before = remember(top)
    (top / "a").rename(top / "c")
    for file in scan(top).files:
        os.utime(file.path, ns=(9, 9))
    moved = [("a/1.jpg", "c/1.jpg"), ("a/b/2.jpg", "c/b/2.jpg")]
    assert names(diff(scan(top).files, before)) == ([], [], moved, [], 0)


def test_swapped_names_are_two_changes(top: Path) -> None:
    make(top, "first.jpg", "second.jpg")
    before = remember(top)
    (top / "first.jpg").rename(top / "x")
    (top / "second.jpg").rename(top / "first.jpg")
    (top / "x").rename(top / "second.jpg")
    assert names(diff(scan(top).files, before)) == ([], ["first.jpg", "second.jpg"], [], [], 0)


def test_a_copy_is_new_while_the_original_is_there(top: Path) -> None:
    make(top, "a.jpg")
    before = remember(top)
    (top / "b.jpg").write_bytes((top / "a.jpg").read_bytes())
    assert names(diff(scan(top).files, before)) == (["b.jpg"], [], [], [], 1)


def test_of_identical_files_each_is_moved_once(top: Path) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (top / name).write_bytes(b"all alike")
    before = remember(top)
    (top / "a.jpg").rename(top / "y.jpg")
    (top / "b.jpg").rename(top / "z.jpg")
    (top / "c.jpg").rename(top / "x.jpg")
    (top / "w.jpg").write_bytes(b"all alike")
    added, changed, moved, removed, unchanged = names(diff(scan(top).files, before))
    assert (added, changed, removed, unchanged) == (["z.jpg"], [], [], 0)
    assert [new for _, new in moved] == ["w.jpg", "x.jpg", "y.jpg"]
    assert sorted(old for old, _ in moved) == ["a.jpg", "b.jpg", "c.jpg"]


def test_the_same_place_in_a_root_that_is_gone_needs_no_reading(top: Path) -> None:
    make(top, "1.jpg")
    (file,) = scan(top).files
    elsewhere = known_of(file, root="/gone", digest="not looked at")
    assert diff([file], {}, elsewhere=[elsewhere]) == Diff([], [], [(elsewhere, file)], [], 0)


def test_another_place_in_a_root_that_is_gone_is_recognised_by_content(top: Path) -> None:
    make(top, "new/1.jpg", "new/2.jpg")
    first, second = scan(top).files
    elsewhere = [
        known_of(first, root="/gone", relative="old/1.jpg", mtime_ns=1),
        known_of(second, root="/gone", relative="old/2.jpg", digest="0" * 64),
    ]
    wanted = Diff([second], [], [(elsewhere[0], first)], [], 0)
    assert diff([first, second], {}, elsewhere=elsewhere) == wanted


def test_what_was_skipped_moves_nowhere_and_is_counted_apart(top: Path) -> None:
    make(top, "broken.jpg", "gone.jpg")
    before = {file.relative: known_of(file, digest=None) for file in scan(top).files}
    (top / "gone.jpg").rename(top / "new.jpg")
    outcome = diff(scan(top).files, before)
    assert names(outcome) == (["new.jpg"], [], [], ["gone.jpg"], 0)
    assert outcome.still_skipped == 1


def test_a_file_that_vanishes_before_it_is_compared_is_new(top: Path) -> None:
    make(top, "a.jpg")
    before = remember(top)
    (top / "a.jpg").rename(top / "b.jpg")
    files = scan(top).files
    (top / "b.jpg").unlink()
    assert names(diff(files, before)) == (["b.jpg"], [], [], ["a.jpg"], 0)


@pytest.mark.parametrize("seed", range(25))
def test_every_file_has_one_fate_whatever_happened(top: Path, seed: int) -> None:
    chance = random.Random(seed)
    places = [f"{folder}/{number}.jpg" for folder in "abc" for number in range(4)]
    for place in chance.sample(places, 8):
        make(top, place)
        (top / place).write_text(chance.choice("xyz") * chance.randint(1, 3))
    before = remember(top)
    for _ in range(6):
        _disturb(top, chance, places)
    closed = chance.choice(["a", "b", "nothing"])
    files = [file for file in scan(top).files if not file.relative.startswith(f"{closed}/")]
    outcome = diff(files, before, hidden=lambda relative: relative.startswith(f"{closed}/"))
    added, changed, moved, removed, unchanged = names(outcome)
    now = {file.relative for file in files}
    assert sorted([*added, *(new for _, new in moved)]) == sorted(now - before.keys())
    assert set(changed) <= now & before.keys()
    assert unchanged == len(now & before.keys()) - len(changed)
    left = [*removed, *(old for old, _ in moved)]
    seen_before = {name for name in before if not name.startswith(f"{closed}/")}
    assert sorted(left) == sorted(seen_before - now)
    assert all(old.digest == folder.digest(new.path) for old, new in outcome.moved)
    gone = [before[name].digest for name in removed]
    assert all(folder.digest(file.path) not in gone for file in outcome.added)


def _disturb(top: Path, chance: random.Random, places: list[str]) -> None:
    here = [top / place for place in places if (top / place).exists()]
    free = [top / place for place in places if not (top / place).exists()]
    action = chance.choice(["write", "move", "delete", "copy"])
    if action == "write" or not here:
        make(top, chance.choice(places))
        return
    one, target = chance.choice(here), chance.choice(free)
    target.parent.mkdir(exist_ok=True)
    if action == "move":
        one.rename(target)
    elif action == "delete":
        one.unlink()
    else:
        target.write_bytes(one.read_bytes())
