"""The OpenAPI document ↔ the routes of the app, and docs/rest.md ↔ the document."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from lookalike import Library
from lookalike.web import create_app, openapi
from tests.served import described

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with Library.open(tmp_path_factory.mktemp("empty"), create=True) as library:
        yield create_app(library)


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    return described(app)


def test_every_route_is_described_and_nothing_else(app: Flask, document: dict[str, Any]) -> None:
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not rule.endpoint.startswith(("page.", "entrance."))
    }
    promised = {(path, method) for path, row in document["paths"].items() for method in row}
    assert promised == served


def test_the_document_is_what_it_says(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert document == json.loads(json.dumps(openapi.document()))
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for reference in set(_references(document)):
        name = reference.removeprefix("#/components/schemas/")
        assert name in document["components"]["schemas"], reference


def test_the_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()
    assert list(OpenAPIV31SpecValidator({**document, "info": {}}).iter_errors())


def test_operations_have_names_of_their_own(document: dict[str, Any]) -> None:
    operations = [one for row in document["paths"].values() for one in row.values()]
    names = [one["operationId"] for one in operations]
    assert len(set(names)) == len(names)
    for one in operations:
        assert one["summary"]
        assert one["description"].endswith(".")
        assert one["responses"]["default"]["content"].keys() == {"application/problem+json"}


def test_parameters_of_paths_are_described(document: dict[str, Any]) -> None:
    for path, row in document["paths"].items():
        for operation in row.values():
            named = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))


def test_the_reference_is_current() -> None:
    script = ROOT / "scripts" / "write_rest_docs.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
