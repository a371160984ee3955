"""Nothing → the JSON Schemas of words to search with, and of what they were taken for."""

from __future__ import annotations

from lookalike.web.shapes import Json, list_of, number, ref, shape, text

MOST_WORDS = 1000

WORDS: Json = {
    **text(
        "What the pictures show, for models that find by words, see `lookalike models`; in "
        "English, but for models that know more languages."
    ),
    "pattern": r"\S",
    "maxLength": MOST_WORDS,
}

UNDERSTOOD: Json = {
    **list_of("Understood"),
    "description": "What words were taken for, where labels stand between them and the pictures.",
}

SHOWN: Json = {"type": "array", "items": {"anyOf": [ref("ShownExample"), ref("ShownWords")]}}

WAY: Json = {
    "enum": ["tower", "labels", None],
    "description": (
        "How words find pictures: by the model itself, through its labels, or not at all."
    ),
}


LABELS: Json = {
    "type": "array",
    "items": {"type": "string"},
    "description": "Labels, in any case: the default model calls the picture all of them.",
}

TEXT: Json = {
    **text(
        "Words that the names of the file and its folders, its tags and its labels have, all of "
        "them, or words that begin so."
    ),
    "pattern": r"\S",
}

CALLED: Json = {
    **list_of("Label"),
    "description": (
        "What the model's classifier takes it for, the most likely first: guesses that are right "
        "in one case of ten or more."
    ),
}

FACET: Json = {
    **list_of("Named"),
    "description": "Those of the pictures that pass all filters, the most frequent first.",
}


def schemas(weight: Json) -> Json:
    """All of them, built anew; ``weight`` is the schema of an example's weight."""
    return {
        "WordsQuery": shape({"words": text("The words that were asked for.")}),
        "WordsExample": shape({"words": WORDS, "weight": weight}, optional=("weight",)),
        "ShownWords": shape({"words": text("The words."), "weight": weight}),
        "Understood": shape(
            {
                "words": text("The words."),
                "sure": {
                    "type": "boolean",
                    "description": "False where no label is near: a guess.",
                },
                "closeness": number("The cosine of the words and the nearest label."),
                "labels": {**list_of("Share"), "description": "The largest share first."},
            }
        ),
        "Label": shape(
            {
                "name": text("A label."),
                "probability": number(
                    "How often such a label is right, as measured on judged pictures, from 0 to 1.",
                    minimum=0,
                ),
            }
        ),
        "Share": shape(
            {"label": text("A label."), "share": number("Its part in the words.", minimum=0)}
        ),
    }
