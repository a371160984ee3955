"""The lock file and the models' cards → all that Lookalike is made of, as CycloneDX JSON.

    python tasks.py sbom [FILE]      (in the project's environment: scripts/write_sbom.py)

Without FILE it goes to standard output. Each package has its version, its licence and the SHA-256
of its files. What Lookalike needs to run is ``required``, what its extras need is ``optional``, and
what only builds and tests it is ``excluded``; weights are components, too. Nothing in it names this
machine or an address.
"""

from __future__ import annotations

import argparse
import os
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, License, LicenseExpression
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from license_expression import ExpressionError, get_spdx_licensing
from packageurl import PackageURL

from lookalike import __version__, models
from scripts.packages import (
    LOCK,
    OURS,
    Pin,
    direct,
    installed,
    licence_of,
    needed_by,
    needs,
    pins,
)


def main() -> int:
    """Write the list → exit status."""
    options = argparse.ArgumentParser(description="List all that Lookalike is made of.")
    options.add_argument("file", nargs="?", type=Path, help="where to write it")
    file = options.parse_args().file
    text = document()
    if file is None:
        print(text)
    else:
        file.write_text(text + "\n", encoding="utf-8", newline="\n")
    return 0


def document(lock: Path = LOCK) -> str:
    """The list as JSON text."""
    here = installed()
    graph = needs(here)
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_OID, lock.read_text("utf-8")))
    bom.metadata.timestamp = _now()
    ours = Component(
        name=OURS,
        version=__version__,
        type=ComponentType.APPLICATION,
        bom_ref=OURS,
        purl=PackageURL("pypi", None, OURS, __version__),
        licenses=[LicenseExpression("Apache-2.0")],
    )
    bom.metadata.component = ours
    locked = pins(lock)
    packages = list(_packages(locked, here, graph))
    weights = list(_weights())
    for one in (*packages, *weights):
        bom.components.add(one)
    named = set(direct(extras=False)) | set(direct(extras=True))
    bom.register_dependency(ours, [one for one in packages if one.name in named] + weights)
    # of a package that is locked in two versions, for two kinds of Python, one is here
    by_name = {one.name: one for one, pin in zip(packages, locked, strict=True) if pin.applies}
    for one in packages:
        below = graph.get(one.name, set()) if by_name.get(one.name) is one else set()
        bom.register_dependency(one, [by_name[other] for other in sorted(below & set(by_name))])
    outputter = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6)
    return outputter.output_as_string(indent=1)


def _packages(
    locked: list[Pin], here: dict[str, Distribution], graph: dict[str, set[str]]
) -> Iterator[Component]:
    required = needed_by(direct(extras=False), graph)
    optional = needed_by(direct(extras=True), graph)
    for pin in locked:
        scope = (
            ComponentScope.REQUIRED
            if pin.name in required
            else ComponentScope.OPTIONAL
            if pin.name in optional
            else ComponentScope.EXCLUDED
        )
        yield Component(
            name=pin.name,
            version=pin.version,
            type=ComponentType.LIBRARY,
            bom_ref=f"{pin.name}=={pin.version}",
            purl=PackageURL("pypi", None, pin.name, pin.version),
            scope=scope,
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=one) for one in pin.hashes],
            licenses=_licences(here.get(pin.name)),
        )


def _weights() -> Iterator[Component]:
    for card in models.cards():
        comes_along = isinstance(card.source, models.Packaged)
        yield Component(
            name=card.name,
            version=card.identity,
            type=ComponentType.MACHINE_LEARNING_MODEL,
            bom_ref=f"model:{card.name}",
            description=card.summary,
            scope=ComponentScope.REQUIRED if comes_along else ComponentScope.OPTIONAL,
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=card.sha256)],
            licenses=[DisjunctiveLicense(name=card.licence)],
        )


def _licences(package: Distribution | None) -> list[License]:
    """What a package says of itself; one for another platform is not here to be asked."""
    said = "" if package is None else licence_of(package)
    if not said:
        return []
    try:
        _spdx().parse(said, validate=True, strict=True)
    except ExpressionError:
        return [DisjunctiveLicense(name=said)]
    return [LicenseExpression(said)]


@cache
def _spdx() -> Any:
    return get_spdx_licensing()


def _now() -> datetime:
    """The time, or that of the source (SOURCE_DATE_EPOCH), so that two lists may be the same."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(given), UTC) if given else datetime.now(UTC)


if __name__ == "__main__":
    sys.exit(main())
