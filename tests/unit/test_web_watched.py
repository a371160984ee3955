"""Whether a server lives and whether it would answer, as those who watch it are told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookalike import Library
from lookalike.errors import LibraryError, ModelError
from lookalike.web import create_app, warming
from lookalike.web.state import served
from tests.served import CheckedClient, client_of
from tests.small_libraries import tiny_model, write


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    write(tmp_path / "pictures", "one.png", "two.png")
    with Library.open(tmp_path / "library", model=tiny_model(tmp_path), create=True) as library:
        library.index(tmp_path / "pictures")
        yield library


def refused(library: Library, **how: bool) -> str:
    """Why it is not ready; it lives all the same."""
    client = client_of(library, **how)
    assert client.get("/healthz").get_json() == {"status": "ok"}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    return str(answer.get_json()["detail"])


def test_it_is_ready_where_a_question_would_be_answered(library: Library) -> None:
    assert client_of(library).get("/readyz").get_json() == {"status": "ready"}


def test_a_library_that_cannot_be_read(library: Library, caplog: pytest.LogCaptureFixture) -> None:
    library.close()
    assert refused(library) == "The library cannot be read: the server's log says why."
    assert f"Not ready: The library {library.folder} has been closed" in caplog.text
    assert "Traceback" not in caplog.text
    assert str(library.folder) in refused(library, at_home=True)


def test_what_is_not_ready_is_logged_once(
    library: Library, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "lookalike.web.warming")
    client, away = client_of(library), tmp_path / "away.onnx"
    for there in (False, False, True, True, False):
        if there != (tmp_path / "tiny.onnx").exists():
            (away if there else tmp_path / "tiny.onnx").rename(
                tmp_path / "tiny.onnx" if there else away
            )
        assert client.get("/readyz").status_code == (200 if there else 503)
    told = [one.message for one in caplog.records if one.name == warming.__name__]
    assert [one.split(":")[0] for one in told] == ["Not ready", "Ready again", "Not ready"]


def test_weights_that_are_not_here(
    library: Library, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "tiny.onnx").unlink()
    assert "not on this machine yet" in refused(library, at_home=True)
    assert refused(library) == "The model cannot be used: the server's log says why."
    app = create_app(library, at_home=True)
    first = warming.of_app(app)
    first.start()
    first._thread.join()
    assert "was not answered" in caplog.text
    told = app.test_client().get("/readyz").get_json()["detail"]
    assert told == first.trouble() == "The file of the model 'tiny' is gone: put 'tiny.onnx' back."


def test_while_the_model_is_loaded_it_is_not_ready(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, warm = threading.Event(), Library.warm

    def waiting(self: Library) -> None:
        assert goes_on.wait(30)
        warm(self)

    monkeypatch.setattr(Library, "warm", waiting)
    app = create_app(library)
    app.test_client_class = CheckedClient
    first, client = warming.of_app(app), app.test_client()
    first.start()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "is being loaded" in answer.get_json()["detail"]
    goes_on.set()
    first._thread.join()
    assert client.get("/readyz").status_code == 200
    assert library.pulse().loaded


def test_while_it_is_stopped_it_is_not_ready(library: Library) -> None:
    app = create_app(library)
    served(app).listeners.end()
    assert "being stopped" in app.test_client().get("/readyz").get_json()["detail"]


def test_an_unforeseen_fault_is_kept(
    library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Library, "warm", lambda _: 1 // 0)
    first = warming.of_app(create_app(library))
    first.start()
    first._thread.join()
    assert "ZeroDivisionError" in caplog.text
    assert first.trouble() == "The model cannot be used; the server's log has the details."


def test_a_library_of_imported_vectors_is_warmed_by_its_own_pictures(
    library: Library, tmp_path: Path
) -> None:
    from lookalike.library import read_features

    library.export_numpy(tmp_path / "out")
    with Library.open(tmp_path / "imported", dim=8, create=True) as imported:
        imported.warm()
        imported.adopt(read_features(tmp_path / "out"), tmp_path / "pictures")
        imported.warm()
        assert imported.hindrance() is None


def test_warming_raises_what_a_question_would(library: Library, tmp_path: Path) -> None:
    (tmp_path / "tiny.onnx").unlink()
    with pytest.raises(ModelError, match="is gone"):
        library.warm()
    library.close()
    with pytest.raises(LibraryError, match="closed"):
        library.hindrance()
