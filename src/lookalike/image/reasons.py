"""What a decoder raised, or a number of pixels → words for a clause after the name of a file."""

from __future__ import annotations

import re

from lookalike.image.metadata import one_line

CUT_SHORT = "is cut short (truncated): copy or download it again"
_SIGNS_OF_A_CUT = re.compile(
    r"truncat|premature|unexpected end|end of (file|data|stream)|no more data|not enough data"
    r"|broken data stream|\beof\b|cannot read .* bytes|failed to decode next frame",
    re.IGNORECASE,
)
_SAYS_NOTHING = re.compile(r"[\W\d]*$|decoder error|list index|unknown data organization")


def megapixels(pixels: int, limit: int) -> tuple[str, str]:
    """Both figures, with as many digits as it takes to tell them apart."""
    if pixels > 1e12:  # a header that lies
        return "over a million", f"{limit / 1e6:.4g}"
    short, long = ((f"{pixels / 1e6:.{n}g}", f"{limit / 1e6:.{n}g}") for n in (4, 12))
    return short if short[0] != short[1] else long


def reason(error: Exception, kind: str) -> str:
    """Why a file of that kind cannot be read."""
    if isinstance(error, MemoryError):
        return "needs more memory than is free"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    first = error.args[0] if error.args else ""
    words = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(error)
    if _SIGNS_OF_A_CUT.search(words):
        return CUT_SHORT
    said = one_line(words)[:200].rstrip(".")  # decoders quote names out of damaged files
    if said == "unknown pixel mode":
        return f"is a {kind} with unusual pixels: save it with 8 or 16 bits a channel"
    if _SAYS_NOTHING.match(said):
        said = "its data is damaged"
    return f"cannot be decoded as {kind}: {said}"
