"""The OpenAPI document → docs/rest.md; with --check, whether that file is current."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lookalike.web import openapi, openapi_guard

TARGET = Path(__file__).resolve().parent.parent / "docs" / "rest.md"

HEAD = """\
# REST reference

<!-- Written by scripts/write_rest_docs.py from the OpenAPI document: change that, not this. -->

`lookalike serve` answers these calls at the address that it prints. The machine-readable form of
this page is served as `/openapi.json` (OpenAPI 3.1).
"""

Json = dict[str, Any]


def main() -> int:
    """Write the reference, or say whether it is current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if it is old")
    text = render(openapi.document())
    if not parser.parse_args().check:
        TARGET.write_text(text, encoding="utf-8", newline="\n")
        return 0
    if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    print("docs/rest.md is old: run `python scripts/write_rest_docs.py`.", file=sys.stderr)
    return 1


def render(document: Json) -> str:
    """The whole reference as Markdown."""
    blocks = [HEAD, document["info"]["description"].strip()]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            blocks += _operation(path, method, operation)
    blocks.append("## Objects")
    for name, schema in document["components"]["schemas"].items():
        blocks += [f"### {name}", _table(_properties(schema))]
    return "\n\n".join(block.strip() for block in blocks) + "\n"


def _operation(path: str, method: str, operation: Json) -> Iterator[str]:
    yield f"## {operation['summary']}"
    yield f"`{method.upper()} {path}`"
    yield operation["description"]
    samples = "\n".join(sample["source"] for sample in operation["x-codeSamples"])
    yield f"```sh\n{samples}\n```"
    if "requestBody" in operation:
        bodies = operation["requestBody"]["content"].items()
        yield "Body: " + ", or ".join(
            f"`{kind}` ({_type(body['schema'])})" for kind, body in bodies
        )
    if "parameters" in operation:
        yield _table(_parameters(operation["parameters"]))
    yield _table(_responses(operation["responses"]))


def _parameters(parameters: list[Json]) -> Iterator[tuple[str, ...]]:
    yield "parameter", "in", "type", ""
    for one in parameters:
        yield f"`{one['name']}`", one["in"], _type(one["schema"]), one["description"]


def _responses(responses: Json) -> Iterator[tuple[str, ...]]:
    yield "status", "body", ""
    for status, response in responses.items():
        if status in openapi_guard.EVERYWHERE:  # told once, at the top
            continue
        bodies = [
            f"`{kind}`" + (f" ({_type(body['schema'])})" if "schema" in body else "")
            for kind, body in response.get("content", {}).items()
        ]
        yield status, " or ".join(bodies) or "none", response["description"]


def _properties(schema: Json) -> Iterator[tuple[str, ...]]:
    yield "field", "type", ""
    for name, one in schema["properties"].items():
        optional = "" if name in schema["required"] else "Optional. "
        yield f"`{name}`", _type(one), optional + one.get("description", "")


def _type(schema: Json) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return " or ".join(_type(one) for one in schema[choice])
    if "enum" in schema:
        return " or ".join(f"`{one}`" for one in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema["type"] == "array":
        return f"list of {_type(schema['items'])}"
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " or ".join(kinds) + _limits(schema)


def _limits(schema: Json) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    limits = f", {low} to {high}" if high is not None else ""
    default = f", default {schema['default']}" if "default" in schema else ""
    return limits + default


def _table(rows: Iterator[tuple[str, ...]]) -> str:
    head, *body = rows
    lines = [head, tuple("---" for _ in head), *body]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines
    )


if __name__ == "__main__":
    sys.exit(main())
