"""Unpack a zip archive from the network: every entry is judged before the first byte is written.

Refused are names that leave the folder, absolute names, links and devices, names that are one file
on a disk that ignores case, encrypted entries, and bombs. Nothing is at the target until all of
it is there and every CRC has been right.
"""

from __future__ import annotations

import os
import stat
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from whereshot.errors import FetchError
from whereshot.learn.sets.disk import check_space

_CHUNK_BYTES = 1 << 18
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1  # general purpose bit 0 (APPNOTE 4.4.4)
_WINDOWS_DEVICES = {"con", "prn", "aux", "nul"} | {
    f"{d}{n}" for d in ("com", "lpt") for n in "123456789"
}
_JUNK = {".ds_store", "thumbs.db", "desktop.ini"}


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """How much an archive may unpack to. Photos hardly compress: 100 times is a bomb."""

    max_bytes: int = 50_000_000_000
    max_files: int = 1_000_000
    max_ratio: float = 100.0


class BadArchiveError(FetchError):
    """The archive itself can't be used: damaged, not a zip file, or not safe to unpack."""


def unpack(
    archive: Path,
    target: Path,
    *,
    limits: ArchiveLimits | None = None,
    on_progress: Callable[[int, int], object] | None = None,
) -> None:
    """Unpack a zip archive to the new folder `target`, all of it or nothing.

    What file managers leave behind (`__MACOSX/`, `.DS_Store`) is passed over. `on_progress` gets
    the unpacked bytes and their total. Raises BadArchiveError, or FetchError for a target that
    exists or a disk that is full.
    """
    if target.exists():
        raise FetchError(f"'{target}' exists. Move it away, or unpack to another place.")
    try:
        with zipfile.ZipFile(archive) as zipped:
            plan = _plan(zipped.infolist(), archive, limits or ArchiveLimits())
            check_space(target.parent, sum(info.file_size for info, _ in plan), "unpacking")
            # Beside the target, so that the rename stays on one disk and happens at once.
            with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=target.parent) as temporary:
                root = Path(temporary) / "root"
                root.mkdir()
                _extract(zipped, plan, root, on_progress)
                root.rename(target)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as error:
        raise BadArchiveError(
            f"'{archive.name}' is not a sound zip archive: {error}. Download it again."
        ) from error
    except FetchError:
        raise
    except OSError as error:
        raise FetchError(
            f"Can't unpack '{archive}' to '{target}': {error.strerror or error}."
        ) from error


def _plan(
    entries: Sequence[zipfile.ZipInfo], archive: Path, limits: ArchiveLimits
) -> list[tuple[zipfile.ZipInfo, tuple[str, ...]]]:
    """The files to write with the parts of their names; raises BadArchiveError for a bad one."""

    def refuse(info: zipfile.ZipInfo, why: str) -> BadArchiveError:
        return BadArchiveError(
            f"'{archive.name}' holds {info.orig_filename!r}, {why}. Nothing was unpacked: "
            "don't use this archive."
        )

    plan: list[tuple[zipfile.ZipInfo, tuple[str, ...]]] = []
    spellings: dict[str, str] = {}  # as a disk that ignores case and accent forms sees a name
    files: set[str] = set()
    folders: set[str] = set()
    # Entries may share their compressed bytes: the whole must keep the ratio too.
    by_ratio = max(limits.max_ratio * archive.stat().st_size, 1_000_000)
    most_bytes = int(min(limits.max_bytes, by_ratio))
    total = 0
    for info in entries:
        parts = _parts(info)
        if parts is None:
            raise refuse(info, "a name that leads out of the folder or is not portable")
        if not parts or parts[0] == "__MACOSX" or parts[-1].lower() in _JUNK:
            continue
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise refuse(info, "a link or a device")
        above = len(parts) if info.is_dir() else len(parts) - 1
        for depth in range(1, len(parts) + 1):
            spelling = "/".join(parts[:depth])
            key = unicodedata.normalize("NFC", spelling).casefold()
            if spellings.setdefault(key, spelling) != spelling:
                raise refuse(info, f"the same name as {spellings[key]!r} where case does not count")
            is_folder = depth <= above
            if key in files or (key in folders and not is_folder):
                raise refuse(info, "a name that another entry has already")
            (folders if is_folder else files).add(key)
        if info.is_dir():
            continue
        if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
            raise refuse(info, "encrypted or compressed in an unusual way")
        if info.file_size > max(limits.max_ratio * info.compress_size, 1_000_000):
            raise refuse(info, f"{info.compress_size:,} bytes that claim to be {info.file_size:,}")
        total += info.file_size
        plan.append((info, parts))
        if len(plan) > limits.max_files or total > most_bytes:
            raise refuse(info, f"beyond {limits.max_files:,} files or {most_bytes:,} bytes")
    return plan


def _parts(info: zipfile.ZipInfo) -> tuple[str, ...] | None:
    """The parts of an entry's name; None if it isn't safe on every system."""
    name = info.orig_filename  # `filename` is already cut at a zero byte
    if name.startswith("/") or any(c < " " or c in '\\:*?"<>|\x7f' for c in name):
        return None
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    for part in parts:
        stem = part.partition(".")[0].rstrip().lower()
        if (
            part == ".."
            or part[-1] in ". "
            or stem in _WINDOWS_DEVICES
            or len(os.fsencode(part)) > 255
        ):
            return None
    return parts


def _extract(
    zipped: zipfile.ZipFile,
    plan: Sequence[tuple[zipfile.ZipInfo, tuple[str, ...]]],
    root: Path,
    on_progress: Callable[[int, int], object] | None,
) -> None:
    total = sum(info.file_size for info, _ in plan)
    done = 0
    for info, parts in plan:
        path = root.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        written = 0
        # "x" never writes over a file. The last read checks the CRC; one pass does the work of
        # `testzip` and of unpacking.
        with zipped.open(info) as source, path.open("xb") as file:
            while chunk := source.read(_CHUNK_BYTES):
                written += len(chunk)
                file.write(chunk)
                if on_progress is not None:
                    on_progress(done + written, total)
        if written != info.file_size:
            raise zipfile.BadZipFile(
                f"{info.filename!r} has {written:,} bytes, expected {info.file_size:,}"
            )
        done += written
