"""A library, and what a person says of its pictures → views by name, kept with the library."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from lookalike import evaluate
from lookalike.errors import InputError, ViewNotFoundError
from lookalike.library.marks import only_tags
from lookalike.library.opening import Model
from lookalike.library.partwise import PARTS
from lookalike.library.queries import Named, Queries
from lookalike.library.spaces import WHITENED, Spaces
from lookalike.library.vectors import embeddings_of
from lookalike.stores.base import Catalogue, Embedding, Filter, Record, View, ViewNote
from lookalike.views import Odds, Projection, direction, discriminant, held_out, odds, told_apart

LONGEST_NAME = 60
"""Letters of a view's name."""

_LEAST = 4  # pictures of a class, which are learned from and judged by in halves
_MOST = 20_000  # pictures that are learned from
_BETTER = 0.005  # of mean average precision, by which a view of use is better, and not by chance
_SURE = 0.6  # area under the curve, from which on what is liked has something in common
_CLEAR = 0.95  # the same, from which on it can be said how likely a picture is liked
_FEWEST, _FEWEST_OTHERS = 3, 20  # pictures that are liked, and others, from which on it can be said
_OTHERS = 1000  # pictures of which nobody said anything, which what is liked is held against


@dataclass(frozen=True, slots=True)
class Learned:
    """What a view was learned from, ``classes`` or ``liked``, and what it is worth.

    ``pictures`` and ``classes`` are how many of them; ``left_out`` had a label but were of no use:
    their class has fewer than four pictures, or they have several tags. For classes, ``before``
    and ``after`` are the mean average precision on held-out pictures without the view and with
    it. For what is liked, ``after`` is how likely a liked picture that was held out scores above
    another one, and ``before`` is .5, which is chance; ``odds`` say how likely a picture with some
    score is liked, where that can be told.
    """

    name: str
    kind: str
    pictures: int
    classes: int
    left_out: int
    before: float
    after: float
    odds: Odds | None = None


class Learning:
    """The part of a `Library` that learns."""

    _store: Catalogue
    _model: Model
    _queries: Queries
    _spaces: Spaces

    def learn(
        self,
        name: str,
        *,
        labels: str | os.PathLike[str] | None = None,
        folders: bool = False,
        tags: bool = False,
        favourites: bool = False,
        liked: Sequence[Named] = (),
        unliked: Sequence[Named] = (),
    ) -> Learned:
        """Learn a view in which what a person tells apart lies apart, and keep it by a name.

        One of these is learned from: ``labels``, a CSV as `evaluate` takes it; ``folders``, where
        a picture's folder is its class; ``tags``; ``favourites``; or pictures that are ``liked``,
        with some that are ``unliked``. From the first three comes a discriminant, from the others
        a direction to search in. A view of the same name is replaced. Searches take it by
        ``view``; nothing is indexed again.

        Raises: InputError for what cannot be learned from, and where held-out pictures show that
            it would not help (nothing is kept then); ImageNotFoundError; LibraryError.
        """
        _check_name(name)
        given = [labels is not None, folders, tags, favourites, bool(liked or unliked)]
        if sum(given) != 1:
            raise InputError(
                "Say what to learn from: one of labels, folders, tags, favourites, or pictures "
                "that are liked."
            )
        if favourites or liked or unliked:
            learned, view = self._from_liked(name, *self._liked(favourites, liked, unliked))
        else:
            records, named, left_out = self._labelled(labels, tags=tags)
            learned, view = self._from_classes(name, records, named, left_out)
        self._store.keep_view(view)
        self._spaces.forget(name)
        return learned

    def views(self) -> list[ViewNote]:
        """The views that were learned, and `PARTS` where the parts of pictures are kept, in order
        of name; `WHITENED` is there without."""
        return self._store.views()

    def forget_view(self, name: str) -> None:
        """Delete a view. Raises ViewNotFoundError where there is none."""
        if not self._store.drop_view(name):
            raise ViewNotFoundError(f"There is no view {name!r}: `lookalike views` lists them.")
        if name == PARTS:
            self._store.drop_layer(PARTS)
        self._spaces.forget(name)

    # ---- from classes

    def _labelled(
        self, labels: str | os.PathLike[str] | None, *, tags: bool
    ) -> tuple[list[Record], list[str], int]:
        """Pictures with the names of their classes, and how many others have one in vain."""
        records = list(self._store.records())
        several = 0
        if tags:
            named, several = only_tags(self._store, records)
        elif labels is None:
            named = evaluate.labels_by_folder(records)
        else:
            named = evaluate.assign_labels(records, evaluate.read_labels(labels))
        counts = Counter(one for one in named if one is not None)
        _check_classes(counts)
        of_use = [
            (record, one)
            for record, one in zip(records, named, strict=True)
            if one is not None and counts[one] >= _LEAST
        ]
        of_use = of_use[:: -(-len(of_use) // _MOST)]
        few = sum(number for number in counts.values() if number < _LEAST)
        return [one for one, _ in of_use], [its for _, its in of_use], few + several

    def _from_classes(
        self, name: str, records: Sequence[Record], named: Sequence[str], left_out: int
    ) -> tuple[Learned, View]:
        names, classes = np.unique(np.array(named), return_inverse=True)
        rows = self._rows(records)
        rest = self._spaces.plain()
        held = held_out(rows, classes, rest, evaluate.average_precisions)
        if held.after - held.before < max(_BETTER, 2 * held.error):
            raise InputError(
                f"The view {name!r} would not help: pictures that were held out find their own "
                f"class with a mean average precision of {held.after:.3f} with it and "
                f"{held.before:.3f} without, so nothing was kept; label more pictures of each "
                "class, or classes that can be seen."
            )
        worth = round(held.before, 6), round(held.after, 6)
        learned = Learned(name, "classes", len(records), len(names), left_out, *worth)
        found = discriminant(rows, classes, rest, held.ridge)
        return learned, self._view(learned, found)

    # ---- from what is liked

    def _liked(
        self, favourites: bool, liked: Sequence[Named], unliked: Sequence[Named]
    ) -> tuple[list[Record], list[Record]]:
        """The records of both, each content once. Raises InputError where they contradict."""
        if favourites:
            wanted = self._store.passing(Filter(favourite=True))
            if not wanted:
                raise InputError("There are no favourites: mark some first.")
        else:
            wanted = [self._queries.named(one) for one in liked]
        others = [self._queries.named(one) for one in unliked]
        by_content = {one.digest: one for one in wanted}
        for one in others:
            if one.digest in by_content:
                raise InputError(f"{one.path!r} is both liked and not liked: decide for one.")
        return list(by_content.values()), list({one.digest: one for one in others}.values())

    def _from_liked(
        self, name: str, liked: Sequence[Record], unliked: Sequence[Record]
    ) -> tuple[Learned, View]:
        if len(liked) < 2:
            raise InputError("Name two pictures that are liked, or more: one alone is a search.")
        plain = self._spaces.plain()
        mine, not_mine = (plain.of(self._rows(some)) for some in (liked, unliked))
        said = {one.digest for one in (*liked, *unliked)}
        others = [one for one in self._store.sample(_OTHERS) if one.digest not in said]
        rest = plain.of(self._rows(others))
        worth = told_apart(mine, not_mine, rest)
        focus = direction(mine, not_mine)
        if worth < _SURE or not focus.any():
            raise InputError(
                f"The view {name!r} would not help: a picture that is liked and was held out "
                f"scores above another in {worth:.0%} of the cases, where chance gives 50%, so "
                "nothing was kept; like more pictures that have something in common."
            )
        count = len(liked) + len(unliked)
        clear = worth >= _CLEAR and len(liked) >= _FEWEST and len(others) >= _FEWEST_OTHERS
        likely = odds(mine, not_mine, rest) if clear else None
        learned = Learned(name, "liked", count, 1 + bool(unliked), 0, 0.5, round(worth, 6), likely)
        return learned, self._view(learned, plain, focus)

    # ---- both

    def _rows(self, records: Sequence[Record]) -> Embedding:
        """The embeddings (n, dim) of some records, in their order."""
        return embeddings_of(self._store, np.array([one.id for one in records], np.int64))

    def _view(
        self, learned: Learned, found: Projection, focus: npt.NDArray[np.float32] | None = None
    ) -> View:
        about = {key: value for key, value in asdict(learned).items() if key != "name"}
        note = ViewNote.now(learned.name, self._model.identity, about)
        return View(note, found.mean, found.matrix, focus)


def _check_name(name: str) -> None:
    fits = name.strip() == name and name.isprintable() and 0 < len(name) <= LONGEST_NAME
    if not fits or name.startswith("-"):
        raise InputError(
            f"{name!r} is no name for a view: take up to {LONGEST_NAME} letters, without a space "
            "around them or a hyphen at the beginning."
        )
    if name in (WHITENED, PARTS):
        raise InputError(f"The name {name!r} is that of a view of its own: take another.")


def _check_classes(counts: Mapping[str, int]) -> None:
    """Raise InputError where there is nothing to tell apart, or too little to judge by."""
    if not counts:
        raise InputError("No picture has a label: label some first.")
    if len(counts) < 2:
        raise InputError(
            f"All pictures that have a label have the same, {next(iter(counts))!r}: a view needs "
            "two classes to tell apart."
        )
    if sum(number >= _LEAST for number in counts.values()) < 2:
        raise InputError(
            "A view is learned from one half of each class and judged by the other: label "
            f"{_LEAST} pictures in two classes at least."
        )
