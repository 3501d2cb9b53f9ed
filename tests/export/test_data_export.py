"""Tables as files: the same rows in each form, inert in a spreadsheet, all or nothing."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from click.testing import Result

from tracelens import store
from tracelens.export import data
from tracelens.query import describe

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
Call = Callable[..., Result]


def handed(call: Call, folder: Path, form: str, *more: object) -> Path:
    """Exports into a folder of the form's name."""
    done = call("export", "data", "--store", folder, "--out", form, "--form", form, *more)
    assert done.exit_code == 0, done.output
    return Path(form).absolute()


def counts(folder: Path) -> dict[str, int]:
    names = sorted(set(describe(folder)["table_name"]) - {"segment"})
    return {name: store.ask(folder, f"select count(*) from {name}").item() for name in names}


def test_parquet_holds_all_rows_of_all_tables(call: Call, sample_store: Path) -> None:
    out = handed(call, sample_store, "parquet")
    frames = {path.stem: pl.read_parquet(path) for path in out.iterdir()}
    assert {name: frame.height for name, frame in frames.items()} == counts(sample_store)
    question = "select * from leg order by leg_key"
    assert frames["leg"].sort("leg_key").equals(store.ask(sample_store, question))
    assert frames["message"].schema["message_bytes"] == pl.Int64
    assert (
        frames["message"]["message_bytes"].sum()
        == store.ask(sample_store, "select sum(message_bytes)::bigint from message").item()
    )


def test_the_result_says_what_was_written(call: Call, sample_store: Path) -> None:
    done = call("export", "data", "--store", sample_store, "--out", "p", "--table", "leg", "--table", "hop")
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["leg", "hop"]
    assert lines[2].split()[1] == str(counts(sample_store)["leg"])
    assert "writing leg" in done.stderr


def test_a_lake_has_a_folder_per_day_and_loses_no_row(call: Call, sample_store: Path) -> None:
    out = handed(call, sample_store, "lake")
    for name, count in counts(sample_store).items():
        files = list((out / name).rglob("*.parquet"))
        assert sum(pl.read_parquet(file, hive_partitioning=False).height for file in files) == count, name
    events = pl.scan_parquet(out / "smtp_event", hive_partitioning=True).collect()
    assert events["day"].cast(pl.Date).equals(events["date_time"].dt.date().alias("day"))
    assert sorted(path.name for path in (out / "hop").iterdir()) == ["day=2026-03-02"]
    assert [path.name for path in (out / "log_file").iterdir()] == ["data_0.parquet"]


def test_an_empty_table_keeps_its_columns_in_a_lake(call: Call, sample_store: Path) -> None:
    out = handed(call, sample_store, "lake", "--table", "hop", "--since", "2030-01-01")
    frame = pl.read_parquet(next((out / "hop").rglob("*.parquet")), hive_partitioning=False)
    assert frame.height == 0
    assert "hop_key" in frame.columns


def test_csv_has_one_header_and_the_same_rows_however_it_is_cut(
    call: Call, sample_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = (handed(call, sample_store, "csv", "--table", "hop") / "hop.csv").read_bytes()
    monkeypatch.setattr(data, "BATCH", 7)
    assert (handed(call, sample_store, "csv", "--table", "hop", "--force") / "hop.csv").read_bytes() == whole
    rows = list(csv.DictReader(whole.decode().splitlines()))
    assert len(rows) == counts(sample_store)["hop"]
    assert {row["kind"] for row in rows} >= {"receive", "deliver"}


def test_csv_starts_no_formula_and_shows_hidden_characters(call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "EX01" / "TransportRoles" / "Logs" / "FrontEnd" / "ProtocolLog" / "SmtpReceive"
    folder.mkdir(parents=True)
    head = (
        "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP Receive Protocol Log\r\n"
        "#Date: 2026-03-02T08:00:00.000Z\r\n"
        "#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n"
    )
    said = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "EHLO \u202eanna", "EHLO \x1b[31m"]
    rows = [
        f"2026-03-02T08:00:0{n}.000Z,EX01\\Default Frontend EX01,08D1,{n},10.0.0.1:25,192.0.2.9:41,<,{text},\r\n"
        for n, text in enumerate(said)
    ]
    (folder / "RECV2026030208-1.LOG").write_bytes((head + "".join(rows)).encode())
    assert call("ingest", tmp_path / "EX01", "--store", "S").exit_code == 0
    text = (handed(call, Path("S"), "csv") / "smtp_event.csv").read_text(encoding="utf-8")
    cells = [cell for row in csv.reader(text.splitlines()) for cell in row]
    assert [cell for cell in cells if cell[:1] in ("=", "+", "-", "@")] == []
    assert {"'=cmd|' /C calc'!A0", "'+1+1", "'-2+3", "'@SUM(1)"} <= set(cells)
    assert "\x1b" not in text
    assert "\u202e" not in text
    ecs = (handed(call, Path("S"), "ecs", "--table", "smtp_event") / "smtp_event.ndjson").read_bytes()
    assert ecs.isascii()
    assert b"\x1b" not in ecs
    assert "EHLO \u202eanna" in [json.loads(line)["message"] for line in ecs.splitlines()]


def test_the_duckdb_file_stands_alone_with_events_as_tables(call: Call, sample_store: Path) -> None:
    out = handed(call, sample_store, "duckdb")
    assert [path.name for path in out.iterdir()] == ["tracelens.duckdb"]
    with duckdb.connect(str(out / "tracelens.duckdb"), read_only=True) as con:
        kinds = dict(con.execute("select table_name, table_type from information_schema.tables").fetchall())
        assert set(kinds.values()) == {"BASE TABLE"}
        held = {name: con.execute(f'select count(*) from "{name}"').fetchall()[0][0] for name in kinds}
        assert held == counts(sample_store)
        told = dict(con.execute("select table_name, comment from duckdb_tables()").fetchall())
        assert told["tracking_event"] == "one row per tracking row"
        (about,) = con.execute(
            "select comment from duckdb_columns() where table_name = 'smtp_event' and column_name = 'service'"
        ).fetchall()
        assert "frontend" in about[0]


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def leaves(row: dict[str, Any], lead: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        found |= leaves(value, f"{lead}{name}.") if isinstance(value, dict) else {lead + name: value}
    return found


def test_ecs_events_carry_documented_names_and_no_empty_field(call: Call, sample_store: Path) -> None:
    out = handed(call, sample_store, "ecs")
    documented = set(
        re.findall(r"`(@timestamp|message|[a-z_]+(?:\.[a-z_]+)+)`", DOC.partition("## Events under ECS")[2])
    )
    for name in ("smtp_event", "tracking_event"):
        rows = [leaves(row) for row in lines_of(out / f"{name}.ndjson")]
        assert len(rows) == counts(sample_store)[name]
        used = {leaf for row in rows for leaf in row}
        assert used - documented == set()
        assert [row for row in rows if any(value in (None, "", [], {}) for value in row.values())] == []
        assert all(re.fullmatch(r"2026-03-02T\d\d:\d\d:\d\d\.\d{3}Z", row["@timestamp"]) for row in rows)


def test_ecs_source_is_the_client_whichever_side_wrote_the_log(call: Call, sample_store: Path) -> None:
    rows = [leaves(row) for row in lines_of(handed(call, sample_store, "ecs") / "smtp_event.ndjson")]
    for row in rows:
        if row["event.action"] == "connect":
            assert row["destination.port"] in (25, 465, 475, 587, 717, 2525)
    commands = {row["event.action"] for row in rows}
    assert {"connect", "disconnect", "note", "reply", "ehlo", "mail-from", "rcpt-to", "quit"} <= commands
    denied = [row for row in rows if "denied" in row["event.type"]]
    assert denied
    assert {row["event.outcome"] for row in denied} == {"failure"}
    sender = next(row for row in rows if row["event.action"] == "mail-from" and "petra@example.com" in row["message"])
    assert sender["email.sender.address"] == "petra@example.com"


def test_ecs_tracking_events_tell_the_mail(call: Call, sample_store: Path) -> None:
    rows = [leaves(row) for row in lines_of(handed(call, sample_store, "ecs") / "tracking_event.ndjson")]
    row = next(r for r in rows if r["event.action"] == "deliver" and r["email.message_id"].startswith("3ca41d2700ff"))
    assert row["email.from.address"] == ["petra@example.com"]
    assert row["email.from.domain"] == ["example.com"]
    assert row["email.subject"] == "Re: Delivery note, order 4711"
    assert "@contoso.com" in row["email.to.address"][0]
    assert row["event.outcome"] == "success"
    assert row["log.file.path"].endswith(".LOG")


@pytest.mark.parametrize("form", ["parquet", "lake", "csv", "duckdb", "ecs"])
def test_nothing_is_overwritten_unless_forced(call: Call, sample_store: Path, form: str) -> None:
    words = ("--table", "smtp_event")
    out = handed(call, sample_store, form, *words)
    target = next(out.iterdir())
    mark = target / "mine" if target.is_dir() else target
    mark.write_bytes(b"mine")
    again = call("export", "data", "--store", sample_store, "--out", form, "--form", form, *words)
    assert again.exit_code == 2
    assert "--force" in again.stderr
    assert mark.read_bytes() == b"mine"
    handed(call, sample_store, form, *words, "--force")
    assert not mark.exists() or mark.read_bytes() != b"mine"
    assert [path.name for path in out.iterdir()] == [target.name]


@pytest.mark.parametrize("form", ["parquet", "lake", "csv", "duckdb", "ecs"])
def test_a_failure_half_way_leaves_nothing(call: Call, sample_store: Path, tmp_path: Path, form: str) -> None:
    shutil.copytree(sample_store, "broken")
    lost = store.ask("broken", "select path from segment where table_name = 'tracking_event'")["path"][0]
    (Path("broken") / lost).unlink()
    words = ("--table", "smtp_event", "--table", "tracking_event")
    done = call("export", "data", "--store", "broken", "--out", "out", "--form", form, *words)
    assert done.exit_code == 3
    assert "the export fails" in done.stderr
    assert "writing tracking_event" in done.stderr
    assert list(Path("out").iterdir()) == []


def test_a_window_cuts_rows_by_time_and_keeps_the_ledger(call: Call, sample_store: Path) -> None:
    window = ("--since", "2026-03-02 09:00:00", "--until", "2026-03-02 10:00:00")
    out = handed(call, sample_store, "parquet", *window)
    events = pl.read_parquet(out / "smtp_event.parquet")
    question = (
        "select count(*) from smtp_event where date_time >= '2026-03-02 09:00' and date_time < '2026-03-02 10:00'"
    )
    assert 0 < events.height == store.ask(sample_store, question).item() < counts(sample_store)["smtp_event"]
    assert pl.read_parquet(out / "log_file.parquet").height == counts(sample_store)["log_file"]
    rows = lines_of(handed(call, sample_store, "ecs", *window) / "smtp_event.ndjson")
    assert len(rows) == events.height


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--out", "x", "--table", "nothing"), 2, "no table 'nothing'"),
        (("--out", "x", "--form", "ecs", "--table", "hop"), 2, "has no ECS names"),
        (("--out", "/proc/nowhere"), 4, "cannot be written"),
        (("--out", "file"), 2, "is a file"),
    ],
)
def test_a_wrong_request_is_refused_in_words(
    call: Call, sample_store: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    Path("file").write_bytes(b"")
    done = call("export", "data", "--store", sample_store, *words)
    assert done.exit_code == code
    assert said in done.stderr
    assert not Path("x").exists()


def test_the_store_itself_is_no_place_for_an_export(call: Call, sample_store: Path) -> None:
    before = sorted(sample_store.rglob("*"))
    for out in (sample_store, sample_store / "segments" / "more"):
        done = call("export", "data", "--store", sample_store, "--out", out)
        assert done.exit_code == 2
        assert "inside the store" in done.stderr
    assert sorted(sample_store.rglob("*")) == before


def test_a_folder_with_signs_that_sql_minds_is_written(call: Call, sample_store: Path) -> None:
    for form in ("parquet", "lake", "duckdb"):
        out = f"it's, {form} [1]*" + ("?" if form != "duckdb" else "")
        done = call("export", "data", "--store", sample_store, "--out", out, "--form", form, "--table", "leg")
        assert done.exit_code == 0, done.output
        assert len(list(Path(out).iterdir())) == 1
    refused = call("export", "data", "--store", sample_store, "--out", "what?", "--form", "duckdb")
    assert (refused.exit_code, "question mark" in refused.stderr) == (2, True)


def test_every_part_of_the_command_has_help(call: Call) -> None:
    for words in (("export",), ("export", "trace"), ("export", "data")):
        text = call(*words, "--help").stdout
        assert "--help" in text
        for line in re.findall(r"^  (--[a-z-]+.*)$", text, flags=re.M):
            assert len(line.split("  ")) > 1 or len(line) > 20, line
