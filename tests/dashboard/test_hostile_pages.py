"""A stranger's text in every field of the store: each page shows it as text, hides nothing and stays small."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from tests.dashboard.conftest import HEADER
from tests.dashboard.test_pages import NAMES, opened
from tracelens import store as stores
from tracelens.pipeline import ingest
from tracelens.render import HIDDEN

ROOT = Path(__file__).parents[2]
HOSTILE = "=<img src=x onerror=alert(1)>[x](http://192.0.2.1)*b*:red[r]`c`$d$\x1b[31m\u202e"
LONG = HOSTILE + "A" * 100_000
MOST_CHARACTERS = 6_000
INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
ACTIVE = re.compile(r"(?<!\\)<img|(?<!\\)\]\(http|(?<!\\):red\[")  # HTML and Markdown without a backslash
LITERAL = ("text", "code", "html", "selectbox", "multiselect", "json")
# closed lists of our own, and what only joins rows: no log text stands in them
OURS = re.compile(
    r"_key$|_keys$|^(status|severity|class|service|direction|kind|basis|log|state|origin_class|join_name|from_kind|"
    r"to_kind|rule_id|signature_id|table_name|version|missing|event_id|source|subject_kind|actor|stage|unit)$"
)


@pytest.fixture(scope="session")
def hostile_store(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample store with hostile text before the text of every field, and a log with such text in its rows."""
    store = tmp_path_factory.mktemp("hostile") / "store"
    shutil.copytree(sample_store, store)
    logs = store.parent / "logs" / "EX09" / "TransportRoles" / "Logs" / "FrontEnd" / "ProtocolLog" / "SmtpReceive"
    logs.mkdir(parents=True)
    talk = ("+,,", f'<,"EHLO {HOSTILE}",', f'>,"550 5.7.1 {HOSTILE}",', f'*,,"{HOSTILE}"', "-,,Local")
    rows = [
        f'2026-03-02T09:00:0{at}.000Z,"EX09\\{HOSTILE}",08DEAAAAAAAAAAAA,{at},192.0.2.9:25,198.51.100.9:4100,{step}\r\n'
        for at, step in enumerate(talk)
    ]
    (logs / "RECV2026030209-1.LOG").write_text(HEADER + "".join(rows), encoding="utf-8", newline="")
    ingest([store.parent / "logs"], store, workers=1)
    with duckdb.connect(str(store / (store / "CURRENT").read_text().strip())) as con:
        for table, column, kind in con.execute(
            "select c.table_name, c.column_name, c.data_type from duckdb_columns() c join duckdb_tables() t "
            "on t.table_name = c.table_name and not t.temporary where c.data_type in ('VARCHAR', 'VARCHAR[]')"
        ).fetchall():
            if OURS.search(column) or table in ("segment", "ingest"):
                continue
            text = LONG if column == "message_subject" else HOSTILE
            value = f"$text || {column}" if kind == "VARCHAR" else f"list_transform({column}, lambda v: $text || v)"
            con.execute(f'update "{table}" set "{column}" = {value}', {"text": text})
    return store


def strings(message: Any) -> Iterator[str]:
    """Gives all texts of what is sent to the browser for one part of a page."""
    for field, value in message.ListFields():
        parts = value if field.is_repeated else [value]
        if field.message_type and field.message_type.GetOptions().map_entry:
            continue
        for part in parts:
            if isinstance(part, str):
                yield part
            elif hasattr(part, "ListFields"):
                yield from strings(part)


def parts(at: AppTest) -> Iterator[tuple[str, Any]]:
    """Gives each part of a page by its type; tables by their frames."""
    left = [at._tree]
    while left:
        node: Any = left.pop()
        left += list(getattr(node, "children", {}).values())
        if getattr(node, "type", "") == "dataframe":
            yield "table", node.value
        elif getattr(node, "proto", None) is not None:
            yield node.type, node.proto


def hostile_texts(at: AppTest) -> int:
    """Checks each part of a page; gives how many hostile texts it shows."""
    assert not at.exception
    assert not at.error
    seen = 0
    for kind, part in parts(at):
        if kind == "table":
            cells = [str(cell) for column in part.columns for cell in part[column] if isinstance(cell, str)]
            seen += sum("<img" in cell for cell in cells)
            assert not [cell[:80] for cell in cells if re.search(HIDDEN, cell) or cell.startswith(("=", "+", "@"))]
            assert not [cell[:80] for cell in cells if len(cell) > MOST_CHARACTERS]
            continue
        for text in strings(part):
            if kind in ("text_input", "text_area") or text.startswith(("$$ID", "$$WIDGET")):
                continue
            seen += "img src" in text
            assert not INVISIBLE.search(text), (kind, text[:200])
            if kind == "plotly_chart":
                assert "<img" not in text
            elif kind not in LITERAL:
                assert not ACTIVE.search(text), (kind, text[:200])
                assert len(text) < MOST_CHARACTERS, kind
    return seen


@pytest.mark.parametrize("name", NAMES)
def test_hostile_text_is_text_on_every_page(show: Callable[..., AppTest], hostile_store: Path, name: str) -> None:
    at = show(hostile_store, name, **opened(hostile_store, name))
    seen = hostile_texts(at)
    for tab in at.get("tab")[1:]:
        seen += hostile_texts(show(hostile_store, name, view=tab.label))
    assert seen or name.startswith("9")


def test_every_text_of_the_hostile_store_is_hostile(hostile_store: Path) -> None:
    found = stores.ask(hostile_store, "select message_subject, sender_address, entry_connector from message")
    assert found["message_subject"].drop_nulls().str.len_chars().min() > 100_000  # type: ignore[operator]
    assert all(text.startswith(HOSTILE) for text in found["sender_address"].drop_nulls())
