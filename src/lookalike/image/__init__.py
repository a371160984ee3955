"""A file or bytes → an upright sRGB picture within limits → a model's input, or a thumbnail."""

from lookalike.image.decode import DEFAULT_MAX_PIXELS, Picture, Room, anywhere, decoders, read
from lookalike.image.kinds import looks_like_picture, sniff
from lookalike.image.preprocess import Input, Preprocess, to_input
from lookalike.image.quiet import quiet
from lookalike.image.thumbs import thumbnail

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "Input",
    "Picture",
    "Preprocess",
    "Room",
    "anywhere",
    "decoders",
    "looks_like_picture",
    "quiet",
    "read",
    "sniff",
    "thumbnail",
    "to_input",
]
