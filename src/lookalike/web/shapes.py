"""What a value may be → its JSON Schema."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def shape(properties: Json, optional: tuple[str, ...] = ()) -> Json:
    """An object with these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def text(description: str, *, or_null: bool = False) -> Json:
    """A text."""
    return {"type": ["string", "null"] if or_null else "string", "description": description}


def number(description: str, *, or_null: bool = False, **limits: float) -> Json:
    """Any number."""
    kind = ["number", "null"] if or_null else "number"
    return {"type": kind, **limits, "description": description}


def whole(description: str | None = None, **limits: int) -> Json:
    """A whole number."""
    described = {} if description is None else {"description": description}
    return {"type": "integer", **limits, **described}


def box(description: str) -> Json:
    """A part of a picture."""
    return {
        "type": "array",
        "items": {"type": "number", "minimum": 0, "maximum": 1},
        "minItems": 4,
        "maxItems": 4,
        "description": f"{description}: left, top, width and height as fractions of the upright "
        "picture.",
    }


def list_of(name: str) -> Json:
    """A list of what has the schema with this name."""
    return {"type": "array", "items": ref(name)}


def ref(name: str) -> Json:
    """A schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}
