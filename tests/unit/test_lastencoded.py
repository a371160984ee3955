"""`lookalike.library.lastencoded`: a query that comes again need not be encoded again."""

from __future__ import annotations

import numpy as np
import pytest

from lookalike.errors import ImageError
from lookalike.library.lastencoded import LastEncoded
from lookalike.stores.base import Embedding


def one() -> Embedding:
    return np.ones(4, np.float32)


def never() -> Embedding:
    raise ImageError("encoded once more")


def test_the_last_embeddings_are_at_hand() -> None:
    last = LastEncoded()
    kept = last.get("first", one)
    assert last.get("first", never) is kept
    for number in range(63):
        last.get(number, one)
    assert last.get("first", never) is kept
    last.get("one too many", one)
    with pytest.raises(ImageError, match="once more"):
        last.get(0, never)
    assert last.get("first", never) is kept


def test_nothing_is_kept_of_what_may_change() -> None:
    last = LastEncoded()
    last.get(None, one)
    with pytest.raises(ImageError, match="once more"):
        last.get(None, never)
