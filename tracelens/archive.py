"""Files inside `.zip` and `.gz`, read with bounds: how many, how large, how strongly packed.

An archive comes from anywhere: members are unpacked one by one, under names of our own.
"""

from __future__ import annotations

import gzip
import threading
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tracelens.errors import InputError

MAX_MEMBERS = 100_000
MAX_BYTES = 64 * 1024**3
MAX_RATIO = 500
FREE_BYTES = 16 * 1024**2
BLOCK_BYTES = 1024**2
KEPT_OPEN = 8
SUFFIXES = (".zip", ".gz")


@dataclass(frozen=True)
class Member:
    """A file inside an archive.

    Attributes:
        archive: The archive.
        name: Its name inside, with `/`; the second of that name has ` (2)` behind it.
        size_bytes: Unpacked bytes as declared; of a `.gz` file the packed ones.
        modified_ns: Time of the archive's last change, ns since 1970.
        place: Its place among the archive's entries.
    """

    archive: Path
    name: str
    size_bytes: int
    modified_ns: int
    place: int = 0

    @property
    def path(self) -> Path:
        """What it is called: the archive's path, `!`, its name inside."""
        return Path(f"{self.archive}!") / self.name


class Shelf:
    """Zip archives that stay open while their files are read.

    Opening one reads its whole directory: once for each of its ten thousand files would take longer than the files.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._opened: dict[tuple[str, int, int], zipfile.ZipFile] = {}

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keeps archives open until the last who asked for it is done."""
        with self._lock:
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                while not self._users and self._opened:
                    self._opened.popitem()[1].close()

    def inside(self, member: Member) -> IO[bytes]:
        """Opens a file of a zip archive; it can be read on when the archive is closed."""
        state = member.archive.stat()
        key = (str(member.archive), state.st_mtime_ns, state.st_size)
        with self._lock:
            opened = self._opened.pop(key, None) or zipfile.ZipFile(member.archive)
            self._opened[key] = opened
            if len(self._opened) > KEPT_OPEN:
                self._opened.pop(next(iter(self._opened))).close()
            try:
                return opened.open(opened.infolist()[member.place])
            finally:
                if not self._users:
                    self._opened.pop(key).close()


SHELF = Shelf()


def is_archive(path: Path) -> bool:
    """Tells by its name whether a file is opened as an archive."""
    return path.suffix.lower() in SUFFIXES


def members(path: Path) -> list[Member]:
    """Gives the files of an archive.

    Raises:
        InputError: It is no archive, is damaged, locked by a password, or out of bounds.
        OSError: It cannot be read.
    """
    changed = path.stat().st_mtime_ns
    if path.suffix.lower() == ".gz":
        return [Member(path, path.stem, path.stat().st_size, changed)]
    try:
        with zipfile.ZipFile(path) as opened:
            entries = opened.infolist()
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise InputError(f"no zip archive, or cut short: {error}", str(path)) from error
    if len(entries) > MAX_MEMBERS:
        raise InputError(f"holds {len(entries):,} files, more than {MAX_MEMBERS:,}", str(path), "unpack it yourself")
    total, packed = sum(entry.file_size for entry in entries), path.stat().st_size
    if total > MAX_BYTES or (total > FREE_BYTES and total > packed * MAX_RATIO):
        raise InputError(f"unpacks to {total:,} bytes from {packed:,}", str(path), "unpack it yourself if you trust it")
    if any(entry.flag_bits & 1 for entry in entries):
        raise InputError("is locked by a password", str(path), "unpack it yourself")
    found, seen = [], Counter[str]()
    for place, entry in enumerate(entries):
        name = entry.filename.replace("\\", "/").lstrip("/")  # some tools of Windows write backslashes
        if name.endswith("/"):
            continue
        seen[name] += 1
        shown = f"{name} ({seen[name]})" if seen[name] > 1 else name
        found.append(Member(path, shown, entry.file_size, changed, place))
    return found


def head(member: Member, size: int) -> bytes:
    """Gives the beginning of a member.

    Raises:
        OSError: It cannot be read or is damaged.
    """
    found = b""
    for block in blocks(member, size):
        found += block
        if len(found) >= size:
            break
    return found[:size]


def unpack(member: Member, target: Path) -> None:
    """Writes a member's bytes to a file.

    Raises:
        OSError: It cannot be read, is damaged, or grows beyond the bounds.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    written, allowed = 0, max(member.archive.stat().st_size * MAX_RATIO, FREE_BYTES)
    with target.open("wb") as stream:
        for block in blocks(member, BLOCK_BYTES):
            written += len(block)
            if written > min(MAX_BYTES, allowed):
                raise OSError(None, f"unpacks to more than {written:,} bytes")
            stream.write(block)


def blocks(member: Member, size: int) -> Iterator[bytes]:
    """Gives a member's bytes, a block at a time.

    Raises:
        OSError: It cannot be read or is damaged.
    """
    try:
        if member.archive.suffix.lower() == ".gz":
            with gzip.open(member.archive, "rb") as stream:
                yield from _read(stream, size)
            return
        with SHELF.inside(member) as inside:
            yield from _read(inside, size)
    except (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        raise OSError(None, f"the archive is damaged: {error}") from error


def _read(stream: IO[bytes] | gzip.GzipFile, size: int) -> Iterator[bytes]:
    while block := stream.read(size):
        yield block
