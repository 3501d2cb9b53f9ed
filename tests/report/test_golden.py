"""What the reports say about the sample. Approve a change by reading the diff: --snapshot-update."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

Call = Callable[..., Result]
BEFORE, NOON = ("--since", "2026-03-02T10:00:00"), ("--until", "2026-03-02T12:00:00")


class TextFile(SingleFileSnapshotExtension):
    """One readable text file per snapshot."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.mark.parametrize(
    "words",
    [
        ("digest",),
        ("digest", *BEFORE, *NOON),
        ("relay",),
        ("relay", *BEFORE, "--compare-since", "2026-03-02T08:00:00"),
        ("decommission",),
        ("decommission", "--server", "EX01"),
        ("decommission", "--client", "10.0.20.0/24"),
        ("tls",),
        ("auth",),
        ("latency",),
        ("connectors",),
        ("volume",),
    ],
    ids=lambda words: "_".join(word.removeprefix("--") for word in words).replace(":", "").replace("/", "_"),
)
def test_a_report(call: Call, sample_store: Path, snapshot: SnapshotAssertion, words: tuple[str, ...]) -> None:
    result = call("report", *words, "--store", sample_store)
    assert result.exit_code == 0, result.output
    assert result.stdout.replace("\r\n", "\n") == snapshot.use_extension(TextFile)
