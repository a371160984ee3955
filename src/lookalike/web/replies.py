"""A status, a schema's name or a command → how the OpenAPI document describes it."""

from __future__ import annotations

from lookalike.web.shapes import Json, ref, whole

_PROBLEMS = {
    "400": "Something in the request does not fit; `detail` says what.",
    "401": "The token is missing or wrong.",
    "403": "A page of another site is behind the request, or who asks may not have this done.",
    "404": "The library holds no such picture, or its file is gone, changed or damaged.",
    "413": "The upload has too many bytes, or too many pixels.",
    "415": "The body is neither multipart/form-data nor JSON.",
    "422": "The upload, or the file of which a part is asked for, is no picture that can be read.",
    "429": "This address has asked for more than its share, or too often with a wrong token.",
    "503": "As many of this kind run and wait as may, the server is ending, or the library cannot "
    "be read at the moment.",
    "default": "Anything else: another method (405), another host name (421), a fault (500).",
}

KEPT = {"304": {"description": "The answer is as the client has it (`If-None-Match`)."}}

IMAGE_ID = {
    "name": "image_id",
    "in": "path",
    "required": True,
    "description": "The number of a picture; never given to another one.",
    "schema": whole(minimum=0),
}


def json_reply(description: str, name: str) -> Json:
    """An answer in JSON, by the name of its schema."""
    return {"description": description, "content": {"application/json": {"schema": ref(name)}}}


def problems(*statuses: str) -> Json:
    """The problem documents that a call may answer with, and that for anything else."""
    content = {"application/problem+json": {"schema": ref("Problem")}}
    return {
        code: {"description": _PROBLEMS[code], "content": content}
        for code in (*statuses, "default")
    }


def shell(source: str) -> Json:
    """A command that makes the call."""
    return {"lang": "Shell", "source": source}


def parameters(schemas: Json) -> list[Json]:
    """Parameters in the query, from the schemas of their values."""
    return [
        {
            "name": name,
            "in": "query",
            "description": schema["description"],
            "schema": {key: value for key, value in schema.items() if key != "description"},
        }
        for name, schema in schemas.items()
    ]
