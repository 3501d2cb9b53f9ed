"""The store's doors: who may come in, what may be asked, and what stays while others write."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline.stores import an_hour
from tests.pipeline.test_ingest import ROLE, write
from tracelens import store
from tracelens.detect import Rulebook
from tracelens.errors import QueryError, StoreBusyError, StoreError
from tracelens.pipeline import ingest
from tracelens.schema import SMTP_EVENT, TRACKING_EVENT

pytestmark = pytest.mark.usefixtures("few_rules")
HOLDER = """
import sys
from tracelens.pipeline import ingest


def on_progress(progress):
    if progress.stage == "detect":
        print("holding", flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    ingest(sys.argv[2:], sys.argv[1], on_progress=on_progress)
"""
SMALL_DISK = """
import resource, sys
from tracelens.errors import StoreError
from tracelens.pipeline import ingest

if __name__ == "__main__":
    limit = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        ingest(sys.argv[3:], sys.argv[2])
    except StoreError as error:
        print(error.what)
"""


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One hour of logs of two servers."""
    return an_hour(tmp_path_factory.mktemp("estate"))


@pytest.fixture(scope="module")
def made(few_rules: Rulebook, estate: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "store"
    ingest([estate], folder)
    return folder


@pytest.fixture
def untouched(made: Path) -> Iterator[Path]:
    """The store, with a check that no file of it came, went or changed."""

    def files() -> dict[str, tuple[int, int]]:
        return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in made.rglob("*")}

    before = files()
    yield made
    assert files() == before


def count(folder: Path) -> tuple[int, int]:
    asked = "select (select count(*) from smtp_event), (select count(*) from tracking_event)"
    smtp, tracking = store.ask(folder, asked).row(0)
    assert smtp > 0 and tracking > 0
    return smtp, tracking


def test_a_second_ingest_is_told_which_process_holds_the_store_and_works_afterwards(tmp_path: Path) -> None:
    logs = [write(tmp_path / name / ROLE.relative_to("EX01") / "RECV-1.LOG", 1) for name in ("EX01", "EX02")]
    words = [sys.executable, "-c", HOLDER, str(tmp_path / "store"), str(logs[0])]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin is not None and holder.stdout is not None
        assert holder.stdout.readline() == "holding\n"
        with pytest.raises(StoreBusyError, match=rf"process {holder.pid}\b"):
            ingest([logs[1]], tmp_path / "store", wait_s=0.3)
        holder.stdin.write("go on\n")
        holder.stdin.close()
        assert holder.wait(60) == 0
    assert ingest([logs[1]], tmp_path / "store", wait_s=0).generation == "tracelens-000002.duckdb"
    assert store.ask(tmp_path / "store", "select count(distinct server) from log_file").item() == 2


@pytest.mark.parametrize(
    "sql",
    [
        "copy (select 1) to '{store}/segments/x.csv'",
        "copy (select 1) to '{store}/segments/x.parquet' (format parquet)",
        "explain analyze copy (select 1) to '{store}/segments/x.csv'",
        "export database '{store}/segments/x'",
        "attach '{store}/segments/x.db'",
        "attach ':memory:' as other",
        "install json",
        "load json",
        "update extensions",
        "pragma database_list",
        "set threads = 1",
        "set variable x = 1",
        "create table x (i int)",
        "create temp table x as select 1",
        "create macro x(i) as i",
        "insert into log_file select * from log_file",
        "with x as (delete from log_file returning *) select * from x",
        "drop table log_file",
        "call enable_logging()",
        "select * from enable_logging(storage = 'file', storage_path = '{store}/segments/log')",
        "select 1; select 2",
        "select 1; copy (select 1) to '{store}/segments/x.csv'",
        "",
        "  \n ",
        "-- nothing",
        "selekt 1",
        "select * from nowhere",
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "select * from read_blob('/etc/passwd')",
        "select * from read_json('/etc/passwd')",
        "select * from sniff_csv('/etc/passwd')",
        "select * from glob('/*')",
        "from '/etc/passwd'",
        "from '{estate}/truth.parquet'",
        "select * from read_parquet('{estate}/truth.parquet')",
        "select * from parquet_metadata('{estate}/truth.parquet')",
        "select * from read_text('{store}/segments/../CURRENT')",
        "select * from query('copy (select 1) to ''{store}/segments/x.csv''')",
    ],
)
def test_sql_from_outside_is_refused(estate: Path, untouched: Path, sql: str) -> None:
    with pytest.raises(QueryError):
        store.ask(untouched, sql.replace("{store}", str(untouched)).replace("{estate}", str(estate)))


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) from range(1000000) a, range(1000000) b, range(1000) c where a.range + b.range = c.range",
        "with recursive r as (select 1 as i union all select i + 1 from r) select count(*) from r",
    ],
)
def test_a_question_that_runs_too_long_is_stopped(untouched: Path, sql: str) -> None:
    with pytest.raises(QueryError, match=r"stopped after 0\.3 s"):
        store.ask(untouched, sql, timeout_s=0.3)


def test_every_table_that_is_listed_can_be_selected_from(untouched: Path) -> None:
    names = store.ask(untouched, "select distinct table_name from information_schema.tables")["table_name"].to_list()
    assert {"smtp_event", "tracking_event", "log_file", "reject", "session", "message", "hop", "finding"} <= {*names}
    for name in names:
        for question in (f"select * from {name}", f"describe {name}"):
            assert store.ask(untouched, question).width > 0


def test_readers_of_one_process_do_not_shut_each_other_out(untouched: Path) -> None:
    failed: list[Exception] = []

    def ask() -> None:
        try:
            for _ in range(5):
                count(untouched)
        except Exception as error:
            failed.append(error)

    with store.reading(untouched) as con:
        askers = [threading.Thread(target=ask) for _ in range(4)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        assert con.sql("select count(*) from smtp_event").fetchall() == [(count(untouched)[0],)]
    assert failed == []


def test_a_store_moved_elsewhere_answers_as_before(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "here")
    shutil.move(tmp_path / "here", tmp_path / "it's [there] now")
    assert count(tmp_path / "it's [there] now") == count(made)


def test_two_generations_are_kept_and_an_open_reader_keeps_its_answers(estate: Path, tmp_path: Path) -> None:
    tracking, hub, front_end = (
        estate / "EX01/TransportRoles/Logs" / kind for kind in ("MessageTracking", "Hub", "FrontEnd")
    )
    ingest([tracking, front_end], tmp_path / "store")
    before = count(tmp_path / "store")
    with store.reading(tmp_path / "store") as con:
        ingest([hub], tmp_path / "store")
        asked = "select (select count(*) from smtp_event), (select count(*) from tracking_event)"
        assert con.sql(asked).fetchall() == [before]
    assert count(tmp_path / "store") > before
    ingest([front_end], tmp_path / "store", server="EX09")
    names = [path.name for path in sorted((tmp_path / "store").glob("*.duckdb"))]
    assert names == ["tracelens-000002.duckdb", "tracelens-000003.duckdb"]


@pytest.mark.parametrize("kind", ["MessageTracking", "Hub"])
def test_both_event_tables_are_there_when_only_one_kind_of_log_was_read(
    estate: Path, tmp_path: Path, kind: str
) -> None:
    ingest(estate.glob(f"EX01/TransportRoles/Logs/{kind}"), tmp_path / "store")
    for table in (SMTP_EVENT, TRACKING_EVENT):
        described = store.ask(tmp_path / "store", f"describe {table.name}").select("column_name", "column_type").rows()
        assert described == [(column.name, column.type) for column in table.columns]
    full = "tracking_event" if kind == "MessageTracking" else "smtp_event"
    for name in ("smtp_event", "tracking_event"):
        assert (store.ask(tmp_path / "store", f"select count(*) from {name}").item() > 0) == (name == full)


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files as Unix does")
@pytest.mark.parametrize("limit", [4000, 200_000], ids=["segments", "the database"])
def test_the_published_state_stays_when_the_disk_has_no_room_for(
    made: Path, tmp_path: Path, limit: int, estate: Path
) -> None:
    shutil.copytree(made, tmp_path / "store")
    more = tmp_path / "logs" / "EX03" / "TransportRoles"
    shutil.copytree(estate / "EX01" / "TransportRoles", more)
    for log in more.rglob("*.LOG"):
        log.write_bytes(log.read_bytes().replace(b"EX01", b"EX03"))
    words = [sys.executable, "-c", SMALL_DISK, str(limit), str(tmp_path / "store"), str(tmp_path / "logs")]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert told.startswith("the store cannot be written")
    assert count(tmp_path / "store") == count(made)
    assert [path.name for path in (tmp_path / "store").glob("*.duckdb*")] == ["tracelens-000001.duckdb"]


@pytest.mark.parametrize("name", ["a,b", "what?"])
def test_a_folder_that_duckdb_cannot_work_in_is_refused(estate: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError, match="comma or a question mark"):
        ingest([estate], tmp_path / name)
    assert not (tmp_path / name).exists()
