"""Every error that whereshot raises on purpose.

::

    WhereshotError
    ├── PhotoError (ValueError)             this photo can't be used
    │   ├── PhotoNotFoundError (FileNotFoundError)
    │   ├── PhotoAccessError (OSError)      a folder, no permission, an I/O error
    │   ├── UnsupportedPhotoError           not one of the formats that we decode
    │   ├── DamagedPhotoError               empty, truncated, corrupt
    │   └── PhotoTooLargeError              beyond the limits on bytes or pixels
    ├── SidecarError (ValueError)           this XMP sidecar can't be read or written to
    ├── BundleError (ValueError)            this bundle can't be used
    │   ├── BundleNotFoundError (FileNotFoundError)
    │   ├── BundleVersionError              written by a newer whereshot
    │   ├── BundleIntegrityError            a file is missing or is not the one that was shipped
    │   └── EnrollmentError                 a landmark can't be enrolled, or its file can't be used
    ├── PrototypeIndexError (ValueError)    an index of prototypes can't be built, opened or asked
    │   ├── PrototypeIndexNotFoundError (FileNotFoundError)
    │   ├── PrototypeIndexVersionError      written by a newer whereshot
    │   └── PrototypeIndexIntegrityError    a file is missing, truncated or changed
    ├── GazetteerError (ValueError)         a table of landmarks has a wrong row or a clash of names
    ├── LandmarkNotFoundError (LookupError) the gazetteer has no such landmark
    ├── TemplateError (ValueError)          folders can't be named after this template
    ├── CatalogError (OSError)              this catalog of photos can't be used
    ├── CorrectionError (OSError)           what a person said of photos can't be read or kept
    ├── WorkerError (RuntimeError)          a process ended before its work was done
    ├── EngineBusyError (RuntimeError)      a server has as many photos waiting as it takes
    ├── BatchError (ValueError)             a batch can't begin, or go on with what is there
    ├── DatasetError (ValueError)           this folder can't be trained or tested on
    ├── RecipeError (ValueError)            a wrong key or value in a recipe
    ├── RunError (ValueError)               a training run can't be resumed, evaluated, exported
    ├── ExportError (RuntimeError)          an export does not compute what the network computes
    ├── FetchError (OSError)                a download failed or is not what was published
    ├── JournalError (RuntimeError)         a change can't be recorded, so it isn't made
    ├── ConflictError (FileExistsError)     a file is there, or is not what it was: left as it is
    ├── MissingProgramError (OSError)       another program is needed and is not installed
    └── MissingExtraError (ImportError)     an optional part is not installed

A message says what was given, what was expected and what to do.
"""


class WhereshotError(Exception):
    """The base of all errors that whereshot raises on purpose."""


class PhotoError(WhereshotError, ValueError):
    """A photo can't be used."""


class PhotoNotFoundError(PhotoError, FileNotFoundError):
    """No file at this path."""


class PhotoAccessError(PhotoError, OSError):
    """The path is there but can't be read: a folder, no permission, an I/O error."""


class UnsupportedPhotoError(PhotoError):
    """The content is not one of the formats that whereshot decodes."""


class DamagedPhotoError(PhotoError):
    """The content is empty, truncated or corrupt."""


class PhotoTooLargeError(PhotoError):
    """The file or the image in it is beyond the limits on bytes or pixels."""


class SidecarError(WhereshotError, ValueError):
    """An XMP sidecar can't be read or written to: it is left as it is."""


class BundleError(WhereshotError, ValueError):
    """A bundle can't be used."""


class BundleNotFoundError(BundleError, FileNotFoundError):
    """No bundle of this name or at this path."""


class BundleVersionError(BundleError):
    """The bundle's schema is newer than this whereshot."""


class BundleIntegrityError(BundleError):
    """A file of the bundle is missing or is not the one that was written."""


class EnrollmentError(BundleError):
    """A landmark can't be enrolled, or a file of enrolled landmarks can't be used."""


class PrototypeIndexError(WhereshotError, ValueError):
    """An index of prototypes can't be built, opened or asked."""


class PrototypeIndexNotFoundError(PrototypeIndexError, FileNotFoundError):
    """No index at this path."""


class PrototypeIndexVersionError(PrototypeIndexError):
    """The index's schema is newer than this whereshot."""


class PrototypeIndexIntegrityError(PrototypeIndexError):
    """A file of the index is missing, truncated or not the one that was written."""


class GazetteerError(WhereshotError, ValueError):
    """A table of landmarks can't be used: a wrong row, an id or a name with two owners."""


class LandmarkNotFoundError(WhereshotError, LookupError):
    """The gazetteer has no such landmark."""


class TemplateError(WhereshotError, ValueError):
    """A template for folders has an unknown field, or names that not every system takes."""


class CatalogError(WhereshotError, OSError):
    """A catalog of photos can't be used: newer, damaged, no catalog at all, or no space for it."""


class CorrectionError(WhereshotError, OSError):
    """The file of a person's corrections is damaged, or can't be written to."""


class WorkerError(WhereshotError, RuntimeError):
    """A process that should do the work ends before it has, or takes too long."""


class EngineBusyError(WhereshotError, RuntimeError):
    """A server has as many photos waiting as it takes; `retry_after` seconds help."""

    def __init__(self, waiting: int, retry_after: int) -> None:
        super().__init__(
            f"{waiting} photos wait here already, as many as this server takes. "
            f"Ask again in {retry_after} s."
        )
        self.retry_after = retry_after


class BatchError(WhereshotError, ValueError):
    """A batch of photos can't begin, or can't go on with the results that are there."""


class DatasetError(WhereshotError, ValueError):
    """A folder of photos can't be trained or tested on."""


class RecipeError(WhereshotError, ValueError):
    """A recipe has a wrong key or value."""


class RunError(WhereshotError, ValueError):
    """A training run can't be resumed, evaluated or exported."""


class ExportError(WhereshotError, RuntimeError):
    """An exported model does not compute what the network computes."""


class FetchError(WhereshotError, OSError):
    """A download failed, or what came is not what was published."""


class JournalError(WhereshotError, RuntimeError):
    """The journal can't be read or written, or another process holds it: no file is touched."""


class ConflictError(WhereshotError, FileExistsError):
    """A file is not what it was when a change was planned; it stays as it is."""


class MissingProgramError(WhereshotError, OSError):
    """A program that whereshot calls for one thing is not installed."""


class MissingExtraError(WhereshotError, ImportError):
    """An optional part of whereshot is not installed."""
