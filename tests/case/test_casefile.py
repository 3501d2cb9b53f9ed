"""A case file holds what was chosen and where it stands, hides names, and tells if it was altered."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tracelens import __version__, store
from tracelens.pipeline import ingest

from .conftest import Pair
from .test_disguise import KEPT, named_in, originals

Call = Callable[..., Result]
CHOSEN = "select message_key from message where hop_count >= 4 and status = 'delivered' order by 1 limit 1"
WORDS = {"office", "scanner", "info"}
"""Words of rules (advice, severity) that are somebody's local part or host as well."""


def first(folder: Path, sql: str) -> str:
    return str(store.ask(folder, sql).rows()[0][0])


def read(path: Path, name: str) -> list[dict[str, Any]]:
    with zipfile.ZipFile(path) as archive:
        return [json.loads(line) for line in archive.read(f"data/{name}.jsonl").splitlines()]


@pytest.fixture
def made(call: Call, pair: Pair, tmp_path: Path) -> Path:
    findings = [str(row[0]) for row in store.ask(pair.store, "select finding_key from finding order by 1").rows()]
    words = [word for key in findings[:12] for word in ("--finding", key)]
    done = call(
        "case", "create", "--message", first(pair.store, CHOSEN), *words, "--out", "x.zip", "--key", pair.key,
        "--store", pair.store,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return tmp_path / "x.zip"


def test_a_row_of_the_case_is_the_row_of_the_file(call: Call, pair: Pair, tmp_path: Path) -> None:
    key = first(pair.store, CHOSEN)
    done = call("case", "create", "--message", key, "--out", "p.zip", "--plain", "--store", pair.store)
    assert done.exit_code == 0, done.output
    files = {row["file_number"]: row for row in read(tmp_path / "p.zip", "log_file")}
    events, tracked = read(tmp_path / "p.zip", "smtp_event"), read(tmp_path / "p.zip", "tracking_event")
    assert len(tracked) >= 3 and len(events) > 40
    for row in events + tracked:
        content = Path(files[row["file_number"]]["path"]).read_bytes()
        line = content.splitlines()[row["line_number"] - 1].decode()
        assert row.get("session_id", row.get("event_id")) in line
        assert row["date_time"][:23] in line
        told = hashlib.blake2b(content, digest_size=16).hexdigest()
        assert files[row["file_number"]]["content_hash"] == told
    hops = read(tmp_path / "p.zip", "hop")
    assert len(hops) >= 4
    assert {row["message_key"] for row in hops} == {key}
    assert {row["session_key"] for row in events} == {row["session_key"] for row in read(tmp_path / "p.zip", "session")}
    assert not list(tmp_path.glob("*.key")), "a case with names as logged needs no key"


def test_the_case_says_what_asked_and_what_is_covered(made: Path) -> None:
    with zipfile.ZipFile(made) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        names = set(archive.namelist())
        for member in manifest["members"]:
            assert hashlib.sha256(archive.read(member["name"])).hexdigest() == member["sha256"]
        rules = {row["rule_id"] for row in read(made, "finding")}
        for rule in rules:
            assert "select" in archive.read(f"sql/rule-{rule}.sql").decode()
    assert names == {"manifest.json", *(member["name"] for member in manifest["members"])}
    assert {"sql/hop.sql", "sql/case_session.sql", "case.html"} <= names
    assert manifest["version"] == __version__
    assert manifest["names"] == "pseudonymised"
    assert {row["log"] for row in read(made, "coverage")} >= {"smtp_receive", "smtp_send", "message_tracking"}


def test_no_original_is_in_a_pseudonymised_case(made: Path, pair: Pair, tmp_path: Path) -> None:
    with zipfile.ZipFile(made) as archive:
        archive.extractall(tmp_path / "x")
    shutil.rmtree(tmp_path / "x" / "sql")
    assert named_in(tmp_path / "x", originals(pair.store)) - KEPT - WORDS == set()
    message = read(made, "message")[0]
    sender = first(pair.store, f"select sender_address from message where message_key = '{first(pair.store, CHOSEN)}'")
    assert message["sender_address"] == pair.tokens.mail(sender)


def test_a_token_of_a_case_is_revealed_by_its_map(call: Call, made: Path, pair: Pair) -> None:
    token = read(made, "message")[0]["sender_address"]
    shown = call("pseudonymise", "--reveal", token, "--key", pair.key)
    assert "@" in shown.stdout and shown.stdout.strip() != token


def test_an_untouched_case_is_as_in_its_manifest(call: Call, made: Path) -> None:
    done = call("case", "verify", made)
    assert done.exit_code == 0, done.output
    assert "members are as in the manifest" in done.stdout


def repack(path: Path, change: Callable[[str, bytes], bytes | None], more: dict[str, bytes] | None = None) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            if (new := change(name, content)) is not None:
                archive.writestr(name, new)
        for name, content in (more or {}).items():
            archive.writestr(name, content)


def test_what_was_altered_added_or_taken_away_is_told(call: Call, made: Path) -> None:
    def change(name: str, content: bytes) -> bytes | None:
        if name == "data/leg.jsonl":
            return content.replace(b"delivered", b"failed")
        return None if name == "data/gap.jsonl" else content

    repack(made, change, {"data/extra.jsonl": b"{}"})
    done = call("case", "verify", made)
    assert done.exit_code == 1
    assert [line for line in done.stdout.splitlines() if ": data/" in line] == [
        "altered: data/leg.jsonl",
        "added: data/extra.jsonl",
        "missing: data/gap.jsonl",
    ]
    told = [json.loads(line) for line in call("case", "verify", made, "--format", "jsonl").stdout.splitlines()]
    assert {row["member"]: row["state"] for row in told if row["state"] != "same"} == {
        "data/leg.jsonl": "altered",
        "data/extra.jsonl": "added",
        "data/gap.jsonl": "missing",
    }


def test_damage_inside_the_archive_is_told(call: Call, made: Path) -> None:
    raw = bytearray(made.read_bytes())
    with zipfile.ZipFile(made) as archive:
        entry = archive.getinfo("case.html")
        raw[entry.header_offset + 30 + len("case.html") + entry.compress_size // 2] ^= 0xFF
    made.write_bytes(bytes(raw))
    done = call("case", "verify", made)
    assert done.exit_code == 1
    assert "altered: case.html" in done.stdout


def test_a_changed_manifest_shows_by_its_own_hash(call: Call, made: Path) -> None:
    before = re.search(r"SHA-256 of the manifest: (\w+)", call("case", "verify", made).stdout)
    repack(made, lambda name, content: content.replace(b"0.1", b"0.2") if name == "manifest.json" else content)
    after = re.search(r"SHA-256 of the manifest: (\w+)", call("case", "verify", made).stdout)
    assert before and after and before.group(1) != after.group(1)


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip"])
def test_what_is_no_case_file_is_refused(call: Call, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "y.zip").write_bytes(content)
    refused = call("case", "verify", "y.zip")
    assert refused.exit_code == 4
    assert "no case file" in refused.output


def test_unknown_keys_and_empty_cases_are_refused(call: Call, pair: Pair) -> None:
    for words, code, told in (
        (("--message", "nobody@example.com"), 1, "no message"),
        (("--finding", "0000"), 1, "no finding"),
        ((), 2, "a message or a finding"),
        (("--finding", "0000", "--plain", "--key", "a"), 2, "--plain"),
    ):
        refused = call("case", "create", *words, "--out", "x.zip", "--store", pair.store)
        assert refused.exit_code == code, refused.output
        assert told in refused.output


class Tags(HTMLParser):
    """Collects tags and the addresses they load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.loads += [str(value) for name, value in attrs if name in ("src", "href", "action") or name[:2] == "on"]


def test_hostile_text_is_inert_in_the_page(call: Call, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    row = (
        "2026-03-02T08:00:00.000Z,192.0.2.5,ex01,192.0.2.5,ex01,08DC0000000000A1;2026-03-02T08:00:00.000Z;0,"
        f"EX01\\Default EX01,SMTP,RECEIVE,4711,<a@example.com>,bob@contoso.com,{evil},2048,1,,,{evil}\x1b[31m\u202e,"
        "ann@example.com,ann@example.com,0cA: \r\n"
    )
    (tmp_path / "MSGTRK20260302-1.LOG").write_text("#Log-type: Message Tracking Log\r\n" + row, encoding="utf-8")
    ingest([tmp_path / "MSGTRK20260302-1.LOG"], tmp_path / "S", workers=1)
    words = ("case", "create", "--message", "a@example.com", "--out", "e.zip", "--plain", "--store", "S")
    done = call(*words)
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(tmp_path / "e.zip") as archive:
        page = archive.read("case.html").decode()
    seen = Tags()
    seen.feed(page)
    assert "&lt;script&gt;alert(1)" in page
    assert not seen.tags & {"script", "img", "iframe", "object", "link", "form"}
    assert seen.loads == []
    assert "\x1b" not in page and "\u202e" not in page
