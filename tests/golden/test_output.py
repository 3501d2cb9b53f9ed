"""What the commands print about the sample, in every form. Approve a change by reading the diff: --snapshot-update."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import Result
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

Call = Callable[..., Result]
FAILED = "e7c990375a1f55720fa3b583b405@example.com"
DELIVERED = "a97c9b24878435bc375ed76291b2@fabrikam.com"
GROUP = "select message_key from leg where status = 'expanded' order by 1"


class TextFile(SingleFileSnapshotExtension):
    """One readable text file per snapshot."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def golden(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(TextFile)


def said(result: Result, store: Path) -> str:
    assert result.exit_code == 0, result.output
    root = str(Path(__file__).parents[2])
    return result.stdout.replace(str(store), "STORE").replace(root, "ROOT").replace("\r\n", "\n")


def key(call: Call, store: Path, question: str) -> str:
    return str(call("sql", question, "--store", store, "--format", "csv").stdout.splitlines()[1])


@pytest.mark.parametrize(
    "words",
    [
        ("trace", FAILED),
        ("trace", FAILED, "--raw"),
        ("trace", FAILED, "--format", "json"),
        ("trace", FAILED, "--format", "csv"),
        ("trace", FAILED, "--compare", DELIVERED),
        ("trace", FAILED, "--compare", DELIVERED, "--format", "json"),
        ("trace", "--sender", "nadia.costa"),
        ("trace", "--sender", "contoso.com", "--limit", "3", "--format", "jsonl"),
        ("findings",),
        ("findings", "--class", "proxy", "--severity", "high", "--format", "csv"),
        ("rules",),
        ("status",),
        ("schema",),
        ("schema", "hop"),
        ("sql", "select kind, count(*) as hops from hop group by kind order by kind"),
    ],
    ids=lambda words: (
        "_".join(words)
        .replace("--", "")
        .replace(FAILED, "failed")
        .replace(DELIVERED, "delivered")
        .replace(" ", "_")[:60]
        .replace("*", "")
    ),
)
def test_output(call: Call, sample_store: Path, golden: SnapshotAssertion, words: tuple[str, ...]) -> None:
    assert said(call(*words, "--store", sample_store), sample_store) == golden


def test_a_path_that_forks(call: Call, sample_store: Path, golden: SnapshotAssertion) -> None:
    assert said(call("trace", key(call, sample_store, GROUP), "--store", sample_store), sample_store) == golden


def test_a_conversation_with_a_silence(call: Call, sample_store: Path, golden: SnapshotAssertion) -> None:
    question = "select session_id from session where longest_silence_ms > 100000 order by 1"
    assert said(call("session", key(call, sample_store, question), "--store", sample_store), sample_store) == golden


def test_parquet_holds_the_same_rows_as_the_table(call: Call, sample_store: Path) -> None:
    question = "select message_key, recipient_address, status from leg order by 1, 2"
    raw = call("sql", question, "--store", sample_store, "--format", "parquet").stdout_bytes
    frame: Any = pl.read_parquet(io.BytesIO(raw))
    rows = call("sql", question, "--store", sample_store, "--format", "jsonl").stdout.splitlines()
    assert frame.height == len(rows)
    assert frame.columns == ["message_key", "recipient_address", "status"]
