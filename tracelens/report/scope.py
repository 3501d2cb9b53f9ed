"""The part of the store that a report is about, and what of it the logs cover."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tracelens import query
from tracelens.agreement import count
from tracelens.errors import QueryError, UsageError
from tracelens.report.parts import Report, Section, listed

if TYPE_CHECKING:
    import polars as pl

LOGS = {
    "smtp_receive": "SMTP receive logs",
    "smtp_send": "SMTP send logs",
    "message_tracking": "message tracking",
}
RAW_ROWS = 300


@dataclass(frozen=True)
class Scope:
    """A window of a store, of one server or all, and for a decommissioning one connector or client."""

    store: query.Store
    since: datetime
    until: datetime
    server: str = ""
    connector: str = ""
    client: str = ""

    @property
    def bucket(self) -> str:
        """Gives the step of plots over time: `hour` up to three days, else `day`."""
        return "hour" if self.until - self.since <= timedelta(days=3) else "day"

    @property
    def hours(self) -> int:
        """Gives how many hours the window has."""
        return max(1, round((self.until - self.since) / timedelta(hours=1)))

    def ask(self, name: str, **more: Any) -> pl.DataFrame:
        """Answers a saved question, with those of window, server, connector and bucket that it asks for."""
        known: dict[str, Any] = {
            "since": self.since,
            "until": self.until,
            "server": self.server,
            "connector": self.connector,
            "bucket": self.bucket,
        }
        wanted = set(re.findall(r"\$(\w+)", query.question(name)))
        return query.ask(self.store, name, **{key: value for key, value in (known | more).items() if key in wanted})

    def text(self) -> str:
        """Gives the window as a text."""
        place = f", server {self.server}" if self.server else ""
        place += f", connector {self.connector}" if self.connector else ""
        place += f", client {self.client}" if self.client else ""
        return f"{minute(self.since)} to {minute(self.until)} UTC{place}"

    def before(self) -> Scope:
        """Gives the window of the same length before this one."""
        return replace(self, since=self.since - (self.until - self.since), until=self.since)

    def with_rows(self, section: Section) -> Section:
        """Gives a section without its column `evidence`, with the log rows that this names instead."""
        import polars as pl

        if "evidence" not in section.frame.columns:
            return section
        places = [
            (at, place["file_id"], place["line_number"])
            for at, found in enumerate(section.frame["evidence"].to_list(), 1)
            for place in (found or [])
            if place["file_id"] is not None
        ][:RAW_ROWS]
        bare = section.frame.drop("evidence")
        if not places:
            return replace(section, frame=bare)
        rows = self.ask(
            "report_row",
            files=[place[1] for place in places],
            lines=[place[2] for place in places],
            since=self.since - timedelta(days=1),
            until=self.until + timedelta(days=1),
        )
        named = pl.DataFrame(places, schema={"row": pl.Int64, "file_id": pl.Int64, "line": pl.Int64}, orient="row")
        raw = named.join(rows, on=["file_id", "line"], how="inner").sort("row", "date_time", "file", "line")
        columns = ["row", "date_time", "server", "log", "event", "text", "file", "line"]
        return replace(section, frame=bare, raw=raw.select(columns))

    def report(
        self, title: str, sentences: Sequence[str], sections: Sequence[Section], logs: Sequence[str], **more: Any
    ) -> Report:
        """Gives the report with the log rows behind its sections and the coverage it rests on.

        Where no log could tell, its sentences say that instead.
        """
        filled = [self.with_rows(section) for section in sections]
        if not any(has(self, log) for log in logs):
            names = " or ".join(LOGS[log] for log in logs)
            sentences = [f"Cannot be said: the store holds no rows of {names} in this window."]
        return Report(title, self.text(), list(sentences), filled, coverage=coverage(self, logs), **more)


def minute(moment: datetime) -> str:
    """Gives a UTC time to the minute."""
    return moment.isoformat(" ", "minutes")


def choose(
    store: query.Store,
    since: datetime | None,
    until: datetime | None,
    *,
    server: str = "",
    connector: str = "",
    client: str = "",
    span: timedelta | None = None,
) -> Scope:
    """Gives the scope; what is not said is taken from what the store holds.

    Args:
        store: Folder of the store.
        since: Start of the window.
        until: End of the window.
        server: Server, by its short or full name.
        connector: Part of a connector's name.
        client: Address or range.
        span: Length of the window when no start is given.

    Raises:
        UsageError: The window ends before it starts.
        QueryError: The store holds nothing of the server.
        StoreError: There is no store.
    """
    short = server.split(".", maxsplit=1)[0].upper()
    held = query.ask(store, "report_window", server=short).row(0, named=True)
    if held["since"] is None:
        what = f"the store holds no rows of server '{server}'" if server else "the store holds no rows"
        raise QueryError(what, hint="what it holds: tracelens status")
    until = until or held["until"]
    since = since or (max(held["since"], until - span) if span else min(held["since"], until))
    if since >= until:
        raise UsageError(
            f"the window from {minute(since)} to {minute(until)} is empty",
            hint=f"the store holds {minute(held['since'])} to {minute(held['until'])} UTC",
        )
    return Scope(store, since, until, short, connector, client)


def coverage(scope: Scope, logs: Sequence[str]) -> list[str]:
    """Gives what the store holds of the given logs in the window, a sentence each."""
    held = scope.ask("report_coverage")
    told = []
    for log in logs:
        rows = held.filter(held["log"] == log)
        name = LOGS[log]
        if rows.is_empty():
            told.append(f"No {name} in the window: what only they show is missing here.")
            continue
        parts = []
        for server in sorted(set(rows["server"].to_list())):
            own = rows.filter(rows["server"] == server)
            least, most = min(own["hours"].to_list()), max(own["hours"].to_list())
            hours = f"{most}" if least == most else f"{least} to {most}"
            parts.append(f"{server} {hours} ({listed(sorted(own['service'].to_list()))})")
        told.append(
            f"{name[0].upper()}{name[1:]}: {count(sum(rows['rows']), 'row')};"
            f" hours with rows, of {scope.hours:,}: {listed(parts, 8)}."
        )
    told.append("An hour without mail leaves no row, so a missing hour may be a quiet one.")
    return told


def has(scope: Scope, log: str) -> bool:
    """Tells whether the store holds rows of a log in the window."""
    held = scope.ask("report_coverage")
    return log in held["log"].to_list()
