"""A file or bytes → an upright sRGB picture within limits → a model's input, or a thumbnail."""

from lookalike.image.about import FileMetadata, file_metadata
from lookalike.image.decode import DEFAULT_MAX_PIXELS, Picture, Room, anywhere, decoders, read
from lookalike.image.kinds import HEAD, looks_like_picture, sniff
from lookalike.image.part import WHOLE, Part, cut, near_of_whole, part_of, touched
from lookalike.image.preprocess import Input, Preprocess, seen, small_input, to_input
from lookalike.image.quiet import quiet
from lookalike.image.thumbs import thumbnail

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "HEAD",
    "WHOLE",
    "FileMetadata",
    "Input",
    "Part",
    "Picture",
    "Preprocess",
    "Room",
    "anywhere",
    "cut",
    "decoders",
    "file_metadata",
    "looks_like_picture",
    "near_of_whole",
    "part_of",
    "quiet",
    "read",
    "seen",
    "small_input",
    "sniff",
    "thumbnail",
    "to_input",
    "touched",
]
