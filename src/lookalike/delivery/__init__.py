"""Pictures, with scores if there are any → a CSV, a JSON, a ZIP or a contact sheet of them."""

from lookalike.delivery.export import KINDS, Export, export, kind_of
from lookalike.delivery.pieces import Files, LeftOut, Piece
from lookalike.delivery.saving import save, whole_file

__all__ = [
    "KINDS",
    "Export",
    "Files",
    "LeftOut",
    "Piece",
    "export",
    "kind_of",
    "save",
    "whole_file",
]
