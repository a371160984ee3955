"""`lookalike.library.lastread`: one picture is kept, and only that one."""

from __future__ import annotations

import pytest
from PIL import Image

from lookalike.errors import ImageError
from lookalike.library.lastread import LastRead
from tests.pictures import BLUE, RED, plain


def never() -> Image.Image:
    raise ImageError("read once more")


def test_the_picture_that_was_read_last_is_at_hand() -> None:
    last = LastRead()
    red = last.get("red", plain)
    assert last.get("red", never) is red
    blue = last.get("blue", lambda: plain(BLUE))
    assert last.get("blue", never) is blue
    with pytest.raises(ImageError, match="read once more"):
        last.get("red", never)
    assert last.get("blue", never) is blue


def test_a_large_picture_is_not_kept() -> None:
    last = LastRead()
    small = last.get("small", plain)
    last.get("large", lambda: plain(RED, (4001, 4000)))
    assert last.get("small", never) is small
