"""Runs signatures and rules over the models: `reply_class`, `finding` and `rule_run`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from string import Formatter
from typing import Any

from tracelens.agreement import filled
from tracelens.asker import Asker, Here
from tracelens.build import models
from tracelens.classify import classify_all
from tracelens.errors import ConfigError, QueryError, StoreError
from tracelens.incidents import account_of, group
from tracelens.rulebook import SEVERITIES, Rule, Signature, load_rules, load_signatures
from tracelens.schema import FINDING, REPLY_CLASS, REPLY_CLASS_BY_LOG, RULE_RUN
from tracelens.screen import worth_asking
from tracelens.store import fill_table

EVIDENCE_ROWS = 50
MOST_DAYS = 1000
EXPORTS = (
    "receive_connector",
    "connector_permission",
    "send_connector",
    "accepted_domain",
    "transport_server",
    "header_hop",
)
COPIED = ("server", "connector_id", "remote_ip", "message_key", "first_at", "last_at")


@dataclass(frozen=True)
class Rulebook:
    """The signatures and rules of one run."""

    signatures: Sequence[Signature]
    rules: Sequence[Rule]
    unverified: bool = False

    @property
    def recipe(self) -> str:
        """A text that changes with whatever decides the derived tables but the logs: models, signatures, rules."""
        parts = [models(), self.signatures, self.rules, self.unverified]
        return hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()


def rulebook(
    rule_dirs: Sequence[Path] = (),
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    unverified: bool = False,
) -> Rulebook:
    """Loads the signatures and rules of a run.

    Args:
        rule_dirs: Folders with further rules.
        overrides: Values of rule parameters by rule id.
        unverified: Ask the unverified signatures too.

    Raises:
        ConfigError: A signature or rule file is wrong.
    """
    return Rulebook(load_signatures(), load_rules(rule_dirs, overrides), unverified)


def detect(con: Any, book: Rulebook, asker: Asker | None = None) -> None:
    """Makes `reply_class`, `finding`, `rule_run` and the incidents in the open database, and locks its connection.

    Args:
        con: Open DuckDB connection that has all models.
        book: Signatures and rules.
        asker: Answers the rules' questions; DuckDB over the database if None.

    Raises:
        ConfigError: A rule's query fails.
    """
    asker = asker or Here(con)
    _, texts = asker.ask("select text, list_sort(list(distinct log)) as logs from reply group by text order by text")
    classes, by_log = classify_all(texts, book.signatures, book.unverified)
    asker.give(REPLY_CLASS, classes)
    asker.give(REPLY_CLASS_BY_LOG, by_log)
    name_replies(con)
    asker.keep("named_reply", NAMED, "signature_id")  # joined once, asked by many rules
    asker.settle()
    said = {row["signature_id"] for row in classes + by_log}
    have = available(con)
    findings: list[dict[str, Any]] = []
    runs: list[dict[str, Any]] = []
    lacks = {rule.id: lacking(rule, have) for rule in book.rules}
    able = [
        rule for rule in book.rules if not lacks[rule.id] and not (rule.signatures and said.isdisjoint(rule.signatures))
    ]
    worth = worth_asking(asker, able)
    for rule in book.rules:
        missing = lacks[rule.id]
        found = run(asker, rule) if rule.id in worth else []
        findings += found
        runs.append(
            {
                "rule_id": rule.id,
                "class": rule.class_,
                "severity": rule.severity,
                "title": rule.title,
                "state": "not evaluated" if missing else "evaluated",
                "missing": missing,
                "finding_count": None if missing else len(found),
            }
        )
    con.execute("drop table if exists temp.named_reply")
    fill_table(con, FINDING, findings)
    fill_table(con, RULE_RUN, runs)
    group(con, book.rules, findings)


NAMED = """
    select r.*, case when l.text is null then c.signature_id else l.signature_id end as signature_id
    from reply r join reply_class c on c.text = r.text
    left join reply_class_by_log l on l.text = r.text and l.log = r.log
    where case when l.text is null then c.signature_id else l.signature_id end is not null"""


def name_replies(con: Any) -> None:
    """Makes the view `named_reply`: the replies that a signature knows."""
    con.execute(f"create or replace view named_reply as {NAMED}")


def available(con: Any) -> set[tuple[str, str]]:
    """Gives what rules can need and the open database has: logs with their services, and imported configuration."""
    covered = con.execute("select distinct log, service from coverage where state = 'covered'").fetchall()
    have = {(log, service) for log, service in covered}
    if con.execute("select count(*) from accepted_domain_guess").fetchall()[0][0]:
        have.add(("accepted_domains", ""))
    for table in EXPORTS:
        if con.execute(f"select 1 from {table} limit 1").fetchall():
            have.add((table, ""))
    # these may have no time, and what has none covers no hour
    for log, rows in (
        ("queue", "queue_state"),
        ("exo_trace", "exo_trace_event"),
        ("report", "header_hop where kind = 'diagnostic'"),
    ):
        if con.execute(f"select 1 from {rows} limit 1").fetchall():
            have.add((log, ""))
    days = con.execute("select date_diff('day', min(hour), max(hour)) from coverage").fetchall()[0][0] or 0
    have.update(("history", str(day)) for day in range(1, min(days, MOST_DAYS) + 1))
    return have


def lacking(rule: Rule, have: set[tuple[str, str]]) -> list[str]:
    """Gives the needs of a rule that are not met."""
    return [need for need in rule.needs if not _is_met(need, have)]


def question(rule: Rule) -> str:
    """Gives the SELECT of a rule, with the severity of each row."""
    level = ", ".join(
        [str(SEVERITIES.index(rule.severity))]
        + [f"case when {when} then {SEVERITIES.index(to)} else 0 end" for when, to in rule.escalate]
    )
    return f"select *, greatest({level}, 0) as severity_level from ({rule.sql}) order by subject"


def run(asker: Asker, rule: Rule) -> list[dict[str, Any]]:
    """Gives the findings of one rule.

    Raises:
        ConfigError: Its query fails, is not one SELECT, or does not give what the summary names.
    """
    try:
        columns, rows = asker.ask(question(rule), rule.params)
    except QueryError as error:
        raise ConfigError(f"the query is refused: {error.what}", rule.id) from error
    except StoreError:
        raise
    except Exception as error:
        raise ConfigError(f"the query fails: {str(error).splitlines()[0]}", rule.id) from error
    for _, name, _, _ in Formatter().parse(rule.summary):
        if name and name not in columns and name not in rule.params:
            raise ConfigError(f"the summary names '{name}', which the query does not give", rule.id)
    return [_finding(rule, dict(zip(columns, row, strict=True))) for row in rows]


def _finding(rule: Rule, row: dict[str, Any]) -> dict[str, Any]:
    summary = filled(rule.summary, {**rule.params, **{key: _shown(value) for key, value in row.items()}})
    subject = str(row.get("subject") or "")
    key = hashlib.blake2b(f"{rule.id}|{rule.finds}|{subject}".encode(), digest_size=8).hexdigest()
    return {
        "finding_key": key,
        "rule_id": rule.id,
        "class": rule.class_,
        "severity": SEVERITIES[row["severity_level"]],
        "title": rule.title,
        "summary": summary,
        "subject_kind": rule.finds,
        "subject": subject,
        **{name: row.get(name) for name in COPIED},
        "account": account_of(rule, row),
        "hit_count": int(row.get("hit_count") or 1),
        "evidence": _first(row.get("evidence") or ()),
        "advice": rule.advice,
    }


def _first(evidence: Iterable[Mapping[str, int]]) -> list[Mapping[str, int]]:
    """Gives the first rows of some evidence, each once, in the order that the rule gives."""
    rows: dict[tuple[int, int], Mapping[str, int]] = {}
    for row in evidence:
        if row:
            rows.setdefault((row["file_id"], row["line_number"]), row)
        if len(rows) == EVIDENCE_ROWS:
            break
    return list(rows.values())


def _shown(value: Any) -> str | int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, list):
        named = [str(part) for part in value if part not in (None, "")]
        if not named:
            return "unknown"
        return ", ".join(named[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return "unknown" if value is None else str(value)


def _is_met(need: str, have: set[tuple[str, str]]) -> bool:
    for choice in need.split("|"):
        log, _, service = choice.partition("/")
        if any(log == known and (not service or service == other) for known, other in have):
            return True
    return False
