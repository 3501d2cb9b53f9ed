"""A lake in object storage: collectors that write to it, and stores that are built from it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import Result

from tests.pipeline.buckets import KEY, SECRET, Bucket, bucket
from tests.pipeline.stores import an_hour, differences
from tracelens import lakecare
from tracelens.care import compact, info, verify
from tracelens.collect import collect
from tracelens.detect import Rulebook
from tracelens.errors import StoreError
from tracelens.lakeside import ingest_lake
from tracelens.pipeline import BuildOptions, ingest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logs of which one file is left out, to come later."""
    place = tmp_path_factory.mktemp("hour")
    out = an_hour(place / "logs")
    shutil.move(sorted(out.rglob("MSGTRK*.LOG"))[0], place / "later.LOG")
    return out


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, logs: Path) -> Iterator[Bucket]:
    """A bucket that two collectors filled at once, with inputs that overlap."""
    inputs = sorted(logs.iterdir())
    with bucket(tmp_path_factory.mktemp("bucket")) as there:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda paths: collect(paths, there.uri(), workers=2), [inputs, inputs[::-1]]))
        yield there


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, served: Bucket, few_rules: Rulebook) -> Path:
    store = tmp_path_factory.mktemp("built") / "store"
    ingest_lake(served.uri(), store)
    return store


def listing(lake: Path) -> dict[str, bytes]:
    return {path.relative_to(lake).as_posix(): path.read_bytes() for path in lake.rglob("*") if path.is_file()}


def test_two_collectors_at_once_make_in_a_bucket_the_lake_that_one_makes_in_a_folder(
    tmp_path: Path, served: Bucket, logs: Path
) -> None:
    collect([logs], str(tmp_path / "lake"))
    assert listing(served.folder / "lake") == listing(tmp_path / "lake")
    assert lakecare.verify(served.uri()) == []


def test_a_store_on_a_bucket_has_the_tables_of_an_ingest_of_the_same_files(
    tmp_path: Path, logs: Path, built: Path, few_rules: Rulebook
) -> None:
    ingest([logs], tmp_path / "store")
    assert differences(built, tmp_path / "store") == {}
    assert verify(built) == []


def test_each_segment_is_copied_once_and_what_is_new_alone_after_that(
    tmp_path: Path, served: Bucket, logs: Path, built: Path, few_rules: Rulebook
) -> None:
    shutil.copytree(served.folder / "lake", served.folder / "grown")
    served.asked.clear()
    ingest_lake(served.uri("grown"), tmp_path / "store")
    first = served.segments_read()
    assert sorted(first) == sorted(f"grown/{name}" for name in listing(served.folder / "grown") if "segments" in name)
    log = tmp_path / "EX01" / "TransportRoles" / "Logs" / "MessageTracking" / "MSGTRK2024050109-1.LOG"
    log.parent.mkdir(parents=True)
    shutil.copy2(logs.parent / "later.LOG", log)
    collect([log], served.uri("grown"))
    served.asked.clear()
    ingest_lake(served.uri("grown"), tmp_path / "store")
    assert len(served.segments_read()) == 1
    assert not set(first) & set(served.segments_read())


def test_ingest_says_how_many_segments_it_copied(
    tmp_path: Path, served: Bucket, few_rules: Rulebook, call: Callable[..., Result]
) -> None:
    names = [name for name in listing(served.folder / "lake") if name.startswith("segments/")]
    told = call("ingest", "--lake", served.uri(), "--store", str(tmp_path / "store"))
    assert f"{len(names)} segments copied from the lake" in told.stdout + told.stderr


def test_a_copy_that_was_interrupted_is_ended_by_the_next_ingest(
    tmp_path: Path, served: Bucket, built: Path, few_rules: Rulebook
) -> None:
    served.asked.clear()
    served.most_reads = 3
    try:
        with pytest.raises(StoreError, match="cannot be read"):
            ingest_lake(served.uri(), tmp_path / "store")
    finally:
        served.most_reads = None
    assert not (tmp_path / "store" / "CURRENT").exists()
    ingest_lake(served.uri(), tmp_path / "store")
    assert len(served.segments_read()) == len(set(served.segments_read()))
    assert differences(tmp_path / "store", built) == {}


def test_credentials_that_are_wrong_are_told_with_what_to_do_and_never_shown(
    served: Bucket, logs: Path, call: Callable[..., Result]
) -> None:
    result = call("collect", str(logs), "--lake", served.uri(key="AKIASTRANGER"))
    assert result.exit_code == 3
    assert "AWS_ACCESS_KEY_ID" in result.stderr
    assert "AKIASTRANGER" not in result.stderr
    assert SECRET not in result.stderr


def test_an_endpoint_that_does_not_answer_is_told(logs: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="connect") as raised:
        ingest_lake(f"s3://{KEY}:{SECRET}@mail/lake?endpoint_override=127.0.0.1:1&scheme=http", tmp_path / "store")
    assert "endpoint_override" in str(raised.value.hint)


def test_a_bucket_that_is_not_there_is_told(served: Bucket, logs: Path) -> None:
    with pytest.raises(StoreError, match="written") as raised:
        collect([logs], served.uri().replace("@mail/", "@male/"), workers=1)
    assert "bucket" in str(raised.value.hint)


def test_a_store_knows_its_bucket_and_keeps_to_it(served: Bucket, built: Path, logs: Path, few_rules: Rulebook) -> None:
    assert str(info(built)["lake"]).startswith("s3://mail/lake")
    assert SECRET not in str(info(built)["lake"])
    with pytest.raises(StoreError, match="another lake"):
        ingest_lake(served.uri("elsewhere"), built)
    with pytest.raises(StoreError, match="those of the lake"):
        ingest([logs], built)
    with pytest.raises(StoreError, match="those of the lake"):
        compact(built, BuildOptions(None, few_rules), lambda _: None)


def test_a_store_with_logs_of_its_own_does_not_turn_to_a_bucket(served: Bucket, sample_store: Path) -> None:
    with pytest.raises(StoreError, match="logs of its own"):
        ingest_lake(served.uri(), sample_store)


def test_what_newer_states_replaced_is_deleted_from_a_bucket(tmp_path: Path, served: Bucket, logs: Path) -> None:
    log = tmp_path / "EX01" / "TransportRoles" / "Logs" / "MessageTracking" / "MSGTRK2024050109-1.LOG"
    log.parent.mkdir(parents=True)
    lines = (logs.parent / "later.LOG").read_bytes().splitlines(keepends=True)
    for kept in (lines[:-20], lines):
        log.write_bytes(b"".join(kept))
        collect([log], served.uri("tidied"))
    done = lakecare.tidy(served.uri("tidied"), 0)
    assert done["entries deleted"] == 1
    assert lakecare.verify(served.uri("tidied")) == []
    assert len(listing(served.folder / "tidied")) == 2
