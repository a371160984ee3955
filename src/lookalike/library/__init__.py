"""A library's folder → indexing, search and all the rest: the one place where the rooms meet."""

from lookalike.checkup import Finding
from lookalike.delivery import KINDS, Export, LeftOut
from lookalike.duplicates import Copy, Group, Step
from lookalike.evaluate import ClassScore, Evaluation
from lookalike.exchange import Features, read_features
from lookalike.explain import Explanation, Regions
from lookalike.folder import PATIENCE, printable
from lookalike.image import FileMetadata
from lookalike.indexing import (
    Built,
    Event,
    Fetching,
    Indexed,
    Progress,
    Report,
    Scanned,
    Skipped,
    Waiting,
)
from lookalike.library.checkup import check_machine, check_model
from lookalike.library.comparing import Compared, Judged, SideBySide
from lookalike.library.copies import Duplicates
from lookalike.library.examples import Asked, Example
from lookalike.library.exporting import Saved
from lookalike.library.filling import check_folders
from lookalike.library.following import Following
from lookalike.library.glance import Indexing, ModelRow, Stats, model_rows
from lookalike.library.judging import Hits
from lookalike.library.keeping import Backup, CopyStep, Restored
from lookalike.library.learning import LONGEST_NAME, Learned
from lookalike.library.library import Library
from lookalike.library.maps import Cluster, PictureMap, Plane
from lookalike.library.opening import default_folder
from lookalike.library.partwise import PARTS
from lookalike.library.queries import Query, Words
from lookalike.library.spaces import MOST_NEIGHBOURS, WHITENED
from lookalike.library.upgrading import Beside, Switched, Upgrades
from lookalike.library.watches import Trouble, Watched, Watching, check_watching
from lookalike.library.wellbeing import Pulse
from lookalike.mapping import INSTALL as INSTALL_FOR_MAP
from lookalike.mapping import METHODS as MAP_METHODS
from lookalike.mapping import Drawing
from lookalike.mapping import is_possible as neighbours_possible
from lookalike.stores.base import (
    Answers,
    Choice,
    Distribution,
    Facets,
    Filter,
    Hit,
    Label,
    Listing,
    MarkCounts,
    Marks,
    Ranking,
    Record,
    SearchIndex,
    ViewNote,
)
from lookalike.verdict import VERDICTS
from lookalike.words import Meaning

__all__ = [
    "INSTALL_FOR_MAP",
    "KINDS",
    "LONGEST_NAME",
    "MAP_METHODS",
    "MOST_NEIGHBOURS",
    "PARTS",
    "PATIENCE",
    "VERDICTS",
    "WHITENED",
    "Answers",
    "Asked",
    "Backup",
    "Beside",
    "Built",
    "Choice",
    "ClassScore",
    "Cluster",
    "Compared",
    "Copy",
    "CopyStep",
    "Distribution",
    "Drawing",
    "Duplicates",
    "Evaluation",
    "Event",
    "Example",
    "Explanation",
    "Export",
    "Facets",
    "Features",
    "Fetching",
    "FileMetadata",
    "Filter",
    "Finding",
    "Following",
    "Group",
    "Hit",
    "Hits",
    "Indexed",
    "Indexing",
    "Judged",
    "Label",
    "Learned",
    "LeftOut",
    "Library",
    "Listing",
    "MarkCounts",
    "Marks",
    "Meaning",
    "ModelRow",
    "PictureMap",
    "Plane",
    "Progress",
    "Pulse",
    "Query",
    "Ranking",
    "Record",
    "Regions",
    "Report",
    "Restored",
    "Saved",
    "Scanned",
    "SearchIndex",
    "SideBySide",
    "Skipped",
    "Stats",
    "Step",
    "Switched",
    "Trouble",
    "Upgrades",
    "ViewNote",
    "Waiting",
    "Watched",
    "Watching",
    "Words",
    "check_folders",
    "check_machine",
    "check_model",
    "check_watching",
    "default_folder",
    "model_rows",
    "neighbours_possible",
    "printable",
    "read_features",
]
