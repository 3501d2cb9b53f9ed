"""Signatures and rules as data: read from TOML, refused when a file says something the engine would not do.

Signatures (`signatures/*.toml`) say what a reply or log text means; rules (`rules/*.toml`) ask questions of the models.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property, lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from tracelens.errors import ConfigError

SEVERITIES = ("info", "low", "medium", "high", "critical")
GRADES = ("V", "R", "D", "U")
KINDS = ("compromise", "outage", "misconfiguration", "probe", "inventory")
"""What a finding tells of, the most telling first: it names the incident that it belongs to."""
KIND_OF = {
    "proxy": "outage", "capacity": "outage", "routing": "outage", "relay": "probe", "auth": "probe",
    "behaviour": "probe", "noise": "inventory",
}  # fmt: skip
GROUPABLE = (
    "server", "service", "direction", "connector_id", "local_port", "remote_ip", "remote_port", "peer_name", "log",
)  # fmt: skip


@dataclass(frozen=True)
class Signature:
    """What a text means.

    Attributes:
        all, any, none: Words that must all, one of which must, none of which may stand in the folded text.
        regex: Pattern, in lower case, that must be found as well.
        enhanced: Status codes (x.y.z or x.y.a-b), one of which must stand in the text.
        sources: Pages and articles that say so.
        grade: V vendor, R reported, D ours, U unverified.
        rank: How little it says, asked in this order over the whole chain of nested errors: 0 words that name a cause,
            1 a code with one meaning, 2 a wrapper whose inner error nobody knows, 3 a code with several meanings,
            4 a reply code alone.
        examples: Texts that match; `counter_examples`: look-alikes that must not.
    """

    id: str
    meaning: str
    severity: str
    grade: str
    rank: int = 0
    class_: str = ""
    where: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    regex: str = ""
    enhanced: tuple[str, ...] = ()
    lookalikes: str = ""
    fix: str = ""
    sources: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()

    def matches(self, folded: str) -> bool:
        """Tells whether a folded text (see `classify.fold`) carries this signature."""
        return (
            all(word in folded for word in self.all)
            and (not self.any or any(word in folded for word in self.any))
            and not any(word in folded for word in self.none)
            and (not self.enhanced or not self.codes.isdisjoint(status_codes(folded)))
            and (not self.regex or self.pattern.search(folded) is not None)
        )

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern of `regex`."""
        return re.compile(self.regex)

    @cached_property
    def codes(self) -> frozenset[str]:
        """The status codes of `enhanced`, ranges written out."""
        found: set[str] = set()
        for code in self.enhanced:
            head, _, last = code.rpartition(".")
            low, _, high = last.partition("-")
            found.update(f"{head}.{number}" for number in range(int(low), int(high or low) + 1))
        return frozenset(found)


@lru_cache(maxsize=256)
def status_codes(text: str) -> frozenset[str]:
    """Gives the enhanced status codes in a text; parts of addresses and version numbers are none.

    Source: RFC 3463, section 2.
    """
    return frozenset(re.findall(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)", text))


@dataclass(frozen=True)
class Rule:
    """A question with a verdict over the models.

    Attributes:
        needs: Logs without which the rule is not evaluated: `log` or `log/service`, alternatives by `|`,
            `accepted_domains`, or `history/DAYS`; a number may be a parameter in braces.
        sql: SELECT that gives one row per finding: the columns of `finding` it knows, and whatever the summary names.
        signatures: Signatures without which the query finds nothing; empty when it does not hang on any.
        only_if: (table, aggregate over all its rows) without which the query finds nothing: cheap, asked of all rules
            together before any query.
        sources: Pages and articles that it goes by.
        tells: Kind of trouble, where it is not the usual one of the class.
        escalate: (condition over the row, severity), the highest that holds wins.
        examples: Given model rows and what must be found.
    """

    id: str
    title: str
    class_: str
    severity: str
    finds: str
    summary: str
    why: str
    lookalikes: str
    fix: str
    false_alarms: tuple[str, ...]
    needs: tuple[str, ...]
    params: Mapping[str, Any]
    sql: str
    signatures: tuple[str, ...]
    escalate: tuple[tuple[str, str], ...]
    examples: tuple[Mapping[str, Any], ...] = field(repr=False, default=())
    tells: str = ""
    sources: tuple[str, ...] = ()
    only_if: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> str:
        """One of `KINDS`."""
        return self.tells or KIND_OF.get(self.class_, "misconfiguration")

    @property
    def advice(self) -> str:
        """What it can be mistaken for, then what to do."""
        return f"First rule out: {self.lookalikes} Then: {self.fix}"


def load_signatures() -> list[Signature]:
    """Gives all signatures, the specific before the general (order of files and of entries).

    Raises:
        ConfigError: A file is wrong.
    """
    found: dict[str, Signature] = {}
    for path in _files(resources.files("tracelens") / "signatures"):
        document = _document(path)
        _only(document, {"class", "rank", "signature"}, path.name)
        for row in document["signature"]:
            known = {("class" if f.name == "class_" else f.name) for f in fields(Signature)}
            _only(row, known, f"{path.name}, {row.get('id')}")
            told: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items() if k != "class"}
            told.setdefault("rank", document.get("rank", 0))
            signature = Signature(**told, class_=row.get("class", document.get("class", "")))
            _check_signature(signature, found, path.name)
            found[signature.id] = signature
    return list(found.values())


def _check_signature(signature: Signature, found: Mapping[str, Signature], name: str) -> None:
    where = f"{name}, {signature.id}"
    if signature.id in found:
        raise ConfigError("two signatures of one id", where)
    if signature.severity not in SEVERITIES or signature.grade not in GRADES or not signature.class_:
        raise ConfigError("severity, grade or class is not one of the known", where)
    if not (signature.all or signature.any or signature.regex or signature.enhanced):
        raise ConfigError("a signature needs `all`, `any`, `regex` or `enhanced`", where)
    for code in signature.enhanced:
        if not re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}(-\d{1,3})?", code):
            raise ConfigError(f"'{code}' is no status code", where, "write x.y.z or x.y.a-b")
    for word in (*signature.all, *signature.any, *signature.none):
        if word != " ".join(word.lower().split()):
            raise ConfigError(f"'{word}' can match nothing", where, "write words in lower case with single blanks")
    if re.search(r"(?<!\\)[A-Z]", signature.regex):
        raise ConfigError("the pattern can match nothing", where, "write it in lower case")
    if not signature.examples:
        raise ConfigError("a signature needs at least one example", where)


RULE_KEYS = {
    "title", "class", "severity", "finds", "summary", "why", "lookalikes", "fix", "false_alarms", "needs", "params",
    "query", "match", "escalate", "example", "tells", "sources",
}  # fmt: skip


def load_rules(folders: Iterable[Path] = (), overrides: Mapping[str, Mapping[str, Any]] | None = None) -> list[Rule]:
    """Gives the rules that come with tracelens and those in further folders, by id.

    Args:
        folders: Folders with `*.toml`; one that does not exist is passed over.
        overrides: New values of parameters by rule id.

    Raises:
        ConfigError: A rule has an unknown key, an unused parameter, no example that fires or none that must
            not, or its id is taken; an override names no rule or parameter.
    """
    places: list[Traversable] = [resources.files("tracelens") / "rules", *(Path(folder) for folder in folders)]
    found: dict[str, Rule] = {}
    for place in places:
        for path in _files(place):
            rule = _rule(path, (overrides or {}).get(path.name.removesuffix(".toml"), {}))
            if rule.id in found:
                raise ConfigError(f"two rules are called '{rule.id}'", path.name, "rename the file")
            found[rule.id] = rule
    for name in overrides or {}:
        if name not in found:
            raise ConfigError(f"no rule '{name}'", "rules", "names: tracelens rules")
    return [found[name] for name in sorted(found)]


def _rule(path: Traversable, override: Mapping[str, Any]) -> Rule:
    document, name = _document(path), path.name
    _only(document, RULE_KEYS, name)
    for key in ("title", "class", "severity", "finds", "summary", "why", "lookalikes", "fix"):
        if not isinstance(document.get(key), str) or not document[key]:
            raise ConfigError(f"'{key}' is missing", name)
    if document["severity"] not in SEVERITIES:
        raise ConfigError(f"severity '{document['severity']}' is not one of {', '.join(SEVERITIES)}", name)
    if document.get("tells", KINDS[0]) not in KINDS:
        raise ConfigError(f"'{document['tells']}' is not one of {', '.join(KINDS)}", name)
    params = dict(document.get("params", {}))
    for key, value in override.items():
        if key not in params:
            raise ConfigError(f"no parameter '{key}'", name)
        params[key] = value
    if ("query" in document) == ("match" in document):
        raise ConfigError("either [query] or [match] is needed", name)
    sql = document["query"]["sql"] if "query" in document else _match_sql(document["match"], name)
    escalate = tuple((row["when"], row["to"]) for row in document.get("escalate", []))
    only_if = tuple(document.get("query", {}).get("only_if", {}).items())
    if not all(isinstance(condition, str) and re.fullmatch(r"[a-z_]+", table) for table, condition in only_if):
        raise ConfigError("'only_if' holds one text per table", name, 'write only_if = { session = "bool_or(…)" }')
    text = " ".join([sql, *(when for when, _ in escalate), *(condition for _, condition in only_if)])
    for key in params:
        if f"${key}" not in text:
            raise ConfigError(f"parameter '{key}' is not used", name)
    for key in re.findall(r"\$([a-z_]+)", text):
        if key not in params:
            raise ConfigError(f"the query names '${key}', which is no parameter", name)
    for _, severity in escalate:
        if severity not in SEVERITIES:
            raise ConfigError(f"severity '{severity}' is not one of {', '.join(SEVERITIES)}", name)
    examples = tuple(document.get("example", []))
    _only(document.get("query", {}), {"sql", "signatures", "only_if"}, name)
    signatures = tuple(document.get("query", document.get("match", {})).get("signatures", ()))
    for row in document.get("escalate", []):
        _only(row, {"when", "to"}, name)
    for row in examples:
        _only(row, {"name", "given", "repeat", "expect"}, name)
    if not any(row.get("expect") for row in examples) or all(row.get("expect") for row in examples):
        raise ConfigError("an example that fires and one that must not are needed", name)
    return Rule(
        name.removesuffix(".toml"), document["title"], document["class"], document["severity"], document["finds"],
        document["summary"], document["why"], document["lookalikes"], document["fix"],
        tuple(document.get("false_alarms", ())), _needs(document, params, name), params, sql, signatures,
        escalate, examples, document.get("tells", ""),
        tuple(document.get("sources", ())), only_if,
    )  # fmt: skip


def _needs(document: Mapping[str, Any], params: Mapping[str, Any], name: str) -> tuple[str, ...]:
    try:
        return tuple(need.format_map(params) for need in document.get("needs", ()))
    except (KeyError, ValueError) as error:
        raise ConfigError(f"a need names {error}, which is no parameter", name) from error


def _match_sql(match: Mapping[str, Any], name: str) -> str:
    """Gives the query of a rule that counts the replies of some signatures.

    One failure may stand in the logs of both sides and in tracking: the log that shows most of them is counted.
    """
    _only(match, {"signatures", "direction", "services", "logs", "by", "where"}, name)
    by = match.get("by", ["server", "connector_id", "remote_ip"])
    for column in by:
        if column not in GROUPABLE:
            raise ConfigError(f"cannot count by '{column}'", name)

    def listed(values: Iterable[str]) -> str:
        return ", ".join("'" + value.replace("'", "''") + "'" for value in values)

    conditions = [f"r.signature_id in ({listed(match['signatures'])})", "not r.is_noise"]
    for key, column in (("services", "service"), ("logs", "log")):
        if key in match:
            conditions.append(f"r.{column} in ({listed(match[key])})")
    if "direction" in match:
        conditions.append(f"r.direction = {listed([match['direction']])}")
    if "where" in match:
        conditions.append(f"({match['where']})")
    columns = ", ".join(f"r.{column}" for column in by)
    peer = "case when min(r.remote_ip) = max(r.remote_ip) then max(r.remote_ip) end as remote_ip,"
    peer = "" if "remote_ip" in by else peer
    return f"""
        with seen as (
            select r.*, count(r.moment) over (partition by {columns}, r.log order by r.moment
                range between interval 5 minutes preceding and current row) as in_window,
                count(*) over (partition by {columns}, r.log) as in_log
            from named_reply r where {" and ".join(conditions)}
        )
        select concat_ws(' ', {columns}) as subject, {columns}, {peer} max(in_log) as hit_count,
            max(in_window) as per_window,
            count(distinct r.remote_ip) as peer_count, list_sort(list(distinct r.remote_ip)) as peers,
            nullif(count(distinct coalesce(r.message_key, r.session_key)), 0) as affected_count,
            min(r.moment) as first_at, max(r.moment) as last_at, max(r.text) as sample,
            list({{file_id: r.file_id, line_number: r.line_number}}
                order by r.moment, r.file_id, r.line_number) as evidence
        from seen r group by {columns}"""


def _files(place: Traversable) -> list[Traversable]:
    if not place.is_dir():
        return []
    return sorted((path for path in place.iterdir() if path.name.endswith(".toml")), key=lambda path: path.name)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> dict[str, Any]:
    """Parses a file once per process; nobody changes what is given."""
    return tomllib.loads(text)


def _document(path: Traversable) -> dict[str, Any]:
    try:
        return _parsed(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"cannot be read: {error}", path.name) from error


def _only(row: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    unknown = sorted(set(row) - set(known))
    if unknown:
        raise ConfigError(f"unknown key '{unknown[0]}'", where)
