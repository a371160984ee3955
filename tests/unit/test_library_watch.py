"""A library that follows folders, within this process: what it holds follows what they hold."""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lookalike import Library
from lookalike.errors import FolderError, LookalikeError, MissingExtraError
from lookalike.library import Indexed, Trouble, Watched, Watching, check_watching
from lookalike.stores.embedded import WriteLock
from tests.disks import small_disk
from tests.small_libraries import picture, tiny_model, write

PATIENCE = 20.0


class Follower:
    """A thread in which a library watches a folder; ``events`` is all that it tells."""

    def __init__(self, folder: Path, top: Path, model: Path) -> None:
        self.top = top
        self.library = Library.open(folder, model=model, create=True)
        self.events: list[Watched] = []
        self.error: BaseException | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, **how: object) -> None:
        def run() -> None:
            try:
                self.library.watch(
                    self.top,
                    on_event=self.events.append,
                    stop=self._stop,
                    **how,  # type: ignore[arg-type]
                )
            except BaseException as error:  # noqa: BLE001 - looked at by the test
                self.error = error

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(PATIENCE)
            assert not self._thread.is_alive()

    def names(self) -> set[str]:
        with Library.open(self.library.folder) as library:
            return {record.relative for record in library.records()}

    def wait_for(self, is_so: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not is_so():
            assert self.error is None, self.error
            assert time.monotonic() < end, self.events[-5:]
            time.sleep(0.02)

    def holds(self, *names: str) -> None:
        self.wait_for(lambda: self.names() == set(names))

    def actions(self) -> Counter[str]:
        return Counter(one.action for one in list(self.events) if isinstance(one, Indexed))

    def troubles(self) -> list[str]:
        return [one.reason for one in list(self.events) if isinstance(one, Trouble)]


@pytest.fixture
def follower(tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Follower]:
    monkeypatch.setattr("lookalike.library.watches._AGAIN", 0.05)
    monkeypatch.setattr("lookalike.watching.watchers._AWAY_SECONDS", 0.05)
    top = (tmp_path / "pictures").resolve()
    top.mkdir()
    made = Follower(tmp_path / "library", top, tiny)
    yield made
    made.end()
    made.library.close()


def test_a_library_follows_what_comes_changes_moves_and_goes(follower: Follower) -> None:
    top = follower.top
    write(top, "a/one.png", "a/two.png", "b/three.png")
    follower.begin(poll=0.05)
    follower.holds("a/one.png", "a/two.png", "b/three.png")
    write(top, "b/four.png")
    follower.holds("a/one.png", "a/two.png", "b/three.png", "b/four.png")
    (top / "a").rename(top / "c")
    follower.holds("c/one.png", "c/two.png", "b/three.png", "b/four.png")
    (top / "b" / "four.png").unlink()
    follower.holds("c/one.png", "c/two.png", "b/three.png")
    write(top, "b/three.png", seed=1)
    follower.wait_for(lambda: follower.actions()["changed"] == 1)
    assert follower.actions() == {"added": 4, "moved": 2, "removed": 1, "changed": 1}
    assert isinstance(follower.events[0], Watching)
    assert follower.events[0] == Watching(str(top), "polling")
    assert follower.troubles() == []


def test_the_last_picture_of_a_folder_may_go_but_not_the_last_of_all(follower: Follower) -> None:
    top = follower.top
    write(top, "a/deep/one.png", "two.png")
    follower.begin(poll=0.05)
    follower.holds("a/deep/one.png", "two.png")
    shutil.rmtree(top / "a")
    follower.holds("two.png")
    (top / "two.png").unlink()
    follower.wait_for(follower.troubles)
    assert follower.troubles()[0].startswith("None of the 1 pictures known from")
    assert follower.names() == {"two.png"}
    write(top, "two.png")
    follower.wait_for(lambda: follower.troubles()[-1] == "")


def test_an_empty_folder_is_waited_for_without_a_word(follower: Follower) -> None:
    follower.begin(poll=0.05)
    follower.wait_for(lambda: follower.events)
    time.sleep(0.2)
    assert follower.troubles() == []
    write(follower.top, "one.png")
    follower.holds("one.png")


def test_a_root_that_goes_away_is_told_and_followed_once_it_is_back(follower: Follower) -> None:
    write(follower.top, "one.png")
    follower.begin(poll=0.05)
    follower.holds("one.png")
    away = follower.top.with_name("away")
    follower.top.rename(away)
    follower.wait_for(lambda: any("is not there" in one for one in follower.troubles()))
    assert follower.names() == {"one.png"}
    write(away, "two.png")
    away.rename(follower.top)
    follower.holds("one.png", "two.png")
    follower.wait_for(lambda: follower.troubles()[-1] == "")


def test_a_root_that_is_away_at_first_is_waited_for_if_it_is_known(
    follower: Follower, tmp_path: Path
) -> None:
    write(follower.top, "one.png")
    follower.library.index(follower.top)
    follower.top.rename(tmp_path / "away")
    follower.begin(poll=0.05)
    follower.wait_for(follower.troubles)
    (tmp_path / "away").rename(follower.top)
    follower.wait_for(lambda: follower.troubles()[-1] == "")


def test_a_root_that_never_was_is_a_slip_of_the_pen(follower: Follower, tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="There is no folder"):
        follower.library.watch(tmp_path / "pcitures", poll=1)


def test_a_file_that_is_still_being_written_is_taken_when_it_is_whole(follower: Follower) -> None:
    whole = picture(1) + bytes(10)  # what follows the end of a picture is no harm
    write(follower.top, "one.png")
    follower.begin(poll=0.05)
    follower.holds("one.png")
    with (follower.top / "slow.png").open("wb") as file:
        for at in range(0, len(whole), 1 + len(whole) // 5):
            file.write(whole[at : at + 1 + len(whole) // 5])
            file.flush()
            time.sleep(0.15)
    follower.holds("one.png", "slow.png")
    with Library.open(follower.library.folder) as library:
        assert library.skipped() == []
        assert library.search(follower.top / "slow.png", k=1)[0].path.endswith("slow.png")


def test_another_process_that_writes_is_waited_for(follower: Follower) -> None:
    write(follower.top, "one.png")
    with WriteLock(follower.library.folder):
        follower.begin(poll=0.05)
        follower.wait_for(lambda: any("is being written to" in one for one in follower.troubles()))
    follower.holds("one.png")
    follower.wait_for(lambda: follower.troubles()[-1] == "")


def test_a_full_disk_is_waited_for(follower: Follower, tiny: Path, tmp_path: Path) -> None:
    with small_disk(700) as disk:
        other = Follower(disk / "library", follower.top, tiny)
        (disk / "filled").write_bytes(bytes(shutil.disk_usage(disk).free))
        write(follower.top, "one.png")
        other.begin(poll=0.05)
        other.wait_for(lambda: any("is full" in one for one in other.troubles()))
        (disk / "filled").unlink()
        other.holds("one.png")
        other.end()
        other.library.close()


def test_a_library_that_was_replaced_meanwhile_is_followed_on(
    follower: Follower, tmp_path: Path
) -> None:
    write(follower.top, "one.png")
    follower.library.index(follower.top)
    follower.library.backup(tmp_path / "copy")
    write(follower.top, "two.png")
    follower.begin(poll=0.05)
    follower.holds("one.png", "two.png")
    Library.restore(tmp_path / "copy", follower.library.folder, force=True, wait=PATIENCE)
    write(follower.top, "three.png")
    follower.holds("one.png", "two.png", "three.png")


@pytest.mark.parametrize("lost", ["model", "library"])
def test_what_does_not_pass_ends_it_with_its_sentence(
    follower: Follower, tmp_path: Path, lost: str
) -> None:
    model = tiny_model(tmp_path)
    other = Follower(tmp_path / "other", follower.top, model)
    write(other.top, "one.png")
    other.begin(poll=0.05)
    other.holds("one.png")
    if lost == "model":
        model.unlink()
    else:
        shutil.rmtree(other.library.folder)
    write(other.top, "two.png")
    end = time.monotonic() + PATIENCE
    while other.error is None and time.monotonic() < end:
        time.sleep(0.02)
    assert isinstance(other.error, LookalikeError)
    other.end()
    other.library.close()


def test_without_the_package_the_command_that_installs_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match=r'pip install "watchfiles>=1.0"; or look every'):
        check_watching([tmp_path])
    check_watching([tmp_path], poll=1.0)
