"""Each format is recognised by its samples, and each sample reads to events."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracelens.discover import recognise
from tracelens.formats import LogFormat, Source, formats
from tracelens.pipeline import ingest
from tracelens.store import ask

pytestmark = pytest.mark.usefixtures("few_rules")

LOGS = [entry for entry in formats().values() if not entry.parse]
TEXTS = [(entry, number) for entry in formats().values() if entry.parse for number in range(len(entry.samples))]


@pytest.mark.parametrize("described", LOGS, ids=lambda entry: entry.name)
def test_samples_are_recognised_and_read(tmp_path: Path, described: LogFormat) -> None:
    place = tmp_path / described.name.replace("_", "-") / "sample.log"
    place.parent.mkdir()
    place.write_text("".join(line + "\r\n" for line in described.samples), encoding="utf-8", newline="")
    found = recognise(place)
    assert found.format is described
    ingest([place], tmp_path / "S")
    times = ask(tmp_path / "S", f"select date_time from {described.table.name} order by line_number")["date_time"]
    assert [f"{time.isoformat(timespec='milliseconds')}Z" for time in times] == [s[:24] for s in described.samples]


@pytest.mark.parametrize(("described", "number"), TEXTS, ids=[f"{entry.name}-{number}" for entry, number in TEXTS])
def test_a_sample_that_is_a_whole_file_is_recognised_and_read(
    tmp_path: Path, described: LogFormat, number: int
) -> None:
    place = tmp_path / "sample.txt"
    place.write_text(described.samples[number], encoding="utf-8", newline="")
    assert recognise(place).format is described
    assert described.parse is not None
    text = described.samples[number].replace("\r\n", "\n")
    parsed = described.parse(Source(text, place.name))
    assert parsed.rows and parsed.lines.count("e") > 0
    assert len(parsed.lines) == len(text.removesuffix("\n").split("\n"))
    assert sorted(parsed.rejects) == [line for line, kind in enumerate(parsed.lines, 1) if kind == "r"]


def test_every_text_format_has_samples_and_a_title() -> None:
    assert not [entry.name for entry in formats().values() if entry.parse and not (entry.samples and entry.title)]
