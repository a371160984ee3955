"""Nothing → which photographs are one shot, cut differently by whoever made the collection.

Each of these pairs was found by a benchmark and then looked at. They count as copies, since that is
what they are; a pair that nobody has looked at counts as wrong.
"""

PAIRS: tuple[tuple[str, str], ...] = (
    ("f00010", "f00064"),
    ("f00010", "f00066"),
    ("f00049", "f00177"),
    ("f00049", "f00182"),
    ("f00061", "f00101"),
    ("f00064", "f00066"),
    ("f00090", "f00233"),
    ("f00105", "f00106"),
    ("f00176", "f00239"),
    ("f00177", "f00182"),
    ("f00261", "f00427"),
    ("f00287", "f00326"),
    ("f00292", "f00355"),
    ("f00313", "f00421"),
    ("f00315", "f00372"),
    ("f01757", "f01774"),
    ("f01780", "f01816"),
    ("f04552", "f04553"),
    ("f06188", "f06196"),
    ("f06779", "f06785"),
    ("f07141", "f07154"),
    ("f07141", "f07155"),
    ("f07154", "f07155"),
)
