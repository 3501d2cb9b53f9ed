"""A lake: segments and ledger entries in a folder, on a share or in object storage, written by many without a lock.

    <lake>/segments/<table>/day=YYYY-MM-DD/<key>.parquet    rows of one file and day; the name tells the content
    <lake>/ledger/<file>-<modified>-<size>-<key>.json.gz    what reading one file gave, with its segments and rejects

A segment arrives before the entry that names it, and both arrive whole or not at all, so a reader that goes by the
entries sees a file entirely or not. Of several entries of one file the newest counts.
"""

from __future__ import annotations

import gzip
import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from tracelens.discover import LogFile
from tracelens.errors import StoreError, UsageError
from tracelens.schema import SCHEMA_VERSION

Row = dict[str, Any]
OBJECT_STORES = ("s3", "gcs", "abfs")
"""File systems whose files appear when they are closed."""
NAME = re.compile(r"ledger/([0-9a-f]{16})-([0-9a-f]{16})-([0-9a-f]{12})-([0-9a-f]{20})(-failed)?\.json\.gz$")
HINTS = (
    (
        "ACCESS_DENIED|INVALID_ACCESS_KEY_ID|SIGNATURE_DOES_NOT_MATCH|INVALID_CLIENT_TOKEN_ID|[Nn]o credentials",
        "give credentials that may do so: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile or role of AWS",
    ),
    ("NO_SUCH_BUCKET", "make the bucket first, or correct its name"),
    ("NETWORK_CONNECTION|[Cc]ould not connect|resolve", "check endpoint_override, scheme and the way there"),
)
"""What to do about an error of object storage: (pattern, hint)."""
TIMES = ("first_at", "last_at", "modified_at")
READERS = 8


@dataclass(frozen=True, order=True)
class Rank:
    """Which of several entries of a file counts: the highest. A file read goes before one that could not be."""

    is_read: bool
    modified_us: int
    size_bytes: int
    key: str


@dataclass
class Entry:
    """What reading one file gave.

    Attributes:
        row: Its row of `log_file`, without the run.
        segments: (table name, path in the lake, rows).
        rejects: (line number, reason, text).
        schema_version: Of the rows in the segments.
    """

    row: Row
    segments: list[tuple[str, str, int]] = field(default_factory=list)
    rejects: list[tuple[int, str, str]] = field(default_factory=list)
    schema_version: int = SCHEMA_VERSION


class Lake:
    """The files of a lake.

    Attributes:
        where: Folder or URI as given, less the credentials in it.
        local: The folder, where the lake is one that this machine sees.
        place: What names it among all lakes: the folder, or the URI without options.
    """

    def __init__(self, where: str) -> None:
        from pyarrow import fs

        self.where = _told_of(where)
        self.local: Path | None = None
        if "://" not in where:
            self.local = Path(where).absolute()
            self._files, self._root = fs.LocalFileSystem(), self.local.as_posix()
        else:
            self._files, self._root = _of_uri(where)
            if self._files.type_name == "local":
                self.local = Path(self._root)
        self.place = str(self.local) if self.local else place_of(self.where)
        self._is_object_store = self._files.type_name in OBJECT_STORES

    def names(self, below: str) -> dict[str, float]:
        """Gives all files below a folder of the lake, with the time each was written, s since 1970.

        Raises:
            StoreError: The lake cannot be listed.
        """
        from pyarrow import fs

        with self._told("listed"):
            found = self._files.get_file_info(fs.FileSelector(self._at(below), recursive=True, allow_not_found=True))
        start = len(self._root.rstrip("/")) + 1
        return {
            info.path[start:]: (info.mtime_ns or 0) / 1e9
            for info in found
            if info.is_file and not info.path.endswith(".tmp")
        }

    def read(self, name: str) -> bytes:
        """Gives a file's bytes.

        Raises:
            StoreError: It cannot be read.
        """
        with self._told("read"), self._files.open_input_stream(self._at(name), compression=None) as stream:
            return bytes(stream.read())

    def put(self, name: str, content: bytes | Path) -> None:
        """Writes a file; it appears whole, in place of one of that name.

        Raises:
            StoreError: It cannot be written.
        """
        final = self._at(name)
        with self._told("written"):
            if not self._is_object_store:
                self._files.create_dir(final.rpartition("/")[0], recursive=True)
            part = final if self._is_object_store else f"{final}.{uuid.uuid4().hex}.tmp"
            with self._files.open_output_stream(part, compression=None) as stream:
                if isinstance(content, bytes):
                    stream.write(content)
                else:
                    with content.open("rb") as source:
                        while block := source.read(1 << 20):
                            stream.write(block)
            if part != final:
                self._files.move(part, final)

    def fetch(self, name: str, place: Path) -> None:
        """Copies a file to this machine, where it appears whole.

        Raises:
            StoreError: It cannot be read, or not be written here.
        """
        part = place.with_name(f"{place.name}.{uuid.uuid4().hex}.tmp")
        with self._told("read"):
            place.parent.mkdir(parents=True, exist_ok=True)
            with self._files.open_input_stream(self._at(name), compression=None) as stream, part.open("wb") as target:
                while block := stream.read(1 << 20):
                    target.write(block)
            part.replace(place)

    def remove(self, name: str) -> None:
        """Deletes a file; one that is gone already is fine."""
        with self._told("written"):
            try:
                self._files.delete_file(self._at(name))
            except FileNotFoundError:
                return

    def remove_folder(self, name: str) -> None:
        """Deletes a folder with all in it; one that is gone already is fine."""
        with self._told("written"):
            try:
                self._files.delete_dir(self._at(name))
            except FileNotFoundError:
                return

    def leftovers(self) -> dict[str, float]:
        """Gives what killed collectors left, with the time each was written."""
        from pyarrow import fs

        with self._told("listed"):
            found = self._files.get_file_info(fs.FileSelector(self._root, recursive=True, allow_not_found=True))
        start = len(self._root.rstrip("/")) + 1
        return {i.path[start:]: (i.mtime_ns or 0) / 1e9 for i in found if i.is_file and i.path.endswith(".tmp")}

    def entries(self, names: Iterable[str] | None = None) -> dict[str, Entry]:
        """Gives the entries that count, by name: of each file the highest in rank.

        Args:
            names: Only these, whether they count or not.

        Raises:
            StoreError: The lake cannot be read, or a newer tracelens wrote it.
        """
        wanted = list(highest(self.names("ledger")).values()) if names is None else list(names)
        with ThreadPoolExecutor(READERS) as pool:
            return dict(zip(wanted, pool.map(self._entry, wanted), strict=True))

    def _entry(self, name: str) -> Entry:
        return unpacked(self.read(name), f"{self.where}/{name}")

    def _at(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    def _told(self, verb: str) -> _Told:
        return _Told(self.where, verb)


@dataclass
class _Told:
    """Turns errors of a file system into errors of the lake."""

    where: str
    verb: str

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, OSError):
            what = str(error.strerror or error).splitlines()[0]
            hint = next((hint for pattern, hint in HINTS if re.search(pattern, what)), None)
            raise StoreError(f"the lake cannot be {self.verb}: {what}", self.where, hint) from error


def _told_of(where: str) -> str:
    """Gives a URI without the credentials in it, for all eyes."""
    return re.sub(r"(?<=://)[^/?#]*@", "", where)


def _of_uri(where: str) -> tuple[Any, str]:
    """Opens a URI: by PyArrow where it knows the scheme, else by fsspec, if that is installed."""
    import pyarrow
    from pyarrow import fs

    try:
        files, root = fs.FileSystem.from_uri(_thrifty(where))
    except (pyarrow.ArrowInvalid, ValueError, OSError) as error:
        try:
            import fsspec
        except ImportError:
            raise UsageError(
                f"the lake '{_told_of(where)}' cannot be opened: {str(error).splitlines()[0]}",
                hint="a folder, or a URI like s3://bucket/lake; other schemes need the package fsspec and its driver",
            ) from error
        try:
            opened, root = fsspec.core.url_to_fs(where)
        except (ValueError, ImportError, OSError) as other:
            raise UsageError(f"the lake '{_told_of(where)}' cannot be opened: {str(other).splitlines()[0]}") from other
        files = fs.PyFileSystem(fs.FSSpecHandler(opened))
    return files, str(root)


def _thrifty(where: str) -> str:
    """Gives a URI with which S3 takes small files in one request, in place of three."""
    if not where.startswith("s3://") or "allow_delayed_open" in where:
        return where
    return f"{where}{'&' if '?' in where else '?'}allow_delayed_open=true"


def place_of(where: str) -> str:
    """Gives what names a lake among all: the folder, or the URI without options."""
    return where.partition("?")[0].rstrip("/") if "://" in where else where


def rank(name: str) -> Rank:
    """Gives the rank that an entry's name tells."""
    found = NAME.search(name)
    assert found
    return Rank(not found[5], int(found[2], 16), int(found[3], 16), found[4])


def file_of(name: str) -> int | None:
    """Gives the id of the file that an entry's name tells, None for another name."""
    found = NAME.search(name)
    return int(found[1], 16) if found else None


def highest(names: Iterable[str]) -> dict[int, str]:
    """Gives the entry that counts of each file."""
    best: dict[int, str] = {}
    for name in names:
        file_id = file_of(name)
        if file_id is not None and (file_id not in best or rank(name) > rank(best[file_id])):
            best[file_id] = name
    return best


def name_of(entry: LogFile, is_failed: bool = False) -> str:
    """Gives the name of a file's entry: it tells the file, its state and all that decides its rows."""
    described = entry.format.name if entry.format else ""
    parts = (entry.head_hash, described, entry.server, entry.service, entry.culture, entry.reason, SCHEMA_VERSION)
    key = blake2b("\n".join(map(str, parts)).encode(), digest_size=10).hexdigest()
    state = f"{max(0, entry.modified_ns // 1000):016x}-{entry.size_bytes:012x}"
    return f"ledger/{entry.file_id:016x}-{state}-{key}{'-failed' if is_failed else ''}.json.gz"


def packed(entry: Entry) -> bytes:
    """Gives an entry as bytes; the same entry gives the same bytes."""
    body = {
        "schema_version": entry.schema_version,
        "file": {name: value.isoformat() if isinstance(value, date) else value for name, value in entry.row.items()},
        "segments": entry.segments,
        "rejects": entry.rejects,
    }
    return gzip.compress(json.dumps(body, ensure_ascii=True, separators=(",", ":")).encode(), mtime=0)


def unpacked(content: bytes, where: str) -> Entry:
    """Gives the entry of some bytes.

    Raises:
        StoreError: They are none, or a newer tracelens wrote it.
    """
    try:
        body: Mapping[str, Any] = json.loads(gzip.decompress(content))
        row = dict(body["file"])
        for name in TIMES:
            row[name] = datetime.fromisoformat(row[name]) if row[name] else None
        segments = [(str(table), str(path), int(rows)) for table, path, rows in body["segments"]]
        rejects = [(int(number), str(reason), str(text)) for number, reason, text in body["rejects"]]
        version = int(body["schema_version"])
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise StoreError("an entry of the lake is damaged", where, "collect its file again") from error
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"a newer tracelens wrote to the lake (schema {version}, this one knows {SCHEMA_VERSION})",
            where,
            "update tracelens",
        )
    return Entry(row, segments, rejects, version)


def unlisted(lake: Lake, before: float) -> Iterator[str]:
    """Gives the files that no entry that counts names, and that were written before a moment (s since 1970)."""
    ledger = lake.names("ledger")
    best = set(highest(ledger).values())
    listed = {path for entry in lake.entries(best).values() for _, path, _ in entry.segments}
    yield from (name for name, written in ledger.items() if name not in best and written < before)
    yield from (name for name, written in lake.names("segments").items() if name not in listed and written < before)
    yield from (name for name, written in lake.leftovers().items() if written < before)


def now() -> float:
    """Gives the time, s since 1970."""
    return datetime.now(UTC).timestamp()
