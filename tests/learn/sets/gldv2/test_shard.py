"""What a shard may do wrong: the network, the content, the disk."""

from __future__ import annotations

import io
import tarfile

import pytest
from disk_space import no_file_above
from landmarks_mirror import md5_path, place, shard_path, tar_of

from whereshot.errors import FetchError
from whereshot.learn.sets.gldv2 import shard as module


def asked_for(site, number):
    return [request for request in site.requests if request["path"] == shard_path(number)]


def left_over(folder):
    return sorted(path.name for path in folder.rglob("*.part*"))


def test_a_dropped_line_is_taken_up_where_it_dropped(bring, mirror, site, photos_in):
    site.cuts_of[shard_path(2)] = [3000, 4000]
    bring(min_photos=1)
    assert set(photos_in()) == mirror.clean
    ranges = [request.get("range") for request in asked_for(site, 2)]
    assert ranges == [None, "bytes=3000-", "bytes=7000-"]


@pytest.mark.parametrize("etag", ['"v1"', ""], ids=["with_a_validator", "without"])
def test_a_server_that_ignores_ranges_sends_all_again_and_nothing_is_spliced(
    bring, mirror, site, photos_in, etag
):
    site.ranges, site.etag = False, etag
    site.cuts_of[shard_path(2)] = [3000, 9000]
    bring(min_photos=1)
    assert photos_in() == {photo: mirror.photos[photo] for photo in mirror.clean}
    assert len(asked_for(site, 2)) == 3


def corrupt(mirror, site, number):
    """Flip a bit of a photo in a shard, and return the sound shard."""
    sound = site.files[shard_path(number)]
    photo = next(one for one in mirror.members(number) if one in mirror.clean)
    damaged = bytearray(sound)
    damaged[sound.index(mirror.photos[photo]) + 100] ^= 1
    site.files[shard_path(number)] = bytes(damaged)
    return sound


def test_a_corrupted_shard_is_found_and_fetched_again(bring, mirror, site, photos_in, monkeypatch):
    sound = corrupt(mirror, site, 3)
    real = module._attempt
    tried = []

    def mend_after_the_first(plan, number, *rest):
        tried.append(number)
        if tried.count(3) == 2:
            site.files[shard_path(3)] = sound
        return real(plan, number, *rest)

    monkeypatch.setattr(module, "_attempt", mend_after_the_first)
    bring(min_photos=1)
    assert photos_in() == {photo: mirror.photos[photo] for photo in mirror.clean}
    assert len(asked_for(site, 3)) == 2


def test_a_shard_that_stays_corrupted_does_not_stop_the_others(
    bring, mirror, site, photos_in, tmp_path
):
    sound = corrupt(mirror, site, 3)
    with pytest.raises(FetchError, match=r"images_003\.tar was damaged 3 times: .*MD5") as caught:
        bring(min_photos=1)
    there = {photo for photo in mirror.clean if mirror.shard_of(photo) != 3}
    assert f"{len(there)} photos are here" in str(caught.value)
    assert set(photos_in()) == there
    assert left_over(tmp_path / "set") == []
    site.files[shard_path(3)] = sound
    before = len(site.requests)
    bring(min_photos=1)
    assert set(photos_in()) == mirror.clean
    assert site.asked()[before:] == [md5_path(3), shard_path(3)]


def test_a_shard_that_is_cut_off_on_the_server_is_damaged(bring, mirror, site, photos_in):
    content = site.files[shard_path(1)][:-12_000]
    site.files[shard_path(1)] = content
    with pytest.raises(FetchError, match=r"images_001\.tar.*(ends in the middle|has the MD5)"):
        bring(min_photos=1)
    assert not set(photos_in()) & set(mirror.members(1))


def test_a_shard_without_its_md5_is_not_taken(bring, mirror, site, photos_in):
    del site.files[md5_path(4)]
    with pytest.raises(FetchError, match=r"Without its MD5 a shard can't be verified.*404"):
        bring(min_photos=1)
    assert not set(photos_in()) & set(mirror.members(4))
    assert asked_for(site, 4) == []


@pytest.mark.parametrize("content", [b"", b"<html>sign in</html>", b"d41d8cd98f00b204e98"])
def test_what_is_no_md5_verifies_nothing(bring, site, content):
    site.files[md5_path(4)] = content
    with pytest.raises(FetchError, match="holds no MD5"):
        bring(min_photos=1)
    assert asked_for(site, 4) == []


@pytest.mark.parametrize("line", ["{}", "\\{}  images_002.tar\n", "{}\n", "{}  ./images_002.tar\n"])
def test_the_md5_is_read_however_it_was_written(bring, mirror, site, photos_in, line):
    md5 = site.files[md5_path(2)].decode().split()[0]
    site.files[md5_path(2)] = line.format(md5.upper()).encode()
    bring(min_photos=1)
    assert set(photos_in()) == mirror.clean


def test_a_server_that_fails_again_and_again_is_left(bring, mirror, site):
    for number in range(mirror.shards):
        site.files.pop(shard_path(number))
    with pytest.raises(FetchError, match="answered 404"):
        bring(min_photos=1)
    assert sum(path.startswith("/train/") for path in site.asked()) == 3


def evil(kind, name, **more):
    info = tarfile.TarInfo(name)
    info.type = kind
    for key, value in more.items():
        setattr(info, key, value)
    return info


def test_nothing_in_a_hostile_shard_reaches_the_disk_but_the_photos(
    bring, mirror, site, photos_in, tmp_path
):
    photo, other = [one for one in mirror.members(2) if one in mirror.clean][:2]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(evil(tarfile.SYMTYPE, place(photo), linkname="/etc/passwd"))
        archive.addfile(evil(tarfile.LNKTYPE, place(photo), linkname="../../x"))
        archive.addfile(evil(tarfile.CHRTYPE, place(photo)))
        archive.addfile(evil(tarfile.FIFOTYPE, place(photo)))
        archive.addfile(evil(tarfile.DIRTYPE, place(photo)))
        for name in (
            "../evil.jpg",
            "/tmp/evil.jpg",
            f"../{place(photo)}",
            f"/{place(photo)}",
            place(photo).upper(),
            place(photo) + ".exe",
            f"0/0/0/{photo}.jpg" if photo[:3] != "000" else f"1/1/1/{photo}.jpg",
            "x" * 300 + ".jpg",
            "not-a-photo.txt",
        ):
            info = tarfile.TarInfo(name)
            info.size = 4
            archive.addfile(info, io.BytesIO(b"evil"))
        for one in mirror.members(2):
            info = tarfile.TarInfo(place(one))
            info.size = len(mirror.photos[one])
            archive.addfile(info, io.BytesIO(mirror.photos[one]))
        again = tarfile.TarInfo(place(other))
        again.size = 5
        archive.addfile(again, io.BytesIO(b"again"))
    mirror.put_shard(site.files, 2, buffer.getvalue())
    bring(min_photos=1)
    assert photos_in() == {photo: mirror.photos[photo] for photo in mirror.clean}
    for path in tmp_path.rglob("*"):
        assert not path.is_symlink()
        assert path.is_dir() or b"evil" not in path.read_bytes()


@pytest.mark.parametrize("size", [0, 200_000_000], ids=["empty", "huge"])
def test_a_photo_of_an_impossible_size_makes_its_shard_bad(bring, mirror, site, tmp_path, size):
    photo = next(one for one in mirror.members(2) if one in mirror.clean)
    info = tarfile.TarInfo(place(photo))
    info.size = size
    mirror.put_shard(site.files, 2, info.tobuf() + bytes(10_000))
    with pytest.raises(FetchError, match=f"a photo of {size:,} bytes"):
        bring(min_photos=1)
    assert left_over(tmp_path / "set") == []


def test_a_shard_that_does_not_end_is_left(bring, site, mirror, monkeypatch):
    monkeypatch.setattr(module, "_MOST_SHARD_BYTES", 5000)
    with pytest.raises(FetchError, match="does not end"):
        bring(min_photos=1)


def test_a_shard_of_other_things_gives_no_photo_and_is_not_asked_again(bring, mirror, site):
    mirror.put_shard(site.files, 2, tar_of([("readme.txt", b"hello")]))
    fetched = bring(min_photos=1)
    assert fetched.absent == len([one for one in mirror.members(2) if one in mirror.clean])
    asked = len(site.requests)
    bring(min_photos=1)
    assert len(site.requests) == asked


def test_a_full_disk_ends_the_fetch_at_once_and_leaves_whole_shards_only(
    bring, mirror, site, photos_in, tmp_path
):
    largest = max(len(mirror.photos[photo]) for photo in mirror.members(3) if photo in mirror.clean)
    bring(tmp_path / "tables", min_photos=1)
    (tmp_path / "tables/metadata").rename(tmp_path / "metadata")
    (tmp_path / "set").mkdir()
    (tmp_path / "metadata").rename(tmp_path / "set/metadata")
    for photo in mirror.members(3):
        mirror.photos[photo] = mirror.photos[photo] + bytes(60_000)
    mirror.put_shard(site.files, 3, mirror.shard(3))
    before = len(site.requests)
    with no_file_above(largest + 30_000), pytest.raises(FetchError, match=r"Can't write .*room"):
        bring(min_photos=1)
    assert site.asked()[before:][-1] == shard_path(3)
    assert set(photos_in()) == {p for p in mirror.clean if mirror.shard_of(p) < 3}
    assert left_over(tmp_path / "set") == []
    bring(min_photos=1)
    assert set(photos_in()) == mirror.clean
