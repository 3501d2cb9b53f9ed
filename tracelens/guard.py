"""A look at a file's bytes: whatever makes a fast CSV reader lose or invent rows sends it to the careful one.

Clean means: a header block at the top and nowhere else, a last line that ends, no NUL, no blank line, one kind of line
end, quotes only around whole fields and closed on their line, valid UTF-8, no giant line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from tracelens.discover import LogFile

if TYPE_CHECKING:
    import numpy as np

CHUNK_BYTES = 4 * 1024 * 1024
LONGEST_LINE = 1_000_000
LINE_FEED, RETURN, HASH, QUOTE, COMMA, ZERO = b'\n\r#",0'
TIME_SHAPE = "0000-00-00T00:00:00.000Z,"
DAY = re.compile(rb"(\d{4}-\d\d-\d\d)T")


@dataclass(frozen=True)
class Scan:
    """What a look at a file's bytes gave.

    Attributes:
        is_clean: A fast reader may have it.
        lines: Physical lines.
        headers: Header lines at the top.
        fields: Field names of the header.
        version: Value of `#Version`.
        content_hash: BLAKE2b of the bytes.
        days: Days of the first and the last row, as text.
        has_exact_times: Each row begins with a time to the millisecond in UTC.
    """

    is_clean: bool
    lines: int = 0
    headers: int = 0
    fields: tuple[str, ...] = ()
    version: str | None = None
    content_hash: str = ""
    days: tuple[str, str] = ("", "")
    has_exact_times: bool = False


def scan(log_file: LogFile) -> Scan:
    """Looks at a file; gives up at the first thing that is not clean.

    Raises:
        OSError: The file cannot be read.
    """
    digest = blake2b(digest_size=16)
    lines, headers, first_row, last_row = 0, 0, b"", b""
    fields: tuple[str, ...] = ()
    version = None
    line_end: bool | None = None
    are_exact = True
    with log_file.local.open("rb") as stream:
        held = b""
        while more := stream.read(CHUNK_BYTES):
            digest.update(more)
            cut = more.rfind(b"\n") + 1
            if not cut:
                return Scan(False)
            is_whole = not held and cut == len(more)
            block, held = more if is_whole else b"".join((held, memoryview(more)[:cut])), more[cut:]
            if lines == 0:
                headers, fields, version, at = _header(block, log_file.format.log_type if log_file.format else "")
                if not fields or at >= len(block):
                    return Scan(False)
                first_row = block[at : at + 30]
                body = block[at:]
                lines += headers
            else:
                body = block
            has_returns = body.find(b"\r\n", 0, LONGEST_LINE) >= 0
            if line_end is None:
                line_end = has_returns
            found = clean_lines(body, has_returns, len(fields))
            if found is None or line_end != has_returns:
                return Scan(False)
            lines += found[0]
            are_exact = are_exact and found[1]
            last_row = body[body.rfind(b"\n", 0, -1) + 1 :][:30]
        if held or not lines:
            return Scan(False)
    days = tuple(match.group(1).decode() if (match := DAY.match(row)) else "" for row in (first_row, last_row))
    if not all(days):
        return Scan(False)
    return Scan(True, lines, headers, fields, version, digest.hexdigest(), (days[0], days[1]), are_exact)


def _header(block: bytes, log_type: str) -> tuple[int, tuple[str, ...], str | None, int]:
    """Gives header lines, fields, version and where the rows begin."""
    at = 3 if block.startswith(b"\xef\xbb\xbf") else 0
    headers, fields, version = 0, (), None
    while block[at : at + 1] == b"#":
        end = block.find(b"\n", at) + 1
        line = block[at:end].decode("utf-8", "backslashreplace").strip()
        key, _, value = line.partition(":")
        if key.lower() == "#fields":
            fields = tuple(name.strip().lower() for name in value.split(",") if name.strip())  # type: ignore[assignment]
        elif key.lower() == "#version":
            version = value.strip()
        elif key.lower() == "#log-type" and value.strip().lower() != log_type.lower():
            return 0, (), None, 0
        headers += 1
        at = end
    return headers, fields if len(set(fields)) == len(fields) else (), version, at


def clean_lines(block: bytes, has_returns: bool, width: int) -> tuple[int, bool] | None:
    """Gives the lines of a clean block of whole lines, and whether all times are exact; None when it is not clean."""
    import numpy as np

    if block[:1] in (b"\n", b"\r", b"#") or b"\0" in block:
        return None
    view = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero(view == LINE_FEED)
    returns = np.count_nonzero(view == RETURN)
    if returns != (len(ends) if has_returns else 0) or (has_returns and (view[ends - 1] != RETURN).any()):
        return None
    begins = view[ends[:-1] + 1]
    if ((begins == LINE_FEED) | (begins == RETURN) | (begins == HASH)).any():
        return None
    if (len(ends) > 1 and int(np.diff(ends).max()) > LONGEST_LINE) or int(ends[0]) > LONGEST_LINE:
        return None
    quotes = np.flatnonzero(view == QUOTE)
    if len(quotes) and not quotes_are_whole(view, ends, quotes):
        return None
    if not has_width(block, view, quotes, len(ends), width):
        return None
    if not block.isascii():
        try:
            block.decode("utf-8")
        except UnicodeDecodeError:
            return None
    return len(ends), has_exact_times(block, view, ends)


def has_exact_times(block: bytes, view: np.ndarray, ends: np.ndarray) -> bool:
    """Tells whether each line begins with a time to the millisecond in UTC, as Exchange writes it.

    Source: formats.md 1.2.
    """
    import numpy as np

    starts = np.concatenate(([0], ends[:-1] + 1))
    if int(starts[-1]) + len(TIME_SHAPE) > len(block):
        return False
    sign = np.frombuffer(TIME_SHAPE.encode(), dtype=np.uint8)
    # a sign below its place in the shape wraps around and is too large too
    told = np.lib.stride_tricks.sliding_window_view(view, len(TIME_SHAPE))[starts] - sign
    if (told > np.where(sign == ZERO, 9, 0)).any():
        return False
    month, day, hour = (told[:, at] * 10 + told[:, at + 1] for at in (5, 8, 11))
    return bool(
        ((told[:, 0] == 1) | (told[:, 0] == 2)).all()
        and ((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (hour <= 23)).all()
        and ((told[:, 14] <= 5) & (told[:, 17] <= 5)).all()
    )


def quotes_are_whole(view: np.ndarray, ends: np.ndarray, quotes: np.ndarray) -> bool:
    """Tells whether all quotes stand around whole fields and are closed on their own line."""
    import numpy as np

    line_of = np.searchsorted(ends, quotes)
    is_last = np.empty(len(quotes), dtype=bool)
    is_last[:-1] = line_of[1:] != line_of[:-1]
    is_last[-1] = True
    starts = np.flatnonzero(np.concatenate(([True], is_last[:-1])))
    order = np.arange(len(quotes)) - np.repeat(starts, np.diff(np.append(starts, len(quotes))))
    opening = order % 2 == 0
    if opening[is_last].any():
        return False
    before = view[np.maximum(quotes - 1, 0)]
    after = view[np.minimum(quotes + 1, len(view) - 1)]
    at_start = (before == 44) | (before == 10) | (quotes == 0) | (before == 34)
    at_end = (after == 44) | (after == 13) | (after == 10) | (after == 34)
    return bool((at_start | ~opening).all() and (at_end | opening).all())


def has_width(block: bytes, view: np.ndarray, quotes: np.ndarray, lines: int, width: int) -> bool:
    """Tells whether the lines have the commas that so many fields need, those inside quotes left out.

    DuckDB refuses a line with too few, but lets one empty field too many pass and shifts the others.
    """
    import numpy as np

    quoted = zip(quotes[::2].tolist(), quotes[1::2].tolist(), strict=True)
    inside = b"".join([block[begin:end] for begin, end in quoted]).count(b",")
    return int(np.count_nonzero(view == COMMA)) - inside == lines * (width - 1)
