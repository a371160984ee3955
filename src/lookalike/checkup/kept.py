"""A store → whether what it keeps is whole, and searches find what comparing everything finds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lookalike.checkup.finding import Finding, ok, problem
from lookalike.folder import printable
from lookalike.stores.base import Catalogue, Embedding

_ASKED = 16  # searches that are held against comparing everything
_BEST = 10
_SAME = 1e-4  # in cosine: single precision, and scores are told with six digits
_FEWER = 0.1  # of the answers: what a small sample may miss more than the cache was measured to


def of_store(store: Catalogue) -> Iterator[Finding]:
    """Look at everything; nothing is changed."""
    problems = store.problems()
    for one in problems:
        file = printable(store.folder / "library.sqlite")
        yield problem(
            "store",
            f"{one} Put the library back from a copy, or delete {file} and the folder cache beside "
            "it and index again.",
        )
    if problems:
        return
    yield ok("store", f"The database is sound; it holds {store.count():,} pictures.")
    yield from _marks(store)
    yield from _vectors(store)
    yield from _blanks(store)


def _marks(store: Catalogue) -> Iterator[Finding]:
    """What a person has marked, which is nowhere else."""
    known = store.count_marks()
    if known.favourites or known.tags:
        favourites = "1 favourite" if known.favourites == 1 else f"{known.favourites:,} favourites"
        tags = "1 tag" if len(known.tags) == 1 else f"{len(known.tags):,} tags"
        yield ok("marks", f"It keeps {favourites} and {tags}.")


def _vectors(store: Catalogue) -> Iterator[Finding]:
    """One reading of all embeddings, for their lengths and for the best answers to some."""
    revision = store.settings().get("revision")
    queries = _some(store)
    best = np.full((len(queries), _BEST), -np.inf, np.float32)
    wrong = 0
    for _, block in store.embedding_blocks():
        wrong += _wrong_lengths(block)
        scores = np.concatenate([best, queries @ block.T], axis=1)
        best = -np.partition(-scores, _BEST - 1, axis=1)[:, :_BEST]
    if wrong:
        yield problem(
            "vectors", f"{wrong:,} embeddings are no unit vectors: index into a new library."
        )
        return
    yield ok("vectors", f"Every embedding has {store.dim} numbers and length 1.")
    if len(queries):
        finding = _index(store, queries, best)
        # what was written meanwhile was compared in one and not in the other
        if store.settings().get("revision") == revision:
            yield finding
        else:
            yield ok("index", "Searches were not compared with the truth: it is being written.")


def _some(store: Catalogue) -> Embedding:
    """Embeddings of pictures that were drawn at random; none of those that have none."""
    ids, _ = store.versions()
    drawn = np.random.default_rng().choice(ids, min(_ASKED, len(ids)), replace=False)
    rows = [block for _, block in store.embedding_blocks(np.sort(drawn))]
    found = np.concatenate([np.empty((0, store.dim), np.float32), *rows])
    some: Embedding = found[np.abs(np.linalg.norm(found, axis=1) - 1) < 1e-3]
    return some


def _index(store: Catalogue, queries: Embedding, best: Embedding) -> Finding:
    """Whether searches find what is best, as often as the cache was measured to."""
    found = wanted = 0
    for query, scores in zip(queries, best, strict=True):
        truth = np.sort(scores[np.isfinite(scores)])[::-1]
        answers = np.array([hit.score for hit in store.search(query, _BEST)])
        wanted += len(truth)
        found += min(len(truth), int(np.count_nonzero(answers >= truth[-1] - _SAME)))
        if len(answers) and answers[0] > truth[0] + _SAME:  # better than anything that is there
            found -= _BEST
    index = store.search_index()
    expected = index.recall - _FEWER if index.cells else 1.0
    if found < expected * wanted:
        return problem(
            "index",
            f"Searches find {max(found, 0)} of {wanted} answers that comparing everything finds: "
            f"delete the folder {printable(store.folder / 'cache')}, which is then made anew.",
        )
    how = "all" if found == wanted else f"{found} of {wanted}"
    return ok("index", f"{len(queries)} searches find {how} that comparing everything finds.")


def _blanks(store: Catalogue) -> Iterator[Finding]:
    """Pictures that another model was switched to without."""
    if number := len(store.blanks()):
        pictures = "picture has" if number == 1 else "pictures have"
        yield problem(
            "vectors",
            f"{number:,} {pictures} no vector of the present model: index their folder once their "
            "files can be read.",
        )


def _wrong_lengths(embeddings: Embedding) -> int:
    lengths = np.sqrt(np.einsum("nd,nd->n", embeddings, embeddings, dtype=np.float64))
    return int(np.count_nonzero(~(np.abs(lengths - 1) < 1e-3) & (lengths != 0)))
