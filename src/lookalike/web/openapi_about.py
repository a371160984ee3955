"""Nothing → what the OpenAPI document says of one picture's file: the calls and their answers."""

from __future__ import annotations

from lookalike.web.replies import IMAGE_ID, KEPT, json_reply, problems, shell
from lookalike.web.shapes import Json, number, shape, text


def paths() -> Json:
    """The calls."""
    return {
        "/api/images/{image_id}/metadata": {"get": _metadata()},
        "/api/images/{image_id}/reveal": {"post": _reveal()},
    }


def schemas() -> Json:
    """What they give, by name."""
    return {
        "FileMetadata": shape(_METADATA),
        "Revealed": shape({"path": text("Where the file lies.")}),
    }


def _metadata() -> Json:
    return {
        "operationId": "metadata",
        "summary": "What the file says",
        "description": (
            "What the picture's file says of itself: EXIF, XMP, IPTC and the colour profile. Read "
            "from the file now; nothing of it is kept."
        ),
        "parameters": [IMAGE_ID],
        "responses": {
            "200": json_reply("What it says.", "FileMetadata"),
            **KEPT,
            **problems("404", "503"),
        },
        "x-codeSamples": [shell("curl http://127.0.0.1:5000/api/images/1/metadata")],
    }


def _reveal() -> Json:
    return {
        "operationId": "reveal",
        "summary": "Show the file in its folder",
        "description": (
            "Opens the file manager of the machine that the server runs on, at the picture's "
            "file. Only requests from that same machine, to a server that no other machine can "
            "reach, and only where there is a desktop; all others get 403."
        ),
        "parameters": [IMAGE_ID],
        "responses": {
            "200": json_reply("The file manager opens.", "Revealed"),
            **problems("403", "404", "503"),
        },
        "x-codeSamples": [shell("curl -X POST http://127.0.0.1:5000/api/images/1/reveal")],
    }


def _some(description: str) -> Json:
    return text(description, or_null=True)


_METADATA = {
    "camera": _some("Maker and model."),
    "lens": _some("Maker and model."),
    "exposure": number("Seconds.", or_null=True, minimum=0),
    "aperture": number("The f-number.", or_null=True, minimum=0),
    "iso": {"type": ["integer", "null"], "minimum": 1, "description": "Sensitivity."},
    "focal_length": number("Millimetres.", or_null=True, minimum=0),
    "focal_length_35mm": {
        "type": ["integer", "null"],
        "minimum": 1,
        "description": "Millimetres, as if the film were of 35 mm.",
    },
    "flash": {"type": ["boolean", "null"], "description": "Whether it fired."},
    "taken": _some("Local time of the photograph, ISO 8601."),
    "orientation": {
        "type": ["integer", "null"],
        "minimum": 1,
        "maximum": 8,
        "description": "How the pixels lie in the file, as EXIF numbers it; 1 is upright.",
    },
    "latitude": number("WGS 84 degrees, north positive.", or_null=True),
    "longitude": number("WGS 84 degrees, east positive.", or_null=True),
    "altitude": number("Metres above the sea.", or_null=True),
    "software": _some("What wrote the file."),
    "title": _some("A title."),
    "description": _some("A description."),
    "keywords": {"type": "array", "items": {"type": "string"}, "description": "Keywords."},
    "rating": {
        "type": ["integer", "null"],
        "minimum": -1,
        "maximum": 5,
        "description": "Stars, 1 to 5; -1 is thrown out.",
    },
    "artist": _some("Who made it."),
    "copyright": _some("Whose it is."),
    "profile": _some("The name of the colour profile."),
    "skipped": {
        "type": "array",
        "items": {"type": "string"},
        "description": "What is there and could not be read, a sentence each.",
    },
}
