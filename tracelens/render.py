"""Results as bytes: table, CSV, JSON, JSON lines, Parquet. Texts from logs pass `plain` on their way to a terminal."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

HIDDEN = r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
FORMULA = r"^([=+\-@])"
CELL = 100


def plain(value: object) -> str:
    """Gives a text with control, bidirectional and zero-width characters made visible; empty for None."""
    return "" if value is None else re.sub(HIDDEN, "\N{REPLACEMENT CHARACTER}", str(value))


def safe(frame: pl.DataFrame) -> pl.DataFrame:
    """Gives a frame whose texts show hidden characters and start no formula in a spreadsheet."""
    import polars as pl

    texts = pl.selectors.string()
    shown = frame.with_columns(texts.str.replace_all(HIDDEN, "\N{REPLACEMENT CHARACTER}"))
    return shown.with_columns(texts.str.replace(FORMULA, "'${1}"))


def cell(value: object) -> str:
    """Gives one value as text: times to the millisecond, lists by `; `."""
    if isinstance(value, datetime):
        return _utc(value).isoformat(" ", "milliseconds")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return "; ".join(cell(part) for part in value)
    if isinstance(value, dict):
        return ":".join(cell(part) for part in value.values())
    return plain(value)


def as_table(frame: pl.DataFrame) -> bytes:
    """Gives columns side by side; a text longer than 100 characters is cut with `…`."""
    return side_by_side(frame.columns, frame.rows(), [kind.is_numeric() for kind in frame.dtypes]).encode()


def side_by_side(names: Sequence[str], rows: Iterable[Iterable[object]], numeric: Sequence[bool]) -> str:
    """Gives rows under their names; numbers stand to the right."""
    from rich.cells import cell_len

    texts = [[_cut(cell(value)) for value in row] for row in rows]
    widths = [max([cell_len(name), *(cell_len(row[at]) for row in texts)]) for at, name in enumerate(names)]
    lines = []
    for row in [list(names), *texts]:
        parts = []
        for text, width, is_number in zip(row, widths, numeric, strict=True):
            space = " " * (width - cell_len(text))
            parts.append(space + text if is_number else text + space)
        lines.append("  ".join(parts).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines) + "\n"


def _cut(text: str) -> str:
    return text if len(text) <= CELL else text[: CELL - 1] + "…"


def as_csv(frame: pl.DataFrame) -> bytes:
    """Gives CSV (RFC 4180, UTF-8) that starts no formula in a spreadsheet; lists and structures as text."""
    return safe(flat(frame)).write_csv(datetime_format="%Y-%m-%dT%H:%M:%S%.3fZ", line_terminator="\r\n").encode()


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Gives a frame whose lists, structures and bytes are texts."""
    import polars as pl

    nested = [name for name, kind in frame.schema.items() if kind.is_nested() or kind == pl.Binary]
    return frame.with_columns(pl.Series(name, [cell(v) for v in frame[name].to_list()], pl.String) for name in nested)


def as_json(frame: pl.DataFrame) -> bytes:
    """Gives one JSON array of objects."""
    return dump(_finite(frame).to_dicts())


def as_jsonl(frame: pl.DataFrame) -> bytes:
    """Gives one JSON object per line."""
    return b"".join(
        json.dumps(row, default=_plainly, ensure_ascii=True).encode() + b"\n"
        for row in _finite(frame).iter_rows(named=True)
    )


def _finite(frame: pl.DataFrame) -> pl.DataFrame:
    """Gives a frame without infinite numbers, such as a division by zero gives: JSON has none."""
    import polars as pl

    numbers = pl.selectors.float()
    return frame.with_columns(pl.when(numbers.is_finite()).then(numbers))


def as_parquet(frame: pl.DataFrame) -> bytes:
    """Gives a Parquet file."""
    stream = io.BytesIO()
    frame.write_parquet(stream)
    return stream.getvalue()


def page(package: str, template: str, **values: Any) -> str:
    """Gives an HTML page from a package's template; values are escaped, and a missing one is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    shelf = Environment(
        loader=PackageLoader(package, ""),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    return shelf.get_template(template).render(**values)


def dump(value: object) -> bytes:
    """Gives any result as indented JSON; times as UTC with `Z`."""
    return json.dumps(value, default=_plainly, ensure_ascii=True, indent=2).encode() + b"\n"


def _utc(value: datetime) -> datetime:
    """Gives a time as UTC without a zone."""
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


def _plainly(value: object) -> Any:
    if isinstance(value, datetime):
        return _utc(value).isoformat(timespec="milliseconds") + "Z"
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


FORMATS: dict[str, Callable[[pl.DataFrame], bytes]] = {
    "table": as_table,
    "csv": as_csv,
    "json": as_json,
    "jsonl": as_jsonl,
    "parquet": as_parquet,
}
