"""A picture of the library → what its file says of itself, and its place on the desktop."""

from __future__ import annotations

from pathlib import Path

from lookalike import isolation, reveal
from lookalike.errors import ImageError
from lookalike.folder import printable
from lookalike.image import FileMetadata
from lookalike.library.originals import original
from lookalike.library.queries import Named, Queries
from lookalike.stores.base import Record


class About:
    """The part of a `Library` that tells of one picture."""

    _queries: Queries

    def find(self, picture: Named) -> Record:
        """One picture's record, given its id or its path: on this machine, or below an indexed
        folder. Raises ImageNotFoundError."""
        return self._queries.named(picture)

    def metadata(self, picture: Named) -> FileMetadata:
        """What a picture's file says of itself, given the picture's id, path or record: camera,
        exposure, place, words. It is read from the file now; nothing of it is kept. What is there
        and cannot be read is told in ``skipped``.

        Raises: ImageNotFoundError; ImageError where the file is gone or has changed.
        """
        record = self._queries.named(picture)
        file = original(record)
        try:
            return isolation.file_metadata(file)
        except ImageError as error:
            raise ImageError(f"{printable(record.path)} {error}.") from error

    def can_reveal(self) -> bool:
        """Whether this machine has a desktop, whose file manager `reveal` would open."""
        return reveal.can_reveal()

    def reveal(self, picture: Named) -> Record:
        """Show a picture's file in the file manager of this machine; returns its record.

        Raises: ImageNotFoundError; ImageError where the file is gone; DesktopError where there is
            no desktop, or its file manager does not open.
        """
        record = self._queries.named(picture)
        file = Path(record.path)
        if not _is_there(file):
            raise ImageError(
                f"{printable(record.path)} is no longer there: connect its disk, or index its "
                "folder again."
            )
        reveal.reveal(file)
        return record


def _is_there(file: Path) -> bool:
    try:
        return file.exists()
    except (OSError, ValueError):
        return False
