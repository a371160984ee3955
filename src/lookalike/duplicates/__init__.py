"""Records and their pictures → groups of copies: exact by content, near ones verified on pixels."""

from lookalike.duplicates.groups import Copy, Decision, Group, by_content, group
from lookalike.duplicates.kept import load_compared, state_of_compared
from lookalike.duplicates.search import Sources, Step, search
from lookalike.duplicates.sketch import NEAR

__all__ = [
    "NEAR",
    "Copy",
    "Decision",
    "Group",
    "Sources",
    "Step",
    "by_content",
    "group",
    "load_compared",
    "search",
    "state_of_compared",
]
