"""What a report is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import polars as pl

Row = dict[str, Any]


@dataclass(frozen=True)
class Chart:
    """A plot of a few series over the same labels.

    Attributes:
        kind: Bars stand on each other; lines are broken where a value is None; ranks are lying bars of one series.
        labels: One text per place on the axis.
        series: Values per name, as many as labels.
        unit: Of the values.
    """

    kind: Literal["bars", "lines", "ranks"]
    labels: Sequence[str]
    series: dict[str, list[float | None]]
    unit: str = ""


@dataclass(frozen=True)
class Section:
    """A part of a report: rows, with a plot and a note.

    Attributes:
        title: Heading.
        frame: The rows. Units stand in the column names: `_ms`, `_bytes`, `_share` (0 to 1), `_at` (UTC).
        chart: Plot above the rows.
        note: How to read it, or what it leaves out.
        cards: The rows are shown one below the other, named by the first column.
        key: Columns that name a row in another window too.
        measure: The number to compare between windows.
        raw: Log rows behind the rows; `row` counts from 1.
    """

    title: str
    frame: pl.DataFrame
    chart: Chart | None = None
    note: str = ""
    cards: bool = False
    key: tuple[str, ...] = ()
    measure: str = ""
    raw: pl.DataFrame | None = None


@dataclass(frozen=True)
class Figure:
    """A number that sums a window up; the unit is empty, `ms`, `bytes` or `share`."""

    name: str
    value: float | None
    unit: str = ""


@dataclass(frozen=True)
class Report:
    """A report.

    Attributes:
        title: Heading.
        window: Window and server, as text.
        sentences: What it says, the most important first.
        sections: The rows it rests on.
        figures: Numbers to compare between windows.
        coverage: What it rests on, and which logs are missing.
    """

    title: str
    window: str
    sentences: Sequence[str]
    sections: Sequence[Section]
    figures: Sequence[Figure] = field(default_factory=tuple)
    coverage: Sequence[str] = field(default_factory=tuple)


def listed(words: Sequence[str], most: int = 5) -> str:
    """Gives words with commas, the first few of them."""
    shown = ", ".join(words[:most])
    return f"{shown} and {len(words) - most} more" if len(words) > most else shown


def are(number: float) -> str:
    """Gives `is` or `are`."""
    return "is" if number == 1 else "are"


def over_time(
    frame: pl.DataFrame, kind: Literal["bars", "lines"], order: Sequence[str] = (), unit: str = ""
) -> Chart | None:
    """Gives the plot of rows `moment, series, value`; None when there are none.

    Empty places between the first and last moment are filled: with 0 for bars, as breaks for lines.
    """
    from datetime import timedelta
    from itertools import pairwise

    if frame.is_empty():
        return None
    moments = sorted(set(frame["moment"].to_list()))
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    step = max(min(gaps, default=timedelta(hours=1)), timedelta(hours=1))
    whole = [moments[0] + step * at for at in range(int((moments[-1] - moments[0]) / step) + 1)]
    moments = sorted({*moments, *whole})
    held = {(moment, name): value for moment, name, value in frame.select("moment", "series", "value").iter_rows()}
    names = _names(frame, order)
    empty = 0.0 if kind == "bars" else None
    is_daily = all(moment.hour == 0 and moment.minute == 0 for moment in moments) and len(moments) > 1
    one_day = moments[0].date() == moments[-1].date()
    form = "%d %b" if is_daily else "%H:%M" if one_day else "%d %b %H:%M"
    series: dict[str, list[float | None]] = {
        name: [held.get((moment, name), empty) for moment in moments] for name in names
    }
    return Chart(kind, [moment.strftime(form) for moment in moments], series, unit)


def wide(frame: pl.DataFrame, order: Sequence[str] = ()) -> pl.DataFrame:
    """Gives rows `moment, series, value` with a column per series, named ones first."""
    import polars as pl

    if frame.is_empty():
        return frame.select("moment")
    spread = [pl.col("value").filter(pl.col("series") == name).sum().alias(name) for name in _names(frame, order)]
    is_daily = all(moment.hour == 0 for moment in frame["moment"].to_list())
    moment = pl.col("moment").cast(pl.Date).alias("day") if is_daily else pl.col("moment").alias("from_at")
    return frame.group_by(moment, maintain_order=True).agg(spread).sort(pl.nth(0))


def _names(frame: pl.DataFrame, order: Sequence[str]) -> list[str]:
    names = sorted(set(frame["series"].to_list()))
    return sorted(names, key=lambda name: (order.index(name) if name in order else len(order), name))
