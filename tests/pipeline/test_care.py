"""`tracelens store`: looking after a store changes no row that should stay."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from click.testing import Result

from tests.pipeline.stores import content, differences
from tests.pipeline.test_ingest import HEADER, ROLE, conversation, ledger, sessions, write
from tracelens import store
from tracelens.detect import Rulebook
from tracelens.pipeline import ingest

pytestmark = pytest.mark.usefixtures("few_rules")

Call = Callable[..., Result]
EXPORT = """Timestamp,ServerHostname,Source,EventId,InternalMessageId,MessageId,Recipients,Sender,SourceContext
2026-03-02T08:00:00Z,EX01,SMTP,RECEIVE,1,<m1@example.com>,anna@contoso.com bob@contoso.com,b@example.com,
"""


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three logs of two days; the last one spans both."""
    out = tmp_path_factory.mktemp("logs")
    write(out / ROLE / "RECV-1.LOG", 1)
    for name, days in (("RECV-2.LOG", ("03",)), ("RECV-3.LOG", ("02", "03"))):
        log = write(out / ROLE / name, 2 + len(days))
        rows = log.read_text(encoding="utf-8").removeprefix(HEADER)
        log.write_text(HEADER + "".join(rows.replace("03-02T", f"03-{day}T") for day in days), encoding="utf-8")
    return out


@pytest.fixture(scope="module")
def made(few_rules: Rulebook, logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of these logs, in three ingests."""
    folder = tmp_path_factory.mktemp("made") / "S"
    for log in sorted(logs.rglob("*.LOG")):
        ingest([log], folder, workers=1)
    return folder


@pytest.fixture
def mine(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "S")
    return tmp_path / "S"


def segments(folder: Path) -> list[str]:
    return store.ask(folder, "select distinct path from segment order by path")["path"].to_list()


def test_info_says_what_the_store_weighs(call: Call, made: Path) -> None:
    told = json.loads(call("store", "info", "--store", made, "--format", "jsonl").stdout)
    assert (told["files"], told["events"], told["segments"], told["first_day"]) == (3, 16, 4, "2026-03-02")
    assert told["bytes_of_segments"] == sum((made / path).stat().st_size for path in segments(made))
    assert "schema version" in call("store", "info", "--store", made).stdout


def test_joined_segments_hold_the_same_rows_and_give_the_same_tables(call: Call, made: Path, mine: Path) -> None:
    done = call("store", "compact", "--store", mine)
    assert done.exit_code == 0, done.output
    assert len(segments(mine)) == 2
    assert differences(mine, made) == {}
    assert call("store", "verify", "--store", mine).stdout == "the store is whole\n"


def test_pruned_days_are_gone_and_do_not_come_back(call: Call, logs: Path, mine: Path, tmp_path: Path) -> None:
    done = call("store", "prune", "--before", "2026-03-03", "--store", mine, "--format", "jsonl")
    assert json.loads(done.stdout)["events_dropped"] == 8
    assert ledger(mine) == {
        "RECV-1.LOG": ("pruned", "4 events before 2026-03-03 pruned"),
        "RECV-2.LOG": ("ingested", None),
        "RECV-3.LOG": ("ingested", "4 events before 2026-03-03 pruned"),
    }
    assert store.ask(mine, "select distinct cast(date_time as date) as day from smtp_event").rows()[0][0].day == 3
    assert content(mine)["session"].height == 2
    assert ingest([logs], mine, workers=1).generation == "tracelens-000004.duckdb"
    copied = shutil.copytree(logs, tmp_path / "copied")
    later = conversation(9).replace("03-02T", "03-03T").replace("\n", "\r\n").encode()
    grown = copied / ROLE / "RECV-4.LOG"  # a pruned log, grown under another name
    grown.write_bytes((logs / ROLE / "RECV-1.LOG").read_bytes() + later)
    account = ingest([copied], mine, workers=1)
    assert store.ask(mine, "select count(*) from smtp_event where date_time < '2026-03-03'").item() == 0
    assert sum(row["pruned_count"] for row in account.kinds) == 8
    assert call("store", "verify", "--store", mine).exit_code == 0


def test_a_store_built_anew_is_the_same(call: Call, made: Path, mine: Path) -> None:
    assert call("store", "rebuild", "--store", mine).exit_code == 0
    assert differences(mine, made) == {}
    assert store.generation(mine) == "tracelens-000004.duckdb"


def test_verify_finds_what_was_changed_behind_its_back(call: Call, mine: Path) -> None:
    first, second, *_ = (mine / path for path in segments(mine))
    first.write_bytes(first.read_bytes() + b"x")
    second.unlink()
    store.release()
    with duckdb.connect(str(mine / str(store.generation(mine)))) as con:
        con.execute("update log_file set event_count = event_count + 1 where path like '%RECV-2.LOG'")
    done = call("store", "verify", "--store", mine, "--format", "jsonl")
    assert done.exit_code == 1
    faults = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(Path(row["where"]).name, row["what"]) for row in faults][:2] == [
        (first.name, "has another checksum than when it was written"),
        (second.name, "is missing"),
    ]
    assert {"has 5 events in the ledger and 4 in the segments", "has lines that are not accounted for"} <= {
        row["what"] for row in faults
    }


@pytest.mark.parametrize("verb", ["info", "verify", "compact", "rebuild"])
def test_no_verb_makes_a_store_where_there_is_none(call: Call, tmp_path: Path, verb: str) -> None:
    done = call("store", verb, "--store", tmp_path / "none")
    assert done.exit_code == 3 and "no store at" in done.stderr
    assert not (tmp_path / "none").exists()


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x55
    path.write_bytes(content)


def test_a_log_replaced_among_others_leaves_a_whole_store(call: Call, logs: Path, tmp_path: Path) -> None:
    shutil.copytree(logs, tmp_path / "logs")
    for numbers in ((1,), (7,)):
        write(tmp_path / "logs" / ROLE / "RECV-1.LOG", *numbers)
        ingest([tmp_path / "logs"], tmp_path / "S", workers=1)
    verified = call("store", "verify", "--store", tmp_path / "S")
    assert (verified.exit_code, verified.stdout) == (0, "the store is whole\n")


def test_rebuild_reads_the_logs_of_damaged_segments_again(call: Call, made: Path, mine: Path) -> None:
    lost, changed = (mine / path for path in segments(mine)[:2])
    lost.unlink()
    damage(changed)
    refused = call("store", "compact", "--store", mine)
    assert refused.exit_code == 3 and "is missing" in refused.stderr and "tracelens store rebuild" in refused.stderr
    told = call("store", "verify", "--store", mine)
    assert told.exit_code == 1 and "2 faults; tracelens store rebuild" in told.stderr
    assert lost.name in told.stdout and changed.name in told.stdout
    assert call("store", "rebuild", "--store", mine).exit_code == 0
    assert call("store", "verify", "--store", mine).exit_code == 0
    assert differences(mine, made) == {}


def test_rebuild_goes_on_without_rows_that_are_lost_for_good_only_when_told(
    call: Call, logs: Path, mine: Path, tmp_path: Path
) -> None:
    log = logs / ROLE / "RECV-1.LOG"
    only = store.ask(
        mine, "select path from segment where file_id = (select file_id from log_file where path = $1)", [str(log)]
    )
    damage(mine / only.item())
    shutil.move(log, tmp_path / "away")
    try:
        refused = call("store", "rebuild", "--store", mine)
        assert refused.exit_code == 3
        assert f"rows of 1 file are damaged or missing and the logs are gone, first '{log}'" in refused.stderr
        assert call("store", "rebuild", "--without-lost", "--store", mine).exit_code == 0
        assert call("store", "verify", "--store", mine).exit_code == 0
        assert ledger(mine)["RECV-1.LOG"][0] == "failed"
    finally:
        shutil.move(tmp_path / "away", log)


def test_rebuild_takes_rows_from_a_copy_of_a_log_that_is_gone(call: Call, logs: Path, tmp_path: Path) -> None:
    shutil.copytree(logs, tmp_path / "logs")
    log = tmp_path / "logs" / ROLE / "RECV-1.LOG"
    packed = log.with_name("RECV-1.LOG.gz")
    packed.write_bytes(gzip.compress(log.read_bytes()))
    (tmp_path / "logs" / "export.csv").write_text(EXPORT, encoding="utf-8")
    ingest([tmp_path / "logs"], tmp_path / "S", workers=1)
    log.unlink()
    damaged, held = segments(tmp_path / "S"), sessions(tmp_path / "S")
    for path in damaged:
        damage(tmp_path / "S" / path)
    told = call("store", "verify", "--store", tmp_path / "S")
    assert (told.exit_code, told.stdout.count("another checksum")) == (1, len(damaged))
    assert call("store", "rebuild", "--store", tmp_path / "S").exit_code == 0
    assert call("store", "verify", "--store", tmp_path / "S").exit_code == 0
    assert ledger(tmp_path / "S")["RECV-1.LOG"] == ("ingested", None)
    assert sessions(tmp_path / "S") == held


def test_the_way_back_that_is_told_when_the_pointer_or_the_live_database_is_lost_works(
    call: Call, logs: Path, made: Path, mine: Path
) -> None:
    (mine / "CURRENT").unlink()
    for words in (("findings",), ("ingest", logs)):
        told = call(*words, "--store", mine)
        assert told.exit_code == 3
        assert "CURRENT is missing, but databases are here" in told.stderr
        assert "write 'tracelens-000003.duckdb', which is here, into CURRENT" in told.stderr
    (mine / "CURRENT").write_text("tracelens-000003.duckdb", encoding="ascii")
    assert call("store", "verify", "--store", mine).exit_code == 0
    live = mine / "tracelens-000003.duckdb"
    live.write_bytes(live.read_bytes()[: live.stat().st_size // 2])
    for words in (("findings",), ("ingest", logs), ("store", "verify")):
        told = call(*words, "--store", mine)
        assert told.exit_code == 3
        assert "write 'tracelens-000002.duckdb', which is here, into CURRENT" in told.stderr
    (mine / "CURRENT").write_text("tracelens-000002.duckdb", encoding="ascii")
    ingest([logs], mine, workers=1)
    assert differences(mine, made) == {}


def test_a_damaged_database_that_is_not_live_any_more_stands_in_nobody_s_way(made: Path, mine: Path) -> None:
    (mine / "tracelens-000002.duckdb").write_bytes(b"nothing of the kind")
    store.tidy(mine)
    assert sorted(path.name for path in mine.glob("*.duckdb")) == ["tracelens-000003.duckdb"]
    assert differences(mine, made) == {}
