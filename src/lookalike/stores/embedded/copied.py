"""A store → a copy of it in a file; whether another has been put in its place."""

from __future__ import annotations

from pathlib import Path

from lookalike.stores.embedded import copying
from lookalike.stores.embedded.layered import Layered


class Copied(Layered):
    """The part of a store that is copied as a whole."""

    _restored: str  # when it had last been put back from a copy, as it was opened
    _laid: tuple[int, int] | None  # what file it was then

    def is_replaced(self) -> bool:
        """Whether another library has been put in the place of this one since it was opened, or
        none is there any more: its file goes on for whoever has it open, and for nobody else."""
        if self._database.place() != self._laid:
            return True
        return self.settings().get(copying.RESTORED, "") != self._restored

    def copy_to(self, file: Path, tell: copying.Tell) -> int:
        """Make a file that holds all this at one moment, whatever others read and write meanwhile;
        returns how many pictures that are.

        Raises: OSError where the file cannot be made, or not whole; LibraryError.
        """
        trouble: OSError | None = None  # of the file; here it would be taken for the library's
        images = 0
        with self._one_state() as connection:
            connection.execute("BEGIN")
            try:
                images = copying.copy(connection, file, tell)
            except OSError as error:
                trouble = error
        if trouble is not None:
            raise trouble
        return images
