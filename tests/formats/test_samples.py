"""Each format is recognised by its samples, and each sample reads to one event."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracelens.discover import recognise
from tracelens.formats import LogFormat, formats
from tracelens.pipeline import ingest
from tracelens.store import ask


@pytest.mark.parametrize("described", formats().values(), ids=lambda entry: entry.name)
def test_samples_are_recognised_and_read(tmp_path: Path, described: LogFormat) -> None:
    place = tmp_path / described.name.replace("_", "-") / "sample.log"
    place.parent.mkdir()
    place.write_text("".join(line + "\r\n" for line in described.samples), encoding="utf-8", newline="")
    found = recognise(place)
    assert found.format is described
    ingest([place], tmp_path / "S")
    times = ask(tmp_path / "S", f"select date_time from {described.table.name} order by line_number")["date_time"]
    assert [f"{time.isoformat(timespec='milliseconds')}Z" for time in times] == [s[:24] for s in described.samples]
