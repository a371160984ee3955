"""Published weights → the ONNX graph of `embedding`; a graph → the tensor that this averages."""

from lookalike.graphs.averages import averaged, with_output
from lookalike.graphs.constants import constant
from lookalike.graphs.convert import INSTALL, check_installed, convert, needs_conversion

__all__ = [
    "INSTALL",
    "averaged",
    "check_installed",
    "constant",
    "convert",
    "needs_conversion",
    "with_output",
]
