"""A mirror of Google Landmarks v2 on this machine: the true layout, a few small photos."""

from __future__ import annotations

import csv
import hashlib
import io
import random
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from local_web import Site

CATEGORY = "http://commons.wikimedia.org/wiki/Category:"
LANDMARKS = {
    47378: "Eiffel_Tower",
    199507: "Pont_du_Gard",
    77124: "Great_Wall_of_China",
    31: "Sparkassen-Arena,_G%C3%B6ttingen",
    8: "AC/DC_Lane",
}


def tar_of(entries: Iterable[tuple[str, bytes]]) -> bytes:
    """A TAR archive with these files, and the folders above them."""
    buffer = io.BytesIO()
    folders: set[str] = set()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in entries:
            parts = name.split("/")[:-1]
            for depth in range(1, len(parts) + 1):
                folder = "/".join(parts[:depth])
                if folder and folder not in folders:
                    folders.add(folder)
                    info = tarfile.TarInfo(folder)
                    info.type = tarfile.DIRTYPE
                    archive.addfile(info)
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def place(photo: str) -> str:
    """Where a photo is in its shard."""
    return f"{photo[0]}/{photo[1]}/{photo[2]}/{photo}.jpg"


def table(header: str, rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV table."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return buffer.getvalue().encode()


@dataclass
class Mirror:
    """`photos` maps ids to bytes, `landmark_of` ids to landmarks.

    Shards have equally many photos, as the real ones do; with so few photos the borders are far
    from where they would be with millions. `by_range` puts them exactly there.
    """

    shards: int
    by_range: bool = False
    per_landmark: int = 12
    dirty: int = 3  # photos of each landmark that are not in train_clean.csv
    photos: dict[str, bytes] = field(default_factory=dict)
    landmark_of: dict[str, int] = field(default_factory=dict)
    clean: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        rng = random.Random(20190401)
        for landmark in LANDMARKS:
            for number in range(self.per_landmark):
                photo = f"{rng.getrandbits(64):016x}"
                self.photos[photo] = b"\xff\xd8" + rng.randbytes(rng.randint(500, 3000))
                self.landmark_of[photo] = landmark
                if number >= self.dirty:
                    self.clean.add(photo)

    def members(self, number: int) -> list[str]:
        """The ids in a shard."""
        ids = sorted(self.photos)
        if self.by_range:
            return [photo for photo in ids if int(photo, 16) * self.shards >> 64 == number]
        first, last = (len(ids) * each // self.shards for each in (number, number + 1))
        return ids[first:last]

    def shard_of(self, photo: str) -> int:
        return next(n for n in range(self.shards) if photo in self.members(n))

    def shard(self, number: int) -> bytes:
        return tar_of((place(photo), self.photos[photo]) for photo in self.members(number))

    def of(self, landmark: int, *, clean: bool = True) -> set[str]:
        """The ids of a landmark's photos."""
        return {
            photo
            for photo, number in self.landmark_of.items()
            if number == landmark and (photo in self.clean or not clean)
        }

    def attribution(self, photo: str) -> list[str]:
        """The row of a photo: with commas, quotes, a line break and letters beyond ASCII."""
        return [
            photo,
            f"https://upload.wikimedia.org/{photo}.jpg",
            f'Zoë "Z", {photo[:4]}',
            "https://creativecommons.org/licenses/by-sa/3.0/",
            f"File:{photo}\n東.jpg",
        ]

    def tables(self) -> dict[str, bytes]:
        by_landmark = {number: sorted(self.of(number)) for number in LANDMARKS}
        categories = [(number, CATEGORY + name) for number, name in LANDMARKS.items()]
        return {
            "train.csv": table(
                "id,url,landmark_id",
                [(photo, f"https://x/{photo},1.jpg", n) for photo, n in self.landmark_of.items()],
            ),
            "train_clean.csv": table(
                "landmark_id,images", [(n, " ".join(ids)) for n, ids in by_landmark.items() if ids]
            ),
            "train_label_to_category.csv": table("landmark_id,category", categories),
            "train_label_to_hierarchical.csv": table(
                "landmark_id,category,supercategory,hierarchical_label,natural_or_human_made",
                [(*row, "tower", "architectural structure", "human-made") for row in categories],
            ),
            "train_attribution.csv": table(
                "id,url,author,license,title", map(self.attribution, self.photos)
            ),
        }

    def files(self) -> dict[str, bytes]:
        """All files of the mirror by path."""
        files = {f"/metadata/{name}": content for name, content in self.tables().items()}
        for number in range(self.shards):
            if self.members(number):
                self.put_shard(files, number, self.shard(number))
        return files

    def put_shard(self, files: dict[str, bytes], number: int, content: bytes) -> None:
        """Publish a shard with its MD5."""
        files[shard_path(number)] = content
        md5 = hashlib.md5(content).hexdigest()
        files[md5_path(number)] = f"{md5}  images_{number:03d}.tar\n".encode()

    def site(self) -> Site:
        return Site(files=self.files())


def shard_path(number: int) -> str:
    return f"/train/images_{number:03d}.tar"


def md5_path(number: int) -> str:
    return f"/md5sum/train/md5.images_{number:03d}.txt"
