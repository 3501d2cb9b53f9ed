"""A case file: chosen paths and findings with their conversations and log rows, in one archive that tells if altered.

`manifest.json` names every member with its SHA-256; `verify` recomputes them.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tracelens import __version__, query
from tracelens.casepage import Case, Row, case_html
from tracelens.errors import InputError, QueryError, UsageError
from tracelens.pseudonym import Tokens
from tracelens.render import dump
from tracelens.rulebook import load_rules
from tracelens.veil import Veil

MANIFEST = "manifest.json"
QUESTIONS = (
    "path", "hop", "leg", "gap", "case_finding", "case_session", "case_smtp", "case_tracking", "case_file",
    "case_coverage",
)  # fmt: skip
STAMP = (1980, 1, 1, 0, 0, 0)
BLOCK_BYTES = 1 << 20


def gather(
    store: query.Store,
    messages: Sequence[str],
    findings: Sequence[str],
    *,
    rule_dirs: Sequence[Path] = (),
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    limit: int = 20_000,
) -> Case:
    """Collects what a case file of the given messages and findings holds, names as logged.

    Args:
        store: Folder of the store.
        messages: Keys or message-ids.
        findings: Keys.
        rule_dirs: Folders with further rules, for the SQL of their findings.
        overrides: Parameters of rules by rule id.
        limit: At most this many log rows of each kind.

    Raises:
        QueryError: The store has no such message or finding.
        StoreError: There is no store.
    """
    found = query.ask(store, "case_finding", findings=list(dict.fromkeys(findings))).to_dicts()
    if missing := set(findings) - {row["finding_key"] for row in found}:
        raise QueryError(f"no finding '{min(missing)}'", hint="keys: tracelens findings --format csv")
    paths = [query.path(store, key) for key in dict.fromkeys(key_of(store, text) for text in messages)]
    keys = [path.message["message_key"] for path in paths]
    since, until = _window([*found, *(path.message for path in paths)])
    wanted: dict[str, Any] = {"messages": keys, "findings": [row["finding_key"] for row in found]}
    span: dict[str, Any] = {"since": since, "until": until, "limit": limit + 1}
    sessions = query.ask(store, "case_session", **wanted, **span).to_dicts()
    talk = [row["session_key"] for row in sessions]
    tables: dict[str, list[Row]] = {
        "finding": found,
        "message": [path.message for path in paths],
        "hop": [{"message_key": key, **row} for key, path in zip(keys, paths, strict=True) for row in path.hops],
        "leg": [{"message_key": key, **row} for key, path in zip(keys, paths, strict=True) for row in path.legs],
        "gap": [{"message_key": key, **row} for key, path in zip(keys, paths, strict=True) for row in path.gaps],
        "session": sessions,
        "smtp_event": query.ask(store, "case_smtp", **wanted, **span, sessions=talk).to_dicts(),
        "tracking_event": query.ask(store, "case_tracking", **wanted, **span).to_dicts(),
    }
    cut = [name for name in ("session", "smtp_event", "tracking_event") if len(tables[name]) > limit]
    for name in cut:
        tables[name] = tables[name][:limit]
    tables["log_file"] = _numbered(store, tables)
    covered = query.ask(store, "case_coverage", since=since + timedelta(days=1), until=until - timedelta(days=1))
    tables["coverage"] = covered.to_dicts()
    sql = {name: query.question(name) for name in QUESTIONS}
    named = {row["rule_id"] for row in found}
    for rule in load_rules(rule_dirs, overrides):
        if rule.id in named:
            told = "".join(f"-- ${name} = {value!r}\n" for name, value in rule.params.items())
            sql[f"rule-{rule.id}"] = f"-- Rule '{rule.title}'.\n{told}{rule.sql.strip()}\n"
    return Case(tables, sql, is_plain=True, cut=cut)


def key_of(store: query.Store, text: str) -> str:
    """Gives the key of the message that a key or a message-id names.

    Raises:
        QueryError: There is none, or more than one.
    """
    found = query.search(store, message_id=text, noise=True, limit=2).to_dicts()
    exact = [row for row in found if text in (row["message_key"], row["message_id"], f"<{row['message_id']}>")]
    if len(exact or found) != 1:
        what = "no message" if not found else "more than one message matches"
        raise QueryError(f"{what} '{text}'", hint="give the message_key or the whole message-id")
    return str((exact or found)[0]["message_key"])


def _window(rows: Sequence[Row]) -> tuple[datetime, datetime]:
    spans = [query.around(row) for row in rows]
    return min(span["since"] for span in spans), max(span["until"] for span in spans)


def _numbered(store: query.Store, tables: dict[str, list[Row]]) -> list[Row]:
    """Gives the files of the rows, numbered; the rows name the number. The store's file-id would tell the path."""
    ids = {row["file_id"] for name in ("smtp_event", "tracking_event") for row in tables[name]}
    ids |= {place["file_id"] for row in tables["finding"] for place in row["evidence"] or ()}
    files = query.ask(store, "case_file", files=sorted(ids)).to_dicts()
    numbers = {row["file_id"]: at for at, row in enumerate(files, 1)}
    for name in ("smtp_event", "tracking_event"):
        tables[name] = [{"file_number": numbers.get(row.pop("file_id")), **row} for row in tables[name]]
    for row in tables["finding"]:
        places = row["evidence"] or ()
        row["evidence"] = [
            {"file_number": numbers.get(place["file_id"]), "line_number": place["line_number"]} for place in places
        ]
    return [{"file_number": numbers[row.pop("file_id")], **row} for row in files]


def veiled(case: Case, tokens: Tokens) -> Case:
    """Gives the same case with names, addresses and subjects replaced."""
    veil = Veil(tokens)
    tables = {name: veil.rows(rows) for name, rows in case.tables.items() if name != "finding"}
    ours = {f"rule-{rule.id}": rule.sql.strip() for rule in load_rules()}
    sql = {
        name: text if not name.startswith("rule-") or text.rstrip().endswith(ours.get(name, "\0"))
        else "-- The SQL of a rule of one's own is left out: it may hold names.\n"
        for name, text in case.sql.items()
    }  # fmt: skip
    return Case({"finding": veil.findings(case.tables["finding"]), **tables}, sql, is_plain=False, cut=case.cut)


def write(case: Case, out: Path) -> str:
    """Writes a case file; gives the SHA-256 of its manifest.

    Raises:
        UsageError: The file exists already, or its folder does not.
    """
    members = {"case.html": case_html(case).encode()}
    for name, rows in case.tables.items():
        members[f"data/{name}.jsonl"] = b"".join(json.dumps(json.loads(dump(row))).encode() + b"\n" for row in rows)
    for name, text in sorted(case.sql.items()):
        members[f"sql/{name}.sql"] = text.encode()
    manifest = dump(
        {
            "tool": "tracelens",
            "version": __version__,
            "created_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "names": "as logged" if case.is_plain else "pseudonymised",
            "cut": case.cut,
            "rows": {name: len(rows) for name, rows in case.tables.items()},
            "members": [
                {"name": name, "size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
                for name, content in members.items()
            ],
        }
    )
    try:
        with out.open("xb") as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in {MANIFEST: manifest, **members}.items():
                archive.writestr(zipfile.ZipInfo(name, STAMP), content, zipfile.ZIP_DEFLATED)
    except FileExistsError as error:
        raise UsageError(f"'{out}' exists already", hint="name a new file with --out") from error
    except OSError as error:
        raise UsageError(f"'{out}' cannot be written: {error.strerror}") from error
    return hashlib.sha256(manifest).hexdigest()


def verify(path: Path) -> tuple[list[Row], str]:
    """Compares the members of a case file with its manifest.

    Shape: one row per member: member, state (same, altered, added, missing), sha256; and the manifest's SHA-256.

    Raises:
        InputError: The file is no case file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [entry.filename for entry in archive.infolist()]
            raw = archive.read(MANIFEST) if archive.getinfo(MANIFEST).file_size < 64 * BLOCK_BYTES else b""
            listed = json.loads(raw)["members"]
            told = {str(row["name"]): (str(row["sha256"]), int(row["size_bytes"])) for row in listed}
            rows = []
            for name in dict.fromkeys(names):
                if name == MANIFEST and names.count(name) == 1:
                    continue
                if name not in told or names.count(name) > 1:
                    rows.append({"member": name, "state": "added", "sha256": None})
                    continue
                digest = _digest(archive, name, told[name][1])
                state = "same" if digest == told[name][0] else "altered"
                rows.append({"member": name, "state": state, "sha256": digest})
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise InputError(f"'{path}' is no case file", hint="it holds no readable manifest.json") from error
    rows += [{"member": name, "state": "missing", "sha256": None} for name in told if name not in names]
    return rows, hashlib.sha256(raw).hexdigest()


def _digest(archive: zipfile.ZipFile, name: str, size: int) -> str | None:
    """Gives the SHA-256 of a member; None when it cannot be unpacked or is larger than told."""
    digest, count = hashlib.sha256(), 0
    try:
        with archive.open(name) as stream:
            while block := stream.read(BLOCK_BYTES):
                count += len(block)
                if count > size:
                    return None
                digest.update(block)
    except (OSError, zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError):
        return None
    except Exception as error:  # zlib.error is of no common base
        if type(error).__name__ != "error":
            raise
        return None
    return digest.hexdigest()
