"""The landmarks that somebody taught to a bundle, in the user's own folder.

Each landmark is a file. A file is written beside its place and then renamed, so whoever reads sees
the old one or the new one; whoever writes holds a lock from reading to renaming, so two processes
that enroll at once lose nothing. The bundle itself is never written to.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable, Collection, Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path

from whereshot.errors import EnrollmentError
from whereshot.home import user_home
from whereshot.recognize._enrolled_file import (
    SUFFIX,
    landmark_from_bytes,
    landmark_to_bytes,
    landmarks_from_bytes,
    landmarks_to_bytes,
)
from whereshot.recognize.bundle import MODEL_FILE, Bundle
from whereshot.recognize.enrolled_landmark import EnrolledLandmark, check_id

Report = Callable[[str], None]
"""Takes one line about a landmark that can't be used; the others can."""

LOCK_SECONDS = 60.0
LARGEST_FILE = 1 << 30  # bytes
_LOCK = ".lock"
_TEMPORARY = ".tmp"


class EnrolledStore:
    """The enrolled landmarks of one bundle: a folder with a file for each; it need not exist yet.

    Writing raises `EnrollmentError` where the folder can't be written to or another process keeps
    it for a minute.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    def ids(self) -> tuple[str, ...]:
        """The ids of all landmarks, sorted, also of those whose file is damaged."""
        try:
            names = [path.name for path in self.folder.iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise self._unusable("read", error) from error
        ids = [name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)]
        return tuple(sorted(name for name in ids if name and not name.startswith(".")))

    def read(self, skip: Report | None = None) -> tuple[EnrolledLandmark, ...]:
        """All landmarks, sorted by id.

        A file that can't be used raises `EnrollmentError`; with `skip`, its message goes there and
        the other landmarks are read.
        """
        entries: list[EnrolledLandmark] = []
        for landmark_id in self.ids():
            try:
                entry = self._read_one(landmark_id)
            except EnrollmentError as error:
                if skip is None:
                    raise
                skip(str(error))
            else:
                entries += [] if entry is None else [entry]  # forgotten just now
        return tuple(entries)

    def get(self, landmark_id: str) -> EnrolledLandmark | None:
        """One landmark; None if there is none of this id. Raises `EnrollmentError` as `read`."""
        return self._read_one(landmark_id) if landmark_id in self.ids() else None

    def add(self, *entries: EnrolledLandmark) -> tuple[EnrolledLandmark, ...]:
        """Add landmarks, or photos to those that are there; returns what is there now.

        All or none of them: raises `EnrollmentError` if one can't be joined with what is there.
        """
        with self._locked():
            joined: dict[str, EnrolledLandmark] = {}
            for entry in entries:
                landmark_id = entry.landmark.id
                there = joined.get(landmark_id) or self._read_one(landmark_id)
                joined[landmark_id] = entry if there is None else there.with_photos_of(entry)
            self._write(joined.values())
            return tuple(joined.values())

    def replace(self, *entries: EnrolledLandmark) -> None:
        """Put landmarks in the place of those of the same ids, whatever is there."""
        with self._locked():
            self._write(entries)

    def change(
        self, landmark_id: str, change: Callable[[EnrolledLandmark], EnrolledLandmark]
    ) -> EnrolledLandmark | None:
        """Put what `change` makes of a landmark in its place, while nobody else can write.

        None if there is no such landmark.
        """
        with self._locked():
            there = self.get(landmark_id)
            if there is None:
                return None
            changed = change(there)
            assert changed.landmark.id == landmark_id, "a landmark keeps its id"
            self._write([changed])
            return changed

    def forget(self, landmark_id: str) -> bool:
        """Drop a landmark, also one whose file is damaged; False if there is none of this id."""
        if landmark_id not in self.ids():
            return False
        with self._locked():
            try:
                self._path(landmark_id).unlink()
                _sync_folder(self.folder)
            except FileNotFoundError:  # by another process, just now
                return False
            return True

    def export_to(
        self,
        path: str | os.PathLike[str],
        ids: Collection[str] | None = None,
        *,
        with_pictures: bool = False,
    ) -> tuple[EnrolledLandmark, ...]:
        """Write landmarks (all, or those of `ids`) into one new file; returns them.

        Without pictures, the file does not show the photos, and another network can't use it.
        Raises `EnrollmentError` for an unknown id, nothing to write, or a file that is there.
        """
        found = {one: self.get(one) for one in (self.ids() if ids is None else sorted(set(ids)))}
        entries = [entry for entry in found.values() if entry is not None]
        if len(entries) < len(found) or not entries:
            missing = [one for one, entry in found.items() if entry is None]
            raise EnrollmentError(
                f"No landmark {f'{missing[0]!r} ' if missing else ''}is enrolled in "
                f"'{self.folder}': expected one to export. `whereshot landmarks --enrolled` lists "
                "what is there"
            )
        if not with_pictures:
            entries = [entry.without_pictures() for entry in entries]
        target = Path(path)
        if os.path.lexists(target):
            raise EnrollmentError(
                f"'{target}' is there already: it is left as it is. Give the name of a new file"
            )
        try:
            _write_temporary(target, landmarks_to_bytes(entries)).replace(target)
        except OSError as error:
            raise EnrollmentError(
                f"'{target}' can't be written: {error.strerror}. Give another place"
            ) from error
        return tuple(entries)

    @contextmanager
    def _locked(self) -> Generator[None]:
        from filelock import FileLock, Timeout  # 20 ms to import: only who writes pays

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / _LOCK, timeout=LOCK_SECONDS)
            lock.acquire()
        except Timeout:
            raise EnrollmentError(
                f"Another whereshot has kept '{self.folder}' for {LOCK_SECONDS:.0f} seconds. "
                "Wait until it is done, then try again"
            ) from None
        except (OSError, NotImplementedError) as error:
            raise self._unusable("written to", error) from error
        try:
            yield
        finally:
            lock.release()

    def _write(self, entries: Iterable[EnrolledLandmark]) -> None:
        """Write files while the lock is held: first all content, then all names."""
        written: list[tuple[Path, Path]] = []
        try:
            self._sweep()
            for entry in entries:
                path = self._path(entry.landmark.id)
                written.append((_write_temporary(path, landmark_to_bytes(entry)), path))
            for temporary, path in written:
                temporary.replace(path)
            _sync_folder(self.folder)
        except OSError as error:
            raise self._unusable("written to", error) from error
        finally:
            for temporary, _ in written:
                temporary.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what a crash has left: whoever holds the lock is the only one who writes."""
        for path in self.folder.glob(f".*{_TEMPORARY}"):
            path.unlink(missing_ok=True)

    def _read_one(self, landmark_id: str) -> EnrolledLandmark | None:
        path = self._path(landmark_id)
        try:
            content = _read_file(path)
        except FileNotFoundError:
            return None
        where = f"The enrolled landmark '{path}'"
        try:
            entry = landmark_from_bytes(content, where)
        except EnrollmentError as error:
            raise EnrollmentError(
                f"{error}, or forget it: whereshot forget {landmark_id}"
            ) from error
        if entry.landmark.id != landmark_id:
            raise EnrollmentError(
                f"{where} holds {entry.landmark.id!r}, expected {landmark_id!r}. "
                f"Rename it to '{entry.landmark.id}{SUFFIX}'"
            )
        return entry

    def _path(self, landmark_id: str) -> Path:
        return self.folder / f"{landmark_id}{SUFFIX}"

    def _unusable(self, what: str, error: Exception) -> EnrollmentError:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return EnrollmentError(
            f"The folder of enrolled landmarks '{self.folder}' can't be {what}: {reason}. "
            "Make it writable, or name another one in WHERESHOT_HOME"
        )


def store_of(bundle: Bundle) -> EnrolledStore:
    """Where the landmarks are kept that the user taught to a bundle, whatever its version."""
    return store_called(bundle.name)


def store_called(name: str) -> EnrolledStore:
    """The same by the name of the bundle, such as `world`."""
    return EnrolledStore(user_home() / "enrolled" / name)


def model_sha256_of(bundle: Bundle) -> str:
    """The SHA-256 of a bundle's network, as its `bundle.json` has it."""
    return str(bundle.raw["files"][MODEL_FILE]["sha256"]).lower()


def enrolled_for(bundle: Bundle, report: Report) -> tuple[EnrolledLandmark, ...]:
    """The enrolled landmarks that a bundle can use, sorted by id.

    Those that it can't are reported: a damaged file, a landmark that another network learned, or
    one that the bundle itself knows by now.
    """
    known = {landmark.id for landmark in bundle.landmarks}
    model, size = model_sha256_of(bundle), bundle.prototypes.vectors.shape[1]
    usable: list[EnrolledLandmark] = []
    for entry in store_of(bundle).read(skip=report):
        name, landmark_id = entry.landmark.name, entry.landmark.id
        if landmark_id in known:
            report(
                f"{bundle.title} knows {name!r} itself: what you enrolled of it is not used. "
                f"Drop it: whereshot forget {landmark_id}"
            )
        elif (entry.model_sha256, entry.size) != (model, size):
            report(
                f"{name!r} was enrolled with another network ({entry.bundle}) than that of "
                f"{bundle.title}, and is not used. Learn it again: whereshot enroll --refresh"
            )
        else:
            usable.append(entry)
    return tuple(usable)


def read_export(path: str | os.PathLike[str]) -> tuple[EnrolledLandmark, ...]:
    """The landmarks of a file that `EnrolledStore.export_to` wrote, sorted by id.

    Raises `EnrollmentError` for any other file.
    """
    where = f"'{os.fspath(path)}'"
    try:
        content = _read_file(Path(path))
    except FileNotFoundError:
        raise EnrollmentError(
            f"There is no file {where}. Give one that `whereshot landmarks --enrolled --export` "
            "wrote"
        ) from None
    return landmarks_from_bytes(content, where)


def _read_file(path: Path) -> bytes:
    """The bytes of a regular file; raises FileNotFoundError or `EnrollmentError`."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a FIFO would wait for its other end
            raise EnrollmentError(f"'{path}' is not a file. Give the path of one")
        if status.st_size > LARGEST_FILE:
            raise EnrollmentError(
                f"'{path}' has {status.st_size:,} bytes, the limit is {LARGEST_FILE:,}. "
                "Export fewer landmarks at once"
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise EnrollmentError(
            f"'{path}' can't be read: {reason}. Check its permissions and its disk"
        ) from error


def _write_temporary(path: Path, content: bytes) -> Path:
    """Write a new file beside `path`, down to the disk; nothing is left of one that fails."""
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(8)}{_TEMPORARY}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            # Else the new name may reach the disk before what it names.
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    return temporary


def _sync_folder(folder: Path) -> None:
    """Let a changed name reach the disk, where the system has a way to."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


__all__ = [
    "EnrolledLandmark",
    "EnrolledStore",
    "check_id",
    "enrolled_for",
    "model_sha256_of",
    "read_export",
    "store_of",
]
