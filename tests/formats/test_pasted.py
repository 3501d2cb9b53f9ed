"""Logs as people paste, grep or save them anew: each row that can be made whole is read, and what was mended is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tracelens.charset import decode
from tracelens.discover import recognise
from tracelens.formats import Source
from tracelens.schema import SMTP_FIELDS

FRONT = "EX01\\Default Frontend EX01,08DC0000000000A1"
ROWS = (
    f"2026-03-02T08:00:00.000Z,{FRONT},0,192.0.2.1:25,198.51.100.7:4100,+,,",
    f"2026-03-02T08:00:00.100Z,{FRONT},1,192.0.2.1:25,198.51.100.7:4100,*,SMTPSubmit SMTPAcceptAnyRecipient,Set Session Permissions",
    f"2026-03-02T08:00:00.200Z,{FRONT},2,192.0.2.1:25,198.51.100.7:4100,>,220 ready,",
)
WRAPPED = [ROWS[0], *ROWS[1].replace("SMTPSubmit ", "SMTPSubmit\n").split("\n"), ROWS[2]]
PASTES: dict[str, tuple[Callable[[], str], str]] = {
    "wrapped below a whole row": (lambda: "\n".join(WRAPPED), "wrapped lines joined"),
    "entities": (lambda: "\n".join(ROWS).replace(",>,", ",&gt;,"), "HTML entities"),
    "bullets": (lambda: "\n".join(f"* {line}" for line in WRAPPED), "marks or numbers before lines"),
    "findstr": (lambda: "\n".join(f"RECV2026030208-1.LOG:{row}" for row in ROWS), "marks or numbers before lines"),
    "Select-String": (lambda: "\n".join(f"C:\\x y\\R.LOG:{n}:{r}" for n, r in enumerate(ROWS)), "marks or numbers"),
    "no width before": (lambda: "\n".join(f"\u200b{row}" for row in ROWS), "by its columns"),
    "syslog": (lambda: "\n".join(f"<134>Mar  2 09:00:09 ex01 exchange: {row}" for row in ROWS), "marks or numbers"),
    "semicolons below a header": (
        lambda: "\n".join(["#Log-type: SMTP Receive Protocol Log;;", *(row.replace(",", ";") for row in ROWS)]),
        "tabs or semicolons",
    ),
}


@pytest.mark.parametrize("done", PASTES)
def test_a_paste_gives_its_rows_and_says_what_was_mended(tmp_path: Path, done: str) -> None:
    write, said = PASTES[done]
    place = tmp_path / "paste.txt"
    place.write_text(write() + "\n", encoding="utf-8")
    described = recognise(place).format
    assert described is not None and described.parse is not None
    found = described.parse(Source(decode(place.read_bytes())[0], place.name))
    assert [row["event"] for row in found.rows] == ["+", "*", ">"]
    assert found.rows[1]["data"] == "SMTPSubmit SMTPAcceptAnyRecipient"
    assert said in found.assumed
    assert found.rejects == {}


def test_prose_around_whole_rows_leaves_them_to_the_strict_reader(tmp_path: Path) -> None:
    place = tmp_path / "paste.txt"
    place.write_text("\n".join([*ROWS, "What is wrong?"]) + "\n", encoding="utf-8")
    found = recognise(place)
    assert found.format is not None and found.format.name == "smtp_receive"


def test_a_log_that_another_tool_wrote_anew_is_read_by_its_names(tmp_path: Path) -> None:
    names = "event;date_time;session-id;data;context;connector-id;remote-endpoint;Host"
    rows = [row.split(",") for row in ROWS]
    text = f"{names}\n" + "".join(f'"{r[6]}";{r[0]};{r[2]};{r[7]};{r[8]};{r[1]};{r[5]};x\n' for r in rows) + "junk\n"
    place = tmp_path / "export.csv"
    place.write_text(text, encoding="utf-8")
    described = recognise(place).format
    assert described and described.name == "smtp_receive_csv" and described.parse
    parsed = described.parse(Source(text, "export.csv"))
    assert "".join(parsed.lines) == "heeer"
    assert [(row["server"], row["event"], row["data"], row["remote_port"], row["extra"]) for row in parsed.rows] == [
        ("EX01", r[6], r[7] or None, 4100, '{"host": "x"}') for r in rows
    ]
    assert parsed.rows[1]["context"] == "Set Session Permissions"
    place.write_text(",".join(SMTP_FIELDS) + "\n" + "\n".join(ROWS) + "\n", encoding="utf-8")
    assert (found := recognise(place).format) and found.name == "smtp_receive"
