"""`tracelens trace`: headers held against a store, two messages side by side, and where a search looked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from click.testing import Result

from tracelens import store as stores
from tracelens import told
from tracelens.simulate.headers import chains, headers

Call = Callable[..., Result]
ROOT = Path(__file__).parents[2]
FAILED = "e7c990375a1f55720fa3b583b405@example.com"


@pytest.fixture(scope="module")
def pasted() -> tuple[str, str]:
    """The message-id and the headers of a message of the sample that came from the Internet to a mailbox."""
    rows = pl.read_parquet(ROOT / "sample_logs" / "truth.parquet").to_dicts()
    message_id, hops = next(
        (key, hops) for key, hops in chains(rows) if [hop["kind"] for hop in hops] == ["receive", "proxy", "deliver"]
    )
    return message_id.strip("<>"), headers(message_id, "anna@contoso.com", hops, "15.2.1748.10")


def test_pasted_headers_find_their_message_and_are_confirmed(
    call: Call, sample_store: Path, pasted: tuple[str, str]
) -> None:
    before = stores.fingerprint(sample_store)
    done = call("trace", "--headers", "-", "--store", sample_store, stdin=pasted[1])
    assert done.exit_code == 0, done.output
    assert f"Message  {pasted[0]}" in done.stdout
    assert "3 lines, the first hand-over first: 3 confirmed" in done.stdout
    assert done.stdout.count("in the headers too") == 3
    assert stores.fingerprint(sample_store) == before
    assert stores.ask(sample_store, "select * from header_hop").is_empty()


def test_a_line_put_in_by_a_forger_is_not_confirmed(call: Call, sample_store: Path, pasted: tuple[str, str]) -> None:
    line = next(part for part in pasted[1].split("Received: ") if "Frontend" in part)
    forged = pasted[1].replace("From: ", f"Received: {line.replace(' via Frontend Transport', '')}From: ", 1)
    told = json.loads(call("trace", "--headers", "-", "--format", "json", "--store", sample_store, stdin=forged).stdout)
    assert [row["state"] for row in told["headers"]] == ["not confirmed", "confirmed", "confirmed", "confirmed"]
    assert "not the host in the header" in told["headers"][0]["reason"]
    assert {"schema", "latency", "usual"} <= set(told)


def test_headers_survive_how_they_were_passed_on(sample_store: Path, pasted: tuple[str, str]) -> None:
    lines = pasted[1].replace("\n ", " ").replace("Message-ID: ", "Message-ID:\n").splitlines()
    ways = {
        "quoted": "\n".join(f"> {line}" for line in lines),
        "indented": "\n".join(f"    {line}" for line in lines),
        "a blank line between": "\r\n\r\n".join(lines),
        "folded without indent": "\n".join(lines).replace(" with ", "\nwith ").replace("; ", ";\n"),
        "old line ends": "\r".join(lines),
    }
    for way, text in ways.items():
        (found,) = told.judge(sample_store, text.encode(), way)
        assert [line["state"] for line in found.lines] == ["confirmed"] * 3, way


def test_headers_of_an_unknown_message_say_so_and_where_it_looked(
    call: Call, sample_store: Path, pasted: tuple[str, str]
) -> None:
    text = pasted[1].replace(pasted[0], "unknown@example.com")
    done = call("trace", "--headers", "-", "--store", sample_store, stdin=text)
    assert done.exit_code == 0
    assert "no row of the store names this message" in done.stdout
    assert "EX01: message tracking (delivery, submission, transport); SMTP receive" in done.stdout
    assert "NOT CONFIRMED" in done.stdout


def test_text_without_a_received_line_is_an_input_error(call: Call, sample_store: Path) -> None:
    done = call("trace", "--headers", "-", "--store", sample_store, stdin="Subject: hello\n\nReceived nothing\n")
    assert done.exit_code == 4
    assert "no Received line" in done.stderr


def test_headers_and_a_search_are_one_too_many(call: Call, sample_store: Path) -> None:
    assert call("trace", "x", "--headers", "-", "--store", sample_store, stdin="").exit_code == 2


def test_hostile_headers_are_escaped(call: Call, sample_store: Path, pasted: tuple[str, str]) -> None:
    text = pasted[1].replace("mx1.example.com", "mx1\x1b[31m\u202e.example.com")
    done = call("trace", "--headers", "-", "--store", sample_store, stdin=text)
    assert done.exit_code == 0
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


def test_a_path_as_json_names_its_schema(call: Call, sample_store: Path) -> None:
    told = json.loads(call("trace", FAILED, "--format", "json", "--store", sample_store).stdout)
    assert (told["schema"], told["schema_version"]) == ("tracelens.path", 1)
    assert set(told) == {
        "schema", "schema_version", "message", "hops", "legs", "gaps", "headers", "ambiguous", "related", "coverage", "rows",
        "latency", "usual",
    }  # fmt: skip
    assert {row["server"] for row in told["coverage"]} == {"EX02"}


def test_a_failed_message_and_its_report_name_each_other(call: Call, sample_store: Path) -> None:
    (made,) = json.loads(call("trace", FAILED, "--format", "json", "--store", sample_store).stdout)["related"]
    assert (made["relation"], made["kind"]) == ("made", "dsn")
    told = call("trace", made["message_key"], "--store", sample_store).stdout
    assert f"Made by Exchange  report because of {FAILED} (failed)" in told


def test_every_key_of_the_json_is_described() -> None:
    text = (ROOT / "docs" / "paths.md").read_text(encoding="utf-8")
    for key in (
        "schema",
        "schema_version",
        "message",
        "hops",
        "legs",
        "gaps",
        "headers",
        "ambiguous",
        "coverage",
        "rows",
        "latency",
        "usual",
    ):
        assert f"`{key}`" in text.split("## The path as JSON")[1]


def test_two_messages_side_by_side_name_what_differs(call: Call, sample_store: Path) -> None:
    keys = stores.ask(
        sample_store,
        "select message_key from message where not is_noise and hop_count = 3 and origin_class = 'internet'"
        " and message_id is not null order by message_key limit 2",
    )["message_key"].to_list()
    done = call("trace", keys[0], "--compare", keys[1], "--store", sample_store, "--format", "json")
    rows = json.loads(done.stdout)["hops"]
    assert [row["kind"] for row in rows][:2] == ["receive", "proxy"]
    assert all(row["left"] and row["right"] for row in rows[:2])
    itself = json.loads(
        call("trace", keys[0], "--compare", keys[0], "--store", sample_store, "--format", "json").stdout
    )
    assert {row["difference"] for row in itself["hops"]} == {""}


def test_not_found_says_where_it_looked_and_what_it_could_not_see(call: Call, sample_store: Path) -> None:
    done = call("trace", "nobody@nowhere.example", "--since", "2020-01-01", "--store", sample_store)
    assert done.exit_code == 1
    assert "EX02: message tracking (delivery, submission, transport); SMTP receive" in done.stderr
    assert "the time asked for reaches beyond that" in done.stderr


def test_a_search_without_tracking_logs_says_what_that_hides() -> None:
    from datetime import datetime

    from tracelens.footing import looked_lines

    hour = datetime(2026, 3, 2, 8)
    held = [{"server": "EX09", "service": "frontend", "log": "smtp_receive", "first_hour": hour, "last_hour": hour}]
    told = "\n".join(looked_lines(held))
    assert "could not see: no message tracking" in told
    assert "no SMTP receive" not in told
    assert looked_lines([]) == ["the store holds no rows"]
