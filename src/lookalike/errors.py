"""What can go wrong → one exception class for each kind, with a sentence a person can act on.

    LookalikeError              everything that Lookalike raises on purpose
    ├── FolderError             a folder that is missing, is no folder, or holds no pictures
    │   └── FolderSilentError   a folder that does not answer: a network drive, mostly
    ├── ImageError              a file or an upload that cannot become a picture
    │   ├── TooManyPixelsError  a picture beyond the limit on pixels
    │   └── DecoderEndedError   a decoder that was ended from outside; another try may succeed
    ├── ModelError              a model that is unknown, or that does not do what its card says
    │   ├── WeightsError        weights that cannot be fetched, or that fail their SHA-256
    │   └── MissingExtraError   an optional package that is not installed; says the command
    ├── LibraryError            a library that cannot be used as asked
    │   ├── LibraryNotFoundError    there is no library there
    │   ├── LibraryBusyError        another process is writing to it; says which
    │   ├── LibraryTooNewError      written by a newer Lookalike
    │   ├── LibraryReadOnlyError    on a disk or in a folder that cannot be written to
    │   ├── LibraryFullError        the disk (or quota) is full
    │   ├── LibraryDamagedError     not a library, or a damaged one
    │   ├── LibraryReplacedError    another was restored in its place while it was open
    │   └── ModelMismatchError      made with another model than the one asked for
    ├── ImageNotFoundError      a picture that the library does not hold
    ├── ViewNotFoundError       a view that was not learned, or was forgotten
    ├── DesktopError            a file manager that cannot be opened on this machine
    └── InputError              a labels file, an array or an option that does not fit

Every message is one sentence that says what happened and what to do; no message needs the
traceback to be understood. Front doors print ``str(error)`` and nothing else.
"""


class LookalikeError(Exception):
    """The base of every error that Lookalike raises on purpose."""


class FolderError(LookalikeError):
    """A folder is missing, is not a folder, or holds no pictures."""


class FolderSilentError(FolderError):
    """A folder neither answers nor fails."""


class ImageError(LookalikeError):
    """A file or an upload cannot be read as a picture."""


class TooManyPixelsError(ImageError):
    """A picture has more pixels than the limit allows."""


class DecoderEndedError(ImageError):
    """The process that decoded a picture was ended from outside."""


class ModelError(LookalikeError):
    """A model is unknown, or does not do what its card says."""


class WeightsError(ModelError):
    """Weights cannot be fetched, or do not have the SHA-256 of their card."""


class MissingExtraError(ModelError):
    """An optional package is needed and not installed."""


class LibraryError(LookalikeError):
    """A library cannot be used as asked."""


class LibraryNotFoundError(LibraryError):
    """There is no library in that folder."""


class LibraryBusyError(LibraryError):
    """Another process is writing to the library."""


class LibraryTooNewError(LibraryError):
    """The library was written by a newer Lookalike."""


class LibraryReadOnlyError(LibraryError):
    """The library lies where nothing can be written."""


class LibraryFullError(LibraryError):
    """The disk that holds the library is full."""


class LibraryDamagedError(LibraryError):
    """The folder holds something that is not a library, or a damaged one."""


class LibraryReplacedError(LibraryError):
    """Another library was restored in its place while it was open."""


class ModelMismatchError(LibraryError):
    """The library was made with another model."""


class ImageNotFoundError(LookalikeError):
    """The library holds no such picture."""


class ViewNotFoundError(LookalikeError):
    """The library has no such view."""


class DesktopError(LookalikeError):
    """No file manager can be opened here."""


class InputError(LookalikeError):
    """A labels file, an array or an option does not fit."""
