"""A series of answers, and how their scores lie → the schemas of what is told of them."""

from __future__ import annotations

from lookalike.web.shapes import number, ref, whole

STRETCH = {
    "total": whole(minimum=0, description="How many answers there are."),
    "next": {
        "type": ["integer", "null"],
        "description": "The offset to go on with; null after the last.",
    },
    "distribution": {**ref("Distribution"), "description": "How the scores of all lie."},
    "folded": whole(
        minimum=0,
        description="How many more pictures there are than answers, where copies are folded.",
    ),
    "waiting": whole(
        minimum=0,
        description=(
            "How many pictures of the library no look for duplicates has compared: of these, only "
            "files with the same content are folded."
        ),
    ),
}

DISTRIBUTION = {
    "low": number("Where the first bin begins."),
    "high": number("Where the last bin ends, which holds it, too."),
    "counts": {
        "type": "array",
        "items": whole(minimum=0),
        "description": "How many scores are in each bin, all of equal width.",
    },
}
