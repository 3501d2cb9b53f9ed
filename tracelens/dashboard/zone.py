"""The time zone of the page: chosen once, in the address, applied to every time shown. The store itself holds UTC."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import polars as pl
import streamlit as st

UTC = "UTC"
KEY = "zone"
AREAS = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")


@lru_cache
def names() -> list[str]:
    """Gives the zones to choose from."""
    return [UTC, *sorted(name for name in available_timezones() if name.startswith(AREAS))]


def choose() -> None:
    """Shows the choice of the zone; it stays while pages change."""
    st.selectbox(
        "Time zone",
        names(),
        key=KEY,
        bind="query-params",
        help="Every time on every page is shown in this zone. The logs and the store hold UTC.",
    )


def chosen() -> str:
    """Gives the name of the zone."""
    return str(st.session_state.get(KEY) or UTC)


def local(frame: pl.DataFrame) -> pl.DataFrame:
    """Gives a frame with its times, which are UTC, as wall clock times of the zone."""
    name = chosen()
    times = [column for column, kind in frame.schema.items() if kind == pl.Datetime]
    if name == UTC or not times:
        return frame
    return frame.with_columns(
        pl.col(times)
        .dt.replace_time_zone(UTC)
        .dt.convert_time_zone(name)
        .dt.replace_time_zone(None, ambiguous="earliest")
    )


def wall(moment: datetime) -> datetime:
    """Gives a UTC time as wall clock time of the zone."""
    return moment.replace(tzinfo=ZoneInfo(UTC)).astimezone(ZoneInfo(chosen())).replace(tzinfo=None)


def utc(moment: datetime | None) -> datetime | None:
    """Gives a wall clock time of the zone as UTC."""
    if moment is None:
        return None
    return moment.replace(tzinfo=ZoneInfo(chosen())).astimezone(ZoneInfo(UTC)).replace(tzinfo=None)


def stamp(moment: datetime | None, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Gives a UTC time as text in the zone; `unknown` for None."""
    return wall(moment).strftime(form) if moment else "unknown"
