"""Stores of other versions of tracelens: an older one is brought up to date or refused, a newer one refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

import duckdb
import pytest
from click.testing import Result

from tests.pipeline.stores import differences
from tests.pipeline.test_ingest import ROLE, write
from tracelens import store
from tracelens.detect import Rulebook
from tracelens.errors import StoreError
from tracelens.pipeline import ingest
from tracelens.schema import SCHEMA_VERSION, TABLES

pytestmark = pytest.mark.usefixtures("few_rules")

Call = Callable[..., Result]
SHAPE = "2bcc8f48a9a5"


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("logs")
    write(out / ROLE / "RECV-1.LOG", 1, 2)
    write(out / ROLE / "RECV-2.LOG", 3)
    return out


@pytest.fixture(scope="module")
def made(few_rules: Rulebook, logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "S"
    ingest([logs], folder, workers=1)
    return folder


def database(folder: Path) -> str:
    return str(folder / str(store.generation(folder)))


def older(made: Path, folder: Path) -> Path:
    """Makes a store as the first version left it: without the columns of the ledger that came later."""
    shutil.copytree(made, folder)
    with duckdb.connect(database(folder), config={"file_search_path": str(folder)}) as con:
        con.execute("alter table ingest drop column schema_version")
        con.execute("alter table segment drop column checksum")
        for column in ("head_hash", "kept_in", "repeated_count", "pruned_before", "pruned_count"):
            con.execute(f"alter table log_file drop column {column}")
        con.execute("drop table duplicate")
    return folder


def without_a_column(folder: Path) -> None:
    """Writes the segments anew, under names of their own, without a column that this tracelens has."""
    for path in folder.rglob("*.parquet"):
        with duckdb.connect() as con:
            con.execute(f"create table e as select * exclude (context) from '{path}'")
            con.execute(f"copy e to '{path.with_name('old' + path.name)}' (format parquet)")
        path.unlink()
    with duckdb.connect(database(folder), config={"file_search_path": str(folder)}) as con:
        con.execute(r"update segment set path = regexp_replace(path, '([^/]+)$', 'old\1')")


def test_the_version_of_the_schema_grows_with_the_tables_of_events_and_the_ledger() -> None:
    shape = "\n".join(
        f"{table.name} {column.name} {column.type}"
        for table in TABLES.values()
        if table.kind != "derived"
        for column in table.columns
    )
    found = (SCHEMA_VERSION, blake2b(shape.encode(), digest_size=6).hexdigest())
    assert found == (2, SHAPE), "raise SCHEMA_VERSION (schema/ledger.py) and write the new hash down here"


def test_an_older_store_is_refused_to_readers_and_made_new_from_its_segments(
    call: Call, made: Path, tmp_path: Path
) -> None:
    folder = older(made, tmp_path / "S")
    for words in (("findings",), ("store", "verify"), ("store", "info")):
        done = call(*words, "--store", folder)
        assert done.exit_code == 3
        assert "older tracelens (schema 1, this one needs 2)" in done.stderr
        assert "tracelens store rebuild" in done.stderr
    assert call("store", "rebuild", "--store", folder).exit_code == 0
    assert set(differences(folder, made)) <= {"log_file"}
    assert call("store", "verify", "--store", folder).exit_code == 0


def test_an_older_store_whose_segments_lack_a_column_is_read_again_from_its_logs(
    logs: Path, made: Path, tmp_path: Path
) -> None:
    folder = older(made, tmp_path / "S")
    without_a_column(folder)
    account = ingest([logs / ROLE / "RECV-1.LOG"], folder, workers=1)
    assert account.new_files == 2
    assert differences(folder, made) == {}


def test_an_older_store_that_cannot_be_made_new_is_refused_as_it_is(
    call: Call, logs: Path, made: Path, tmp_path: Path
) -> None:
    folder = older(made, tmp_path / "S")
    without_a_column(folder)
    away = shutil.move(logs / ROLE / "RECV-2.LOG", tmp_path / "away")
    try:
        done = call("store", "rebuild", "--store", folder)
        assert done.exit_code == 3
        assert "1 of its files cannot be read again" in done.stderr and "put them back" in done.stderr
        assert store.generation(folder) == store.generation(made)
    finally:
        shutil.move(away, logs / ROLE / "RECV-2.LOG")


def test_a_newer_store_is_refused_and_left_alone(logs: Path, made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "S")
    with duckdb.connect(database(tmp_path / "S")) as con:
        con.execute("update ingest set schema_version = 99")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "S").rglob("*.*")}
    for use in (lambda: ingest([logs], tmp_path / "S"), lambda: store.ask(tmp_path / "S", "select 1")):
        with pytest.raises(StoreError, match="newer tracelens"):
            use()
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "S").rglob("*.*")} == before
