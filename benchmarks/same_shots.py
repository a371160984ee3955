"""Nothing → which photographs are one shot, cut differently by whoever made the collection.

Each of these pairs was found by a benchmark and then looked at. They count as copies, since that is
what they are; a pair that nobody has looked at counts as wrong.
"""

PAIRS: tuple[tuple[str, str], ...] = ()
