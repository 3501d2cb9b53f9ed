"""Configuration judged and tried out: verdicts of the rules about it, and what edited connectors would have done.

Both work beside the store, in temporary tables of one locked connection: the store is read and never written.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracelens import parquet
from tracelens import store as stores
from tracelens.asker import Here
from tracelens.build import build, models
from tracelens.charset import decode
from tracelens.detect import EXPORTS, available, lacking, run
from tracelens.discover import recognise
from tracelens.errors import InputError, StoreError, UsageError
from tracelens.formats import Source
from tracelens.query import ask, question
from tracelens.rulebook import SEVERITIES, load_rules
from tracelens.schema import LOG_FILE, REJECT, REPLY_CLASS, TABLES

if TYPE_CHECKING:
    import polars as pl

AnyPath = str | os.PathLike[str]
JUDGED = ("config", "topology")
REBUILT = (
    "address", "network", "connector", "client_address", "connector_binding", "connector_range", "connector_choice",
)  # fmt: skip
TLS_VERSIONS = ("1.0", "1.1", "1.2", "1.3")
OF_ROW = ("outcome", "reason", "server", "remote_ip", "connector_before", "connector_after")
"""What tells the rows of a what-if apart."""


@dataclass
class Exported:
    """Configuration read from export files.

    Attributes:
        rows: Rows by table name.
        notes: What was assumed or left out.
    """

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def servers(self) -> set[str]:
        """Gives the servers whose Receive connectors are here."""
        return {row["server"] for row in self.rows.get("receive_connector", []) if row.get("server")}


@dataclass
class WhatIf:
    """What edited configuration would have done to past mail.

    Attributes:
        changes: One row per client, connector and reason: `outcome` (refused, other connector), `reason`, `server`,
            `remote_ip`, `helo_name`, `senders`, `session_count`, `message_count`, `first_at`, `last_at`,
            `connector_before`, `connector_after`.
        left_out: One row per reason why sessions could not be replayed: `reason`, `session_count`, `message_count`.
        replayed_count: Sessions with mail that were replayed.
        notes: What was assumed.
    """

    changes: pl.DataFrame
    left_out: pl.DataFrame
    replayed_count: int
    notes: list[str]


def read_exports(paths: Iterable[AnyPath]) -> Exported:
    """Reads files with the output of Get-ReceiveConnector and the like.

    Raises:
        InputError: A file cannot be read, or holds no configuration.
    """
    found = Exported()
    for path in map(Path, paths):
        entry = recognise(path)
        described = entry.format
        if described is None or described.table.name not in EXPORTS or described.parse is None:
            reason = entry.reason if described is None else f"holds {described.title or described.name}"
            raise InputError(
                f"no configuration export: {reason}",
                str(path),
                "give the output of Get-ReceiveConnector | Format-List *, Export-Csv or Export-Clixml",
            )
        try:
            text, said = decode(path.read_bytes())
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", str(path)) from error
        parsed = described.parse(Source(text, path.name, entry.server, ""))
        rows = [{**row, "file_id": entry.file_id} for row in parsed.rows]
        found.rows.setdefault(described.table.name, []).extend(rows)
        found.notes += [f"{path.name}: {note}" for note in (said, parsed.assumed) if note]
        if parsed.rejects:
            found.notes.append(f"{path.name}: {len(parsed.rejects)} lines could not be read")
        homeless = sum(described.table.name == "receive_connector" and not row.get("server") for row in rows)
        if homeless:
            found.notes.append(
                f"{path.name}: connectors without a server, so that no session is theirs: {homeless} (export Identity)"
            )
        cut = [str(row.get("name")) for row in rows if row.get("is_incomplete")]
        if cut:
            found.notes.append(f"{path.name}: lists are cut (set $FormatEnumerationLimit = -1): {', '.join(cut)}")
    return found


def check(
    store: AnyPath | None = None,
    files: Sequence[AnyPath] = (),
    *,
    rule_dirs: Sequence[Path] = (),
    rule_params: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[pl.DataFrame, list[str]]:
    """Gives the verdict of each rule about configuration, the worst first, and what was assumed.

    Args:
        store: Folder of the store; its sessions and imported configuration count. None: the files alone.
        files: Exports that stand in for the imported ones.
        rule_dirs: Folders with further rules.
        rule_params: New values of rule parameters by rule id.

    Shape: one row per finding, or per rule without one: state (finding, nothing found, not evaluated), severity,
        rule_id, title, server, connector_id, summary, missing, advice, hit_count, first_at, last_at.

    Raises:
        InputError: A file holds no configuration.
        StoreError: There is no store, or it is of another version.
        UsageError: There is nothing to check.
    """
    import polars as pl

    if store is None and not files:
        raise UsageError("nothing to check", "check-config", "give export files, or --store with imported ones")
    exported = read_exports(files)
    dirs = [*rule_dirs, *([Path(store) / "rules"] if store else [])]
    rules = [rule for rule in load_rules(dirs, rule_params) if rule.class_ in JUDGED and _is_about(rule.needs)]
    rows: list[dict[str, Any]] = []
    with _beside(store, exported, whole=True) as con:
        have = available(con)
        for rule in rules:
            told = {"rule_id": rule.id, "title": rule.title, "advice": rule.advice, "severity": rule.severity}
            if missing := lacking(rule, have):
                rows.append({**told, "state": "not evaluated", "missing": ", ".join(missing)})
                continue
            found = run(Here(con), rule)
            rows += [{**told, **{name: finding[name] for name in FINDING}, "state": "finding"} for finding in found]
            if not found:
                rows.append({**told, "state": "nothing found"})
    states = ("finding", "nothing found", "not evaluated")
    rows.sort(key=lambda row: (states.index(row["state"]), -SEVERITIES.index(row["severity"]), row["rule_id"]))
    return pl.from_dicts(rows, schema=VERDICT), exported.notes


def connectors(store: AnyPath) -> pl.DataFrame:
    """Gives the Receive connectors of the imported configuration with what their sessions show, busiest first."""
    return ask(store, "config_connector")


def choices(store: AnyPath, state: str = "", limit: int = 1000) -> pl.DataFrame:
    """Gives which connector should have taken sessions and which did, per server, connector and client network.

    Args:
        store: Folder of the store.
        state: Only this: agrees, differs, no connector matches, no configuration. Empty: all.
        limit: At most this many rows.
    """
    return ask(store, "connector_choice", state=state, limit=limit)


def what_if(
    store: AnyPath,
    receive_connectors: Sequence[AnyPath] = (),
    *,
    min_tls: str = "",
    require_auth: Sequence[str] = (),
) -> WhatIf:
    r"""Replays recorded sessions that had mail taken against edited configuration.

    Args:
        store: Folder of the store.
        receive_connectors: Edited exports of Get-ReceiveConnector; they stand in for all connectors of their servers.
        min_tls: Lowest TLS version that is still spoken: 1.0, 1.1, 1.2 or 1.3.
        require_auth: Connectors (`Name` or `SERVER\Name`) that take mail after a logon only.

    Raises:
        InputError: A file holds no Receive connectors.
        StoreError: There is no store, or it is of another version.
        UsageError: Nothing is changed, or a connector or TLS version is not known.
    """
    with _replayed(store, receive_connectors, min_tls, require_auth) as (con, notes):
        changes = con.sql(question("what_if_change")).pl()
        left_out = con.sql(question("what_if_left_out")).pl()
        replayed = con.execute("select count(*) from replayed where left_out is null").fetchall()[0][0]
    return WhatIf(changes, left_out, replayed, notes)


def what_if_sessions(
    store: AnyPath,
    receive_connectors: Sequence[AnyPath] = (),
    *,
    row: Mapping[str, Any],
    min_tls: str = "",
    require_auth: Sequence[str] = (),
    limit: int = 10_000,
) -> pl.DataFrame:
    """Gives the sessions that a row of `WhatIf.changes` or `WhatIf.left_out` counts, newest first.

    Args:
        store: Folder of the store.
        receive_connectors: As in `what_if`.
        row: The row; of one of `left_out` the reason alone.
        min_tls: As in `what_if`.
        require_auth: As in `what_if`.
        limit: At most so many.

    Raises:
        InputError: A file holds no Receive connectors.
        StoreError: There is no store, or it is of another version.
        UsageError: Nothing is changed, or a connector or TLS version is not known.
    """
    with _replayed(store, receive_connectors, min_tls, require_auth) as (con, _):
        asked = {name: row.get(name) for name in OF_ROW}
        found: pl.DataFrame = con.sql(question("what_if_session"), params={**asked, "limit": limit}).pl()
    return found


@contextlib.contextmanager
def _replayed(
    store: AnyPath, receive_connectors: Sequence[AnyPath], min_tls: str, require_auth: Sequence[str]
) -> Iterator[tuple[Any, list[str]]]:
    """Gives a connection whose table `replayed` has a row per session that had mail taken, and what was assumed."""
    if not receive_connectors and not min_tls and not require_auth:
        raise UsageError("nothing is changed", "what-if", "give --receive-connectors, --min-tls or --require-auth")
    if min_tls and min_tls not in TLS_VERSIONS:
        raise UsageError(f"no TLS version '{min_tls}'", "--min-tls", f"choose one of {', '.join(TLS_VERSIONS)}")
    exported = read_exports(receive_connectors)
    if receive_connectors and not exported.rows.get("receive_connector"):
        raise InputError("no Receive connectors in the files", hint="give the output of Get-ReceiveConnector")
    notes = exported.notes
    with _beside(store, exported, whole=False) as con:
        _check_names(con, require_auth)
        if exported.rows:
            notes += _removed(con)
        params = {
            "is_edited": bool(exported.rows),
            "min_tls": TLS_VERSIONS.index(min_tls) if min_tls else 0,
            "require_auth": [name.lower() for name in require_auth],
        }
        _derive(con, "replayed", _with(question("what_if"), params))
        yield con, notes


def _is_about(needs: Sequence[str]) -> bool:
    return any(need.partition("/")[0] in (*EXPORTS, "connector_choice") for text in needs for need in text.split("|"))


def _with(sql: str, params: Mapping[str, Any]) -> str:
    """Writes values in place of `$name`: a table cannot be made of a prepared question."""
    for name, value in params.items():
        text = ", ".join(map(stores.literal, value)) if isinstance(value, list) else stores.literal(value)
        sql = sql.replace(f"${name}", f"[{text}]" if isinstance(value, list) else text)
    return sql


@contextlib.contextmanager
def _beside(store: AnyPath | None, exported: Exported, whole: bool) -> Iterator[Any]:
    """Opens the store, or an empty one, with exported configuration in place of the imported.

    Args:
        store: Folder of the store, or None.
        exported: What stands in; nothing: the store as it is.
        whole: All configuration comes from the exports; else that of servers they do not name stays.
    """
    with contextlib.ExitStack() as stack:
        if store is None:
            con = stack.enter_context(parquet.scratch(Path(tempfile.gettempdir())))
            stores.create_events(con, [])
            for table in (LOG_FILE, REJECT, REPLY_CLASS):
                stores.create_table(con, table)
            build(con)
        else:
            con = stack.enter_context(stores.reading(store))
        if exported.rows:
            _replace(con, exported, whole)
        yield con


def _replace(con: Any, exported: Exported, whole: bool) -> None:
    for name in EXPORTS:
        rows = exported.rows.get(name, [])
        if not whole and name != "receive_connector" and not rows:
            continue
        if not whole and name == "receive_connector":
            kept = con.sql("select * from receive_connector").pl().to_dicts()
            rows = rows + [row for row in kept if row["server"] not in exported.servers()]
        stores.stand_in(con, TABLES[name], rows)
    _derive(con, "seen_address", "select remote_ip, local_ip from session group by remote_ip, local_ip")
    for model in models():
        if model.name in REBUILT:
            _derive(con, model.name, model.sql)


def _derive(con: Any, name: str, sql: str) -> None:
    """Makes a temporary table of a query, before the table of that name.

    Raises:
        StoreError: The store lacks a table or column that the query needs.
    """
    try:
        con.execute(f'create or replace temp table "{name}" as {sql}')
    except Exception as error:
        text = str(error).splitlines()[0]
        raise StoreError(f"the store is of another version: {text}", name, "ingest again into it") from error


def _check_names(con: Any, names: Sequence[str]) -> None:
    known = {
        text
        for (text,) in con.execute(
            "select connector_key from connector union select connector_id from session where direction = 'receive'"
        ).fetchall()
        if text
    }
    folded = {text.lower() for text in known} | {text.lower().rsplit("\\", 1)[-1] for text in known}
    for name in names:
        if name.lower() not in folded:
            some = ", ".join(sorted(known)[:12]) or "none"
            raise UsageError(f"no connector '{name}'", "--require-auth", f"known: {some}")


def _removed(con: Any) -> list[str]:
    """Says which connectors took mail and are not in the edited files."""
    found = con.execute(
        """
        select distinct s.connector_id from session s
        where s.direction = 'receive' and s.accepted_count > 0 and s.service <> 'delivery'
            and s.connector_id is not null and s.server in (select server from connector)
            and not exists (select 1 from connector c where c.server = s.server
                and lower(c.name) = lower(regexp_extract(s.connector_id, '[^\\\\]*$')))
        order by s.connector_id"""
    ).fetchall()
    names = [name for (name,) in found]
    said = "took mail and are not in the files (they count as removed; give all connectors of a server)"
    return [f"{said}: {', '.join(names)}"] if names else []


FINDING = ("severity", "server", "connector_id", "summary", "hit_count", "first_at", "last_at")
VERDICT: Any = [
    "state", "severity", "rule_id", "title", "server", "connector_id", "summary", "missing", "advice", "hit_count",
    "first_at", "last_at",
]  # fmt: skip
