"""Log files to raw rows and rejects: fast where clean, careful where not, exact always.

The law, checked for every file: lines = headers + events + rejects + blank + pending + continuation.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from typing import IO, TYPE_CHECKING

from tracelens.charset import encoding
from tracelens.discover import LogFile
from tracelens.errors import InternalError
from tracelens.formats import LogFormat, by_log_type
from tracelens.guard import quotes_are_whole

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

CHUNK_BYTES = 16 * 1024 * 1024
REJECT_CHARS = 4000
FIELD_CHARS = 2**31 - 1
LOOK_BACK_BYTES = 1024 * 1024
MARK = b"\xef\xbb\xbf"
STARTS_ROW = re.compile(rb'"?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?"?,')
ROW_BEGINS = re.compile(rb"\n(?:" + STARTS_ROW.pattern + rb"|(?:\xef\xbb\xbf)?#)")
FIELD = r'(?:"[^"]*+(?:""[^"]*+)*+"|[^",\n][^,\n]*+|)'
WELL_FORMED = re.compile(f"{FIELD}(?:,{FIELD})*+")
REAL_TIME = re.compile(r"[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?Z?")

# a list of thousands of recipients is longer than the 131,072 characters that the csv module takes by itself
csv.field_size_limit(FIELD_CHARS)


@dataclass
class Counts:
    """What became of the physical lines of one file."""

    lines: int = 0
    headers: int = 0
    events: int = 0
    rejects: int = 0
    blank: int = 0
    pending: int = 0
    continuation: int = 0

    def check(self, where: str) -> None:
        """Checks the law.

        Raises:
            InternalError: Lines are unaccounted for.
        """
        known = self.headers + self.events + self.rejects + self.blank + self.pending + self.continuation
        if self.lines != known:
            raise InternalError(
                f"{self.lines} lines but {known} accounted for", where=where, hint="report this with the file"
            )


@dataclass(frozen=True)
class Reject:
    r"""A line that is not a row: physical line number from 1, reason, text with unreadable bytes as \xNN."""

    line_number: int
    reason: str
    text: str


@dataclass
class RawChunk:
    """Raw rows of one stretch.

    Attributes:
        table: All-string columns named as in `#Fields`, plus `line_number` int64.
        format: Log of the rows: that of the newest `#Log-type` above them.
        rejects: Lines of the stretch that are no rows.
    """

    table: pa.Table | None
    format: LogFormat | None = None
    rejects: list[Reject] = field(default_factory=list)


class Reader:
    """Reads one file; after the last chunk `counts` and `content_hash` hold."""

    def __init__(self, log_file: LogFile) -> None:
        if log_file.format is None:
            raise InternalError("a file without a format is not read", where=str(log_file.path))
        self.log_file = log_file
        self.format: LogFormat | None = log_file.format
        self.log_type = ""
        self.counts = Counts()
        self.fields: tuple[str, ...] | None = None
        self.version: str | None = None
        self._hash = blake2b(digest_size=16)

    @property
    def content_hash(self) -> str:
        """Hash of the bytes read."""
        return self._hash.hexdigest()

    def chunks(self) -> Iterator[RawChunk]:
        """Gives the file's rows in order.

        Raises:
            InternalError: The law does not hold.
        """
        with self.log_file.local.open("rb") as stream:
            yield from self._stream(stream)
        self.counts.check(str(self.log_file.path))

    def _stream(self, stream: IO[bytes]) -> Iterator[RawChunk]:
        held = b""
        for more in self._pieces(stream):
            cut = last_begin(held)
            if cut:
                yield from self._chunk(held[:cut], is_last=False)
            held = held[cut:] + more
        if held:
            yield from self._chunk(held, is_last=True)

    def _pieces(self, stream: IO[bytes]) -> Iterator[bytes]:
        """Gives the file as UTF-8 without a mark, its lines ended by line feeds; its own bytes go into the hash."""
        piece = stream.read(CHUNK_BYTES)
        name, mark = encoding(piece)
        decoder = None if name == "utf-8" else codecs.getincrementaldecoder(name)("backslashreplace")
        has_feeds: bool | None = None
        while piece:
            self._hash.update(piece)
            piece, mark = piece[mark:], 0
            if decoder:
                piece = decoder.decode(piece).encode("utf-8", "surrogatepass")
            if has_feeds is None:
                has_feeds = b"\n" in piece or b"\r" not in piece
            yield piece if has_feeds else piece.replace(b"\r", b"\n")
            piece = stream.read(CHUNK_BYTES)
        if decoder:
            yield decoder.decode(b"", True).encode("utf-8", "surrogatepass")

    def _chunk(self, block: bytes, is_last: bool) -> Iterator[RawChunk]:
        """Cuts a block at its header lines; each stretch between them is read with the newest fields above it."""
        import numpy as np

        if MARK in block:  # files put one behind the other have one at each seam
            block = block.removeprefix(MARK).replace(b"\n" + MARK, b"\n")
        view = np.frombuffer(block, dtype=np.uint8)
        ends = np.flatnonzero(view == 10)
        starts = np.concatenate(([0], ends + 1))
        if starts[-1] >= len(block):
            starts = starts[:-1]
        base = self.counts.lines
        self.counts.lines += len(starts)
        marks = np.flatnonzero(view[starts] == 35)
        at = 0
        for mark in [*marks.tolist(), len(starts)]:
            if mark > at:
                begin, end = int(starts[at]), int(starts[mark]) if mark < len(starts) else len(block)
                yield self._stretch(
                    block[begin:end], view[begin:end], base + at + 1, mark - at, is_last and mark == len(starts)
                )
            if mark < len(starts):
                end = int(starts[mark + 1]) if mark + 1 < len(starts) else len(block)
                self._header(block[int(starts[mark]) : end])
            at = mark + 1

    def _header(self, line: bytes) -> None:
        self.counts.headers += 1
        text = line.decode("utf-8", "backslashreplace").strip()
        key, _, value = text.partition(":")
        if key.lower() == "#fields":
            fields = tuple(name.strip().lower() for name in value.split(",") if name.strip())
            if self.format and time_place(self.format, fields) is not None:
                self.fields = fields
        elif key.lower() == "#log-type":
            found = by_log_type(value)
            if found is not self.format:
                self.format, self.log_type, self.fields = found, value.strip(), None
        elif key.lower() == "#version":
            self.version = value.strip()

    def _stretch(self, block: bytes, view: np.ndarray, line: int, lines: int, is_last: bool) -> RawChunk:
        fields = self.fields or self._fields_by_width(block)
        place = time_place(self.format, fields) or 0 if self.format else 0
        table = read_clean(block, view, fields, line, lines, place) if fields else None
        if table is not None:
            self.counts.events += lines
            return RawChunk(table, self.format)
        return self._careful(block, fields, place, line, is_last)

    def _fields_by_width(self, block: bytes) -> tuple[str, ...]:
        """Fields of a file without header, by the width of its first good row; none for a foreign log."""
        if self.format is None:
            return ()
        for raw in block.splitlines()[:200]:
            if not STARTS_ROW.match(raw):
                continue
            width = len(next(csv.reader([raw.decode("utf-8", "replace")])))
            for names in self.format.generations:
                if len(names) == width:
                    return names
        return self.format.generations[-1]

    def _careful(self, block: bytes, fields: tuple[str, ...], place: int, line: int, is_last: bool) -> RawChunk:
        """Reads line by line and starts again at each line that begins with a date-time, or that is whole by itself."""
        import pyarrow as pa

        lines = block.split(b"\n")
        ends_open = lines[-1] != b""
        if not ends_open:
            lines.pop()
        rows: list[list[str]] = []
        numbers: list[int] = []
        rejects: list[Reject] = []
        at = 0
        while at < len(lines):
            raw, number = lines[at], line + at
            if not raw.strip():
                self.counts.blank += 1
                at += 1
                continue
            if fields:
                row, reason = parse(raw, len(fields), place)
            else:
                row, reason = None, f"stands below #Log-type '{self.log_type[:80]}'"
            used = 1
            if fields and row is None and raw.count(b'"') % 2 and (place or STARTS_ROW.match(raw)):
                row, used = join_continuation(lines, at, len(fields), place)
            if row is not None:
                rows.append(row)
                numbers.append(number)
                self.counts.events += 1
                self.counts.continuation += used - 1
            elif raw.lower().replace(b'"', b"").rstrip().split(b",") == [name.encode() for name in fields]:
                self.counts.headers += 1
            elif is_last and ends_open and at == len(lines) - 1 and b"\0" not in raw:
                self.counts.pending += 1
            else:
                rejects.append(
                    Reject(
                        number,
                        reason,
                        raw.rstrip(b"\r").decode("utf-8", "backslashreplace").replace("\0", "\\x00")[:REJECT_CHARS],
                    )
                )
                self.counts.rejects += 1
            at += used
        if not rows:
            return RawChunk(None, rejects=rejects)
        columns = {name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate(fields)}
        return RawChunk(pa.table({**columns, "line_number": pa.array(numbers, pa.int64())}), self.format, rejects)


def time_place(described: LogFormat, fields: Sequence[str]) -> int | None:
    """Gives where a header has the time; None for one that cannot be trusted.

    A tool may have put the columns in another order; then most of them must be the log's.
    """
    names = [described.column(name) for name in fields]
    if not names or names[0] == "date_time":
        return 0 if names else None
    known = sum(name in described.table.names or name.endswith("_endpoint") for name in names)
    is_whole = len(set(names)) == len(names) and known * 4 >= len(names) * 3
    return names.index("date_time") if is_whole and "date_time" in names else None


def parse(raw: bytes, width: int, place: int = 0) -> tuple[list[str] | None, str]:
    """Parses one physical line strictly, its time at a place; gives the row, or None and the reason."""
    raw = raw.rstrip(b"\r")
    if b"\0" in raw:
        return None, "holds NUL bytes"
    text = raw.decode("utf-8", "backslashreplace")
    if "\r" in text and not text.isprintable():
        text = text.replace("\r", "\\x0d")
    if not place and not STARTS_ROW.match(raw):
        return None, "does not begin with a date-time"
    if not WELL_FORMED.fullmatch(text):
        return None, "has an unbalanced or misplaced quote"
    return checked(text, width, place)


def checked(text: str, width: int, place: int = 0) -> tuple[list[str] | None, str]:
    """Splits well-formed text and checks width and time."""
    row = next(csv.reader([text] if "\n" not in text else io.StringIO(text, newline="")))
    if len(row) != width:
        return None, f"has {len(row)} fields where the header has {width}"
    if not is_time(row[place]):
        return None, "has no readable date-time"
    return row, ""


def is_time(text: str) -> bool:
    """Tells whether a text is a date-time of the calendar."""
    if not REAL_TIME.fullmatch(text):
        return False
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def last_begin(block: bytes) -> int:
    """Gives where the last row or header of a block begins, so that no row with line breaks is cut; 0 if unknown."""
    at, end = block.rfind(b"\n"), len(block)
    while at >= 0 and end - at < LOOK_BACK_BYTES:
        if ROW_BEGINS.match(block, at):
            return at + 1
        at = block.rfind(b"\n", 0, at)
    return block.rfind(b"\n") + 1


def join_continuation(lines: list[bytes], at: int, width: int, place: int = 0) -> tuple[list[str] | None, int]:
    """Joins a line with an open quote to the next ones, as long as none of them begins a row or a header."""
    text = lines[at].rstrip(b"\r")
    for used in range(2, min(200, len(lines) - at) + 1):
        piece = lines[at + used - 1]
        is_row = parse(piece, width, place)[0] is not None if place else STARTS_ROW.match(piece)
        if is_row or b"\0" in piece:
            return None, 1
        text += b"\n" + piece.rstrip(b"\r")
        if piece.count(b'"') % 2:
            joined = text.decode("utf-8", "backslashreplace").replace("\r", "\\x0d")
            if re.fullmatch(WELL_FORMED.pattern.replace("\\n", ""), joined):
                row, _ = checked(joined, width, place)
                return row, used if row is not None else 1
            return None, 1
    return None, 1


def is_clean(view: np.ndarray, block: bytes) -> bool:
    """Looks for whatever makes a fast CSV reader lose or invent rows.

    Clean means: no NUL, no blank line, no carriage return but before a line feed, quotes only around whole fields,
    each closed on its own line, and valid UTF-8.
    """
    import numpy as np

    if b"\0" in block or b"\n\n" in block or b"\n\r\n" in block or block[:1] in (b"\n", b"\r"):
        return False
    if block.count(b"\r") != block.count(b"\r\n"):
        return False
    if b'"' in block and not quotes_are_whole(view, np.flatnonzero(view == 10), np.flatnonzero(view == 34)):
        return False
    try:
        block.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def read_clean(
    block: bytes, view: np.ndarray, fields: tuple[str, ...], line: int, lines: int, place: int
) -> pa.Table | None:
    """Reads a clean stretch in one go; None where the careful reader must do it."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    if not is_clean(view, block):
        return None
    try:
        table = arrow_csv.read_csv(
            pa.py_buffer(block),
            read_options=arrow_csv.ReadOptions(
                column_names=list(fields), block_size=len(block) + 64, use_threads=False
            ),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=False, ignore_empty_lines=False),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in fields}, strings_can_be_null=False
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        return None
    if table.num_rows != lines or len(set(fields)) != len(fields):
        return None
    times = table.column(fields[place])
    import pyarrow.compute as pc

    if not pc.all(pc.match_substring_regex(times, f"^(?:{REAL_TIME.pattern})$")).as_py():
        return None
    try:
        pc.cast(pc.utf8_slice_codeunits(times, 0, 10), pa.date32())
    except pa.ArrowInvalid:
        return None
    return table.append_column("line_number", pa.array(np.arange(line, line + lines, dtype=np.int64)))
