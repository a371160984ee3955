"""A chart ↔ one file in a library's cache, which may be deleted at any time."""

from __future__ import annotations

import json
import logging
import os
import threading
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np

from lookalike.mapping.chart import Chart
from lookalike.mapping.components import Components

_METHOD = 1
"""Another number draws every map anew: to be raised where it would come out differently."""

_LOG = logging.getLogger(__name__)


def file_in(cache: Path) -> Path:
    """Where a chart lies in a library's cache."""
    return cache / "map" / "chart.npz"


def load(cache: Path, identity: str) -> Chart | None:
    """What was drawn for the model with this identity; None where there is nothing to be read."""
    try:
        with file_in(cache).open("rb") as file, np.load(file, allow_pickle=False) as held:
            about = json.loads(str(held["about"]))
            if (about["kept"], about["identity"]) != (_METHOD, identity):
                return None
            chart = Chart(
                method=about["method"],
                drawn=int(about["drawn"]),
                components=Components(held["mean"], held["axes"]),
                **{name: held[name] for name in ("ids", "versions", "places", "anchors")},
            )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        _LOG.warning("the map is drawn anew, its file is damaged: %s", error)
        return None
    return chart


def save(cache: Path, identity: str, chart: Chart) -> None:
    """Keep a chart in place of what is there; where that cannot be done, it is told in the log."""
    file = file_in(cache)
    aside = file.with_name(f"{file.name}.{os.getpid()}.{threading.get_ident()}.part")
    about = {
        "kept": _METHOD,
        "identity": identity,
        "method": chart.method,
        "drawn": chart.drawn,
    }
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as out:
            np.savez(
                out,
                about=json.dumps(about),
                ids=chart.ids,
                versions=chart.versions,
                places=chart.places,
                anchors=chart.anchors,
                mean=chart.components.mean,
                axes=chart.components.axes,
            )
        aside.replace(file)
    except OSError as error:  # a cache: the next run makes it again
        _LOG.warning("the map is not kept: %s", error)
        with suppress(OSError):  # what hinders writing may hinder this
            aside.unlink()
