"""May this server, connector or range go: senders seen, those not yet seen, their rhythm, days still to watch."""

from __future__ import annotations

import ipaddress
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any

from tracelens.agreement import count
from tracelens.errors import UsageError
from tracelens.report.parts import Chart, Figure, Report, Section, are, listed
from tracelens.report.rhythm import TOO_FEW, rhythm
from tracelens.report.scope import Scope, minute
from tracelens.report.unseen import Estimate, chance_of_sighting, chao2, days_until

if TYPE_CHECKING:
    import polars as pl

LOGS = ("smtp_receive", "message_tracking")
ENOUGH_DAYS = 30
ORDER = {name: name for name in ("daily", "weekly", "monthly", "quarterly", "irregular")} | {
    TOO_FEW: "seen on too few days to tell"
}
KEPT = ("first_at", "last_at", "servers", "connectors", "users", "addresses", "evidence")
PERIODS = {"once a week": 7, "once a month": 30, "once a quarter": 91}


def build(scope: Scope) -> Report:
    """Gives the report.

    Raises:
        UsageError: The client is no address or range.
    """
    clients, left_out, by_address = _clients(scope)
    days: list[date] = scope.ask("report_day")["day"].to_list()
    found = scope.ask("report_sender", clients=clients or [""], by_address=by_address)
    seen = [len(row) for row in found["days"].to_list()]
    estimate = chao2(seen, len(days))
    told = _senders(found, days)
    what = "an envelope sender of this client" if by_address else "a client"
    sections = [
        Section(
            "Senders",
            told,
            note=f"A sender is {what} whose mail was accepted. Silent: days with rows since it was last seen.",
            key=("sender",),
            measure="messages",
        ),
        _estimate_section(estimate, len(days)),
        Section("Senders seen for the first time", *_growth(found, days)),
        _blind_spot(len(days)),
    ]
    if scope.server and not scope.connector and not scope.client:
        note = "Mailboxes (deliver, submit), send connectors (external) and other servers need a move of their own."
        sections.insert(1, Section("What else runs over it", scope.ask("report_traffic"), note=note))
    figures = [Figure("senders", found.height), Figure("days with rows", len(days))]
    if estimate:
        figures.append(Figure("senders estimated", estimate.total))
    title = "May it go? " + (scope.connector or scope.client or scope.server or "All servers")
    sentences = [*_verdict(found, days), *_estimate_sentences(estimate, len(days), told)]
    if left_out.height:
        words = "that brought mail without logon; they follow the MX record."
        sentences.append(f"Left out: {count(left_out.height, 'Internet host')} {words}")
        sections.append(Section("Left out", left_out, key=("client",), measure="messages"))
    return scope.report(title, sentences, sections, LOGS, figures=figures)


def _clients(scope: Scope) -> tuple[list[str], pl.DataFrame, bool]:
    held = scope.ask("report_client")
    none = held.select("client", "messages").clear()
    if scope.client:
        try:
            wanted = ipaddress.ip_network(scope.client, strict=False)
        except ValueError as error:
            raise UsageError(
                f"'{scope.client}' is no address or range", "--client", "for example 10.0.20.45 or 10.0.20.0/24"
            ) from error
        return [name for name in held["client"].to_list() if _within(name, wanted)], none, wanted.num_addresses == 1
    if scope.connector:
        return held["client"].to_list(), none, False
    stays = held["is_public"] & ~held["is_signed_in"]
    left_out = held.filter(stays).select("client", "messages").sort("messages", "client", descending=[True, False])
    return held.filter(~stays)["client"].to_list(), left_out, False


def _within(name: str, wanted: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        return ipaddress.ip_address(name.split("%", maxsplit=1)[0]) in wanted
    except ValueError:
        return False


def _senders(found: pl.DataFrame, covered: list[date]) -> pl.DataFrame:
    import polars as pl

    rows: list[dict[str, Any]] = []
    for row in found.iter_rows(named=True):
        name, following = rhythm(row["days"], covered)
        rows.append(
            {
                "sender": row["sender"] or "<>",
                "messages": row["messages"],
                "days": len(row["days"]),
                "rhythm": name,
                "next_expected": following,
                "silent_days": len([day for day in covered if day > row["days"][-1]]),
                **{key: row[key] for key in KEPT},
            }
        )
    names = list(rows[0]) if rows else ["sender", "messages", "days", "rhythm"]
    return pl.from_dicts(rows, infer_schema_length=None) if rows else pl.DataFrame({name: [] for name in names})


def _verdict(found: pl.DataFrame, days: list[date]) -> list[str]:
    if not days:
        return ["Cannot be said: the store holds no rows of this window that show who hands mail in."]
    if found.is_empty():
        monthly, quarterly = (chance_of_sighting(period, len(days)) for period in (30, 91))
        return [
            f"Nobody handed in mail in {count(len(days), 'day')} with rows."
            f" A sender that comes once a month would have been seen by now with {monthly:.0%} probability,"
            f" one that comes once a quarter with {quarterly:.0%}."
        ]
    last = max(found["last_at"].to_list())
    busiest = listed([sender or "<>" for sender in found["sender"].to_list()], 3)
    return [
        f"Not yet: {count(found.height, 'sender')} still {'hands' if found.height == 1 else 'hand'} in mail here"
        f" ({busiest}), the last at {minute(last)} UTC."
    ]


def _estimate_sentences(estimate: Estimate | None, days: int, told: pl.DataFrame) -> list[str]:
    if estimate is None:
        return [
            f"No estimate of senders not yet seen: it takes a sender and two days with rows, not {count(days, 'day')}."
        ]
    more = days_until(estimate)
    unseen, least, most = round(estimate.unseen), estimate.low - estimate.seen, estimate.high - estimate.seen
    sentences = [
        f"{count(estimate.seen, 'sender')} seen in {count(estimate.days, 'day')} with rows;"
        f" estimated {unseen:,} more not yet seen (95 % interval {least:,} to {most:,})."
    ]
    if more is None:
        sentences.append("How many more days are needed cannot be said from these days.")
    elif more:
        sentences.append(f"{count(more, 'more day')} of logs until 95 % of the estimated senders have been seen.")
    else:
        sentences.append("95 % of the estimated senders have been seen already.")
    if days < ENOUGH_DAYS:
        sentences.append(
            f"{count(days, 'day')} {are(days)} few: from less than {ENOUGH_DAYS} days the estimate is too low"
            " when senders come monthly."
        )
    rhythms = Counter(told["rhythm"].to_list()) if told.height else Counter()
    if rhythms:
        kinds = [f"{rhythms[name]} {said}" for name, said in ORDER.items() if rhythms[name]]
        sentences.append(f"Senders by their rhythm: {', '.join(kinds)}.")
    return sentences


def _estimate_section(estimate: Estimate | None, days: int) -> Section:
    import polars as pl

    rows: list[tuple[str, str]] = [("days with rows", f"{days:,}")]
    if estimate:
        more = days_until(estimate)
        rows += [
            ("senders seen", f"{estimate.seen:,}"),
            ("seen on one day only", f"{estimate.once:,}"),
            ("seen on two days", f"{estimate.twice:,}"),
            ("senders in all, estimated", f"{estimate.total:,.1f}"),
            ("95 % interval", f"{estimate.low:,} to {estimate.high:,}"),
            ("more days until 95 % are seen", "cannot be said" if more is None else f"{more:,}"),
        ]
    note = (
        "Chao2 with its log-normal interval; days are the sampling units. A lower bound when senders differ much."
        " It takes visits as falling on any day: senders that come by the clock distort it (docs/reports.md)."
    )
    return Section(
        "Estimate of senders not yet seen", pl.DataFrame(rows, schema=["what", "value"], orient="row"), note=note
    )


def _growth(found: pl.DataFrame, days: list[date]) -> tuple[pl.DataFrame, Chart | None]:
    import polars as pl

    firsts = Counter(row[0] for row in found["days"].to_list() if row)
    known, rows = 0, []
    for day in days:
        known += firsts[day]
        rows.append({"day": day, "new_senders": firsts[day], "known_senders": known})
    frame = pl.DataFrame(rows, schema={"day": pl.Date, "new_senders": pl.Int64, "known_senders": pl.Int64})
    if len(days) < 2:
        return frame, None
    labels = [day.strftime("%d %b") for day in days]
    return frame, Chart(
        "lines", labels, {"senders known": [float(known) for known in frame["known_senders"].to_list()]}
    )


def _blind_spot(days: int) -> Section:
    import polars as pl

    rows = [(name, f"{chance_of_sighting(period, days):.1%}") for name, period in PERIODS.items()]
    frame = pl.DataFrame(rows, schema=["sender_comes", "seen_by_now"], orient="row")
    return Section("What these days can show", frame, note="Chance that a sender of that kind was seen at least once.")
