"""A `Library` → the tools of an MCP server: search and why, lists, one picture, what there is.

The package ``mcp`` reads the signatures of the tools, so that what they take and give is described
by their types; it calls each on a thread of its own.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, ContentBlock, ImageContent, TextContent, ToolAnnotations
from pydantic import Field, RootModel

from lookalike.assistant.told import Found, Listed, Picture, Read, item, match
from lookalike.errors import LookalikeError
from lookalike.library import (
    MOST_NEIGHBOURS,
    Example,
    Explanation,
    Facets,
    FileMetadata,
    Filter,
    Following,
    Hits,
    Library,
    Record,
    Stats,
    Words,
)

_Asked = str | int | list[Example]
_UNLIKE = -0.5  # as on the command line and on the page
_MOST = 100  # hits at a time: an assistant reads every one of them
_ABOUT = """\
Searches the pictures of a person's own library by what they look like. Nothing is changed by any
tool. Scores are cosines: 1 is the same picture, 0 is unrelated. Paths are files on this machine.
"""

_Id = Annotated[int, Field(description="The number of a picture, from an earlier answer.", ge=0)]
_Words = Annotated[
    str | None,
    Field(
        description="What the pictures show, in English; alone or beside a picture. Things are "
        "found, not names, places, numbers or writing.",
        max_length=1000,
    ),
]
_Unwanted = Annotated[str | None, Field(description="What they should not show.", max_length=1000)]
_Known = Annotated[
    int | None, Field(description="Or a picture of the library, by its number.", ge=0)
]
_Folder = Annotated[str | None, Field(description="An absolute path: pictures in it and below.")]
_Formats = Annotated[
    list[str] | None, Field(description="Names such as JPEG, of which it has one.")
]
_Date = Annotated[str | None, Field(description="2024, 2024-05 or 2024-05-31; included.")]
_Camera = Annotated[str | None, Field(description="A part of the camera's name.")]
_Side = Annotated[int | None, Field(description="Pixels that both sides have at least.", ge=1)]
_Tags = Annotated[list[str] | None, Field(description="Tags of the person's, all of which it has.")]
_Labels = Annotated[
    list[str] | None,
    Field(description="Labels, all of which the model gives it: guesses, a third of them right."),
]
_Text = Annotated[
    str | None,
    Field(description="Words in the names of the file and its folders, its tags and labels."),
]
_Favourite = Annotated[bool, Field(description="Only pictures that the person likes best.")]
_Fold = Annotated[bool, Field(description="Count copies of one picture as one; tells how many.")]
_View = Annotated[
    str | None,
    Field(
        description="A view to compare in that the person has had learned; parts finds things "
        "within pictures, and says in which box."
    ),
]
_Neighbours = Annotated[
    int,
    Field(
        description="Let pictures stand for themselves and so many neighbours: 10 finds more of "
        "what belongs together.",
        ge=0,
        le=MOST_NEIGHBOURS,
    ),
]


class Tools:
    """What an assistant may ask a library."""

    def __init__(self, library: Library) -> None:
        self._following = Following(library)

    @property
    def _library(self) -> Library:
        """The library with the model that it has now."""
        return self._following.now()

    def search(
        self,
        *,
        path: Annotated[str | None, Field(description="A picture's file to search with.")] = None,
        id: _Known = None,  # noqa: A002 - the name that REST and the command use
        words: _Words = None,
        without_words: _Unwanted = None,
        k: Annotated[int, Field(description="How many to find.", ge=1, le=_MOST)] = 10,
        folder: _Folder = None,
        formats: _Formats = None,
        taken_from: _Date = None,
        taken_to: _Date = None,
        camera: _Camera = None,
        min_side: _Side = None,
        fold: _Fold = False,
        tags: _Tags = None,
        favourite: _Favourite = False,
        labels: _Labels = None,
        text: _Text = None,
        view: _View = None,
        neighbours: _Neighbours = 0,
        thumbnails: Annotated[bool, Field(description="Send small pictures of them, too.")] = False,
    ) -> Annotated[CallToolResult, RootModel[Found]]:
        """Find the pictures that look most like a picture file, a picture of the library, or words.

        The verdict says how good the best of them is. A picture of the library leaves itself out.
        With filters, only what passes all of them is found. What words were taken for is told in
        ``understood``: a guess where it is not sure.
        """
        query = _query(path, id, words, without_words)
        with _told():
            where = _filter(
                formats, tags, labels, folder=folder, taken_from=taken_from, taken_to=taken_to,
                camera=camera, min_side=min_side, favourite=favourite, text=text,
            )  # fmt: skip
            how = {"view": view, "neighbours": neighbours}
            hits, waiting = self._hits(query, k, where, fold=fold, **how)
        small = [self._thumbnail(hit.record) for hit in hits] if thumbnails else []
        found = Found(list(map(match, hits)), hits.verdict, hits.reason, waiting, self._read(query))
        return _result(found, [one for one in small if one])

    def _hits(
        self, query: _Asked, k: int, where: Filter, *, fold: bool, **how: Any
    ) -> tuple[Hits, int | None]:
        if not fold:
            # without a filter, a large library need not compare all
            only = None if where == Filter() else where
            return self._library.search(query, k, where=only, **how), None
        found = self._library.answers(query, k, where=where, fold=True, **how)
        return Hits(found.hits, found.verdict, found.reason), found.waiting

    def explain(
        self,
        *,
        id: Annotated[  # noqa: A002 - the name that REST and the command use
            int, Field(description="A picture of the library that was found, by its number.", ge=0)
        ],
        like: Annotated[
            int | None, Field(description="What it is like: a picture, by its number.", ge=0)
        ] = None,
        path: Annotated[str | None, Field(description="Or a picture's file.")] = None,
        box: Annotated[
            list[float] | None,
            Field(
                description="Only this part of what it is like: left, top, width and height as "
                "fractions of it.",
                min_length=4,
                max_length=4,
            ),
        ] = None,
        drawing: Annotated[
            bool, Field(description="Send both pictures with the shares as colours, too.")
        ] = False,
    ) -> Annotated[CallToolResult, RootModel[Explanation]]:
        """Tell why a picture is like another: how much each of their regions adds to the score,
        in rows from the top. All shares of one picture add up to the score."""
        given = [one for one in (like, path) if one is not None]
        if len(given) != 1:
            raise ToolError("Give one of like and path.")
        with _told():
            example = Example(given[0], box=_box(box))
            why = self._library.explain(example, id)
            drawn = self._library.drawn(example, id, why) if drawing else None
        return _result(why, [_image(drawn, "image/png")] if drawn else [])

    def listing(
        self,
        *,
        k: Annotated[int, Field(description="How many at most.", ge=1, le=_MOST)] = 30,
        offset: Annotated[int, Field(description="How many to pass over.", ge=0)] = 0,
        folder: _Folder = None,
        formats: _Formats = None,
        taken_from: _Date = None,
        taken_to: _Date = None,
        camera: _Camera = None,
        min_side: _Side = None,
        tags: _Tags = None,
        favourite: _Favourite = False,
        labels: _Labels = None,
        text: _Text = None,
        thumbnails: Annotated[bool, Field(description="Send small pictures of them, too.")] = False,
    ) -> Annotated[CallToolResult, RootModel[Listed]]:
        """List the pictures that pass filters, in order of path, without searching: favourites,
        those with a tag, those of a month."""
        with _told():
            where = _filter(
                formats, tags, labels, folder=folder, taken_from=taken_from, taken_to=taken_to,
                camera=camera, min_side=min_side, favourite=favourite, text=text,
            )  # fmt: skip
            found = self._library.listing(where, k, offset=offset)
            marks = self._library.marks(*found.records)
        small = [self._thumbnail(one) for one in found.records] if thumbnails else []
        items = list(map(item, found.records, marks))
        return _result(Listed(items, found.total, found.next), [one for one in small if one])

    def _read(self, query: _Asked) -> list[Read]:
        with _told():
            meanings = self._library.meanings(query)
        return [Read(text, one.sure, dict(one.labels)) for text, one in meanings]

    def details(
        self,
        id: _Id,  # noqa: A002 - the name that REST and the command use
        thumbnail: Annotated[bool, Field(description="Send a small picture of it, too.")] = False,
    ) -> Annotated[CallToolResult, RootModel[Picture]]:
        """Tell everything the library knows about one picture: date, camera, place, size, tags; and
        labels, which are guesses of the model, with the chance that each is right."""
        with _told():
            record = self._library.record(id)
            (marks,) = self._library.marks(record)
            called = {one.name: one.probability for one in self._library.labels(record)[0]}
        names = [name for name in Record.__slots__ if name in Picture.__slots__]
        known = {name: getattr(record, name) for name in names}
        picture = Picture(path=record.path, **known, **asdict(marks), labels=called)
        small = self._thumbnail(record) if thumbnail else None
        return _result(picture, [small] if small else [])

    def metadata(
        self,
        id: _Id,  # noqa: A002 - the name that REST and the command use
    ) -> Annotated[CallToolResult, RootModel[FileMetadata]]:
        """Read what a picture's file says of itself: lens, exposure, place, title, keywords."""
        with _told():
            return _result(self._library.metadata(id))

    def stats(self) -> Annotated[CallToolResult, RootModel[Stats]]:
        """Tell how many pictures there are, from which folders, and how far indexing is."""
        with _told():
            return _result(self._library.stats())

    def facets(
        self,
        *,
        folder: _Folder = None,
        formats: _Formats = None,
        taken_from: _Date = None,
        taken_to: _Date = None,
        camera: _Camera = None,
        min_side: _Side = None,
        tags: _Tags = None,
        favourite: _Favourite = False,
        labels: _Labels = None,
        text: _Text = None,
    ) -> Annotated[CallToolResult, RootModel[Facets]]:
        """Count the pictures that pass filters, and by folder, format, camera, month and size how
        many would with another choice there, and by tag with one more; it also tells which
        cameras, folders and tags there are."""
        with _told():
            where = _filter(
                formats, tags, labels, folder=folder, taken_from=taken_from, taken_to=taken_to,
                camera=camera, min_side=min_side, favourite=favourite, text=text,
            )  # fmt: skip
            return _result(self._library.facets(where))

    def _thumbnail(self, record: Record) -> ContentBlock | None:
        """A small picture; None where its file is gone or has changed."""
        try:
            content = self._library.thumbnail(record)
        except LookalikeError:
            return None
        return _image(content, "image/webp")


def server_of(library: Library, version: str) -> MCPServer[Any]:
    """The server of one library; its `run` answers on standard input and output."""
    server: MCPServer[Any] = MCPServer(
        "lookalike", instructions=_ABOUT, version=version, log_level="ERROR"
    )
    tools = Tools(library)
    asked: tuple[Callable[..., Any], ...] = (
        *(tools.search, tools.explain, tools.listing),
        *(tools.details, tools.metadata, tools.stats, tools.facets),
    )
    for tool in asked:
        server.add_tool(
            tool, annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False)
        )
    return server


def _image(content: bytes, mime_type: str) -> ImageContent:
    data = base64.b64encode(content).decode("ascii")
    return ImageContent(type="image", data=data, mime_type=mime_type)


def _box(given: list[float] | None) -> tuple[float, float, float, float] | None:
    if given is None:
        return None
    left, top, width, height = given
    return left, top, width, height


def _query(
    path: str | None, number: int | None, words: str | None, without_words: str | None
) -> _Asked:
    pictures = [one for one in (path, number) if one is not None]
    if len(pictures) > 1 or not (pictures or words):
        raise ToolError("Give a path or an id, or words, or words beside one of both.")
    if not words and not without_words:
        return pictures[0]
    said = [Example(Words(words))] if words else []
    unwanted = [Example(Words(without_words), _UNLIKE)] if without_words else []
    return [*map(Example, pictures), *said, *unwanted]


def _filter(
    formats: list[str] | None, tags: list[str] | None, labels: list[str] | None, **only: Any
) -> Filter:
    return Filter(
        formats=tuple(formats or ()), tags=tuple(tags or ()), labels=tuple(labels or ()), **only
    )


@contextmanager
def _told() -> Iterator[None]:
    """Tell the assistant what Lookalike says, in its own words."""
    try:
        yield
    except LookalikeError as error:
        raise ToolError(_unicode(str(error))) from error


def _result(answer: Any, pictures: Sequence[ContentBlock] = ()) -> CallToolResult:
    """A dataclass as structured content, and as text for assistants that read only that."""
    fields = _plain(asdict(answer))
    text = TextContent(type="text", text=json.dumps(fields, ensure_ascii=False))
    return CallToolResult(content=[text, *pictures], structured_content=fields)


def _unicode(text: str) -> str:
    """A text whose bytes that are no UTF-8 are escapes: the protocol has no lone surrogates."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _plain(value: Any) -> Any:
    """What JSON has, of Unicode only."""
    if isinstance(value, str):
        return _unicode(value)
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
