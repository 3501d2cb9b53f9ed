"""What is new among the findings, for whom, and whether it may be told at this hour. Reads and writes nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

from tracelens.errors import UsageError
from tracelens.rulebook import SEVERITIES

Row = Mapping[str, Any]
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True)
class Told:
    """What one channel was last told of a finding.

    Attributes:
        severity: Its severity then.
        hit_count: Its hits then; fewer when the store has held fewer since.
        told_at: UTC time.
        rule_id: The rule that gave it.
    """

    severity: str
    hit_count: int
    told_at: str
    rule_id: str


@dataclass
class Memory:
    """What was told, and what waits for the end of the quiet hours.

    Attributes:
        told: By finding_key, then by channel.
        held: UTC time since when a finding is held back, by finding_key.
    """

    told: dict[str, dict[str, Told]] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class News:
    """One finding that a channel has to hear of.

    Attributes:
        finding: Its row.
        change: `new`, `severity` (it rose) or `hits` (they doubled).
        before: What was told last, None when it is new.
        was_held: It waited for the end of the quiet hours.
    """

    finding: Row
    change: str
    before: Told | None
    was_held: bool = False


@dataclass(frozen=True)
class Quiet:
    """Hours in which nothing is told, by the clock of a time zone; they may pass midnight.

    Attributes:
        start: First quiet minute.
        end: First minute after.
        zone: Time zone of both.
        passes: Findings from this severity up are told all the same; None holds all back.
    """

    start: time
    end: time
    zone: tzinfo
    passes: str | None = None

    def holds(self, finding: Row, now: datetime) -> bool:
        """Tells whether a finding has to wait at this moment."""
        return self.covers(now) and (self.passes is None or level(finding["severity"]) < level(self.passes))

    def covers(self, now: datetime) -> bool:
        """Tells whether a moment is within the quiet hours."""
        clock = now.astimezone(self.zone).time()
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


def level(severity: str) -> int:
    """Gives the rank of a severity, 0 for info."""
    return SEVERITIES.index(severity)


def news(
    findings: Iterable[Row],
    memory: Memory,
    channel: str,
    *,
    now: datetime,
    severity: str = "high",
    max_age: timedelta | None = None,
) -> list[News]:
    """Gives the findings a channel has to hear of: never told, of a higher severity than told, or with twice the hits.

    Args:
        findings: Rows of `finding`.
        memory: What was told.
        channel: Name of the channel.
        now: This moment, with its time zone.
        severity: From this severity up.
        max_age: Findings last seen longer ago are no news, unless quiet hours held them back.
    """
    found = []
    moment = now.astimezone(UTC).replace(tzinfo=None)
    for row in findings:
        key = row["finding_key"]
        if level(row["severity"]) < level(severity):
            continue
        if max_age and row["last_at"] and key not in memory.held and moment - row["last_at"] > max_age:
            continue
        before = memory.told.get(key, {}).get(channel)
        if before is None:
            change = "new"
        elif level(row["severity"]) > level(before.severity):
            change = "severity"
        elif row["hit_count"] >= 2 * max(before.hit_count, 1):
            change = "hits"
        else:
            continue
        found.append(News(row, change, before, key in memory.held))
    return found


def settle(memory: Memory, findings: Iterable[Row], unanswered: Collection[str]) -> None:
    """Brings the memory in line with what the store holds now.

    A finding that is gone, for example as its logs were pruned, is forgotten, so that it is news when it comes back;
    not so where its rule could not be evaluated. Where hits are fewer than told, they double from there.

    Args:
        memory: What was told; changed in place.
        findings: All rows of `finding`.
        unanswered: Rules that were not evaluated.
    """
    hits = {row["finding_key"]: row["hit_count"] for row in findings}
    for key, channels in list(memory.told.items()):
        for channel, told in list(channels.items()):
            if key in hits:
                channels[channel] = replace(told, hit_count=min(told.hit_count, hits[key]))
            elif told.rule_id not in unanswered:
                del channels[channel]
        if not channels:
            del memory.told[key]


def remember(memory: Memory, told: Iterable[News], channel: str, now: datetime) -> None:
    """Notes that a channel was told."""
    stamp = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    for entry in told:
        row = entry.finding
        known = Told(row["severity"], row["hit_count"], stamp, row["rule_id"])
        memory.told.setdefault(row["finding_key"], {})[channel] = known


def read_hours(text: str) -> tuple[time, time]:
    """Reads `22:00-06:00`.

    Raises:
        UsageError: It is not of that form, or empty.
    """
    match = re.fullmatch(r"(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)", text.strip())
    try:
        if match:
            first, second, third, fourth = (int(part) for part in match.groups())
            start, end = time(first, second), time(third % 24 if fourth == 0 else third, fourth)
            if start != end:
                return start, end
    except ValueError:
        pass
    raise UsageError(f"no quiet hours: '{text}'", hint="write them as 22:00-06:00")


def read_zone(name: str) -> tzinfo:
    """Gives a time zone by its IANA name.

    Raises:
        UsageError: There is none of that name.
    """
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        hint = "names are like Europe/Berlin; on Windows: pip install 'tracelens[alerts]'"
        raise UsageError(f"no time zone '{name}'", hint=hint) from error


def read_span(text: str) -> timedelta:
    """Reads a length of time: `90m`, `36h`, `7d`, `2w`.

    Raises:
        UsageError: It is not of that form.
    """
    match = re.fullmatch(r"(\d{1,5})([mhdw])", text.strip().lower())
    if not match or not int(match[1]):
        raise UsageError(f"no length of time: '{text}'", hint="write it as 90m, 36h, 7d or 2w")
    return timedelta(**{UNITS[match[2]]: int(match[1])})
