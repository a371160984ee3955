"""A seed and a number → clustered unit vectors (n, dim), in chunks: thousands of centres.

Real features lie in clusters of unequal size that are themselves related, and vary around their
centre mostly in a few directions. So: topics, centres around the topics, and for each vector its
centre plus noise of low rank plus noise in every direction. Chunks are made independently of each
other, so that a million vectors never have to be in memory at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
CHUNK = 8192


@dataclass(frozen=True)
class Mixture:
    """Centres of clusters; ``shape`` of all that follows is (…, dim), float32, of unit length."""

    dim: int = 1280
    centres: int = 4000
    topics: int = 100
    rank: int = 24
    spread: float = 0.55  # length of the low-rank noise beside a centre of length 1
    noise: float = 0.45  # length of the noise in every direction
    seed: int = 7

    def chunks(self, n: int, *, first: int = 0) -> Iterator[Vectors]:
        """Vectors number ``first`` to ``first + n``, `CHUNK` at a time."""
        centres, bases = self._centres()
        done = 0
        while done < n:
            rows = min(CHUNK, n - done)
            yield self._chunk(centres, bases, (first + done) // CHUNK, rows)
            done += rows

    def queries(self, n: int) -> Vectors:
        """Vectors of the same mixture that are not among the others."""
        centres, bases = self._centres()
        return self._chunk(centres, bases, 1 << 40, n)

    def _centres(self) -> tuple[Vectors, Vectors]:
        rng = np.random.default_rng([self.seed, 1])
        topics = _unit(rng.standard_normal((self.topics, self.dim), np.float32))
        own = _unit(rng.standard_normal((self.centres, self.dim), np.float32))
        centres = _unit(0.6 * topics[rng.integers(self.topics, size=self.centres)] + 0.8 * own)
        bases = rng.standard_normal((self.topics, self.rank, self.dim), np.float32)
        bases /= np.float32(np.sqrt(self.rank * self.dim))
        return centres, bases

    def _chunk(self, centres: Vectors, bases: Vectors, number: int, rows: int) -> Vectors:
        rng = np.random.default_rng([self.seed, 2, number])
        weights = 1.0 / np.sqrt(np.arange(1, self.centres + 1))
        chosen = rng.choice(self.centres, size=rows, p=weights / weights.sum())
        made = centres[chosen]
        for topic in range(len(bases)):
            here = np.flatnonzero(chosen % self.topics == topic)
            made[here] += self.spread * (
                rng.standard_normal((len(here), self.rank), np.float32) @ bases[topic]
            )
        noise = rng.standard_normal((rows, self.dim), np.float32)
        made += np.float32(self.noise / np.sqrt(self.dim)) * noise
        return _unit(made)


def _unit(vectors: Vectors) -> Vectors:
    made: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return made
