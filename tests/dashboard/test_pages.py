"""Each page over no store, an empty store and the sample store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from tracelens import store as stores
from tracelens.dashboard import PAGES, page_title

Show = Callable[..., AppTest]
NAMES = [path.stem for path in sorted(PAGES.glob("[0-9]*.py"))]


def texts(at: AppTest) -> str:
    """Gives all prose of a page."""
    return "\n".join(
        str(getattr(part, "value", ""))
        for kind in ("info", "warning", "caption", "code", "text", "markdown")
        for part in at.get(kind)
    )


def frames(at: AppTest) -> list[pl.DataFrame]:
    """Gives the tables of a page."""
    return [pl.from_pandas(part.value) for part in at.dataframe]


def messages(store: Path, where: str) -> pl.DataFrame:
    """Gives messages of a store."""
    return stores.ask(store, f"select * from message where not is_noise and {where} order by message_key")


def opened(store: Path, name: str) -> dict[str, str]:
    """Gives what a page that shows one thing needs in its address."""
    if name.endswith("_message"):
        return {"message": messages(store, "hop_count > 2")["message_key"][0]}
    if name.endswith("_session"):
        key = stores.ask(store, "select session_key from session where message_count > 0 order by session_key limit 1")
        return {"session": key[0, 0]}
    if name.endswith("_finding"):
        return {"finding": stores.ask(store, "select min(finding_key) from finding")[0, 0] or "none"}
    if name.endswith("_counted"):
        return {"of": "session"}
    return {}


@pytest.mark.parametrize("name", NAMES)
def test_without_a_store_a_page_says_how_to_make_one(show: Show, tmp_path: Path, name: str) -> None:
    at = show(tmp_path / "nothing", name)
    assert not at.exception
    assert "tracelens ingest" in texts(at)
    assert str(tmp_path / "nothing") in texts(at)


def test_a_folder_that_is_no_store_is_an_error_in_words(show: Show, tmp_path: Path) -> None:
    (tmp_path / "CURRENT").write_text("tracelens-000009.duckdb\n", encoding="ascii")
    at = show(tmp_path, "10_today")
    assert not at.exception
    assert "CURRENT names" in at.error[0].value


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_store_says_that_it_is_empty(show: Show, empty_store: Path, name: str) -> None:
    at = show(empty_store, name)
    assert not at.exception
    assert not at.error
    assert at.info or name.startswith("9")  # the store's own pages work without rows


def test_findings_of_a_configuration_are_shown_without_any_log(show: Show, empty_store: Path) -> None:
    found = frames(show(empty_store, "10_today"))[0]
    assert "Every domain is an accepted domain" in found["title"].to_list()
    key = stores.ask(empty_store, "select min(finding_key) from finding")[0, 0]
    assert "is accepted as ExternalRelay" in texts(show(empty_store, "25_finding", finding=key))


@pytest.mark.parametrize("name", NAMES)
def test_the_sample_store_fills_the_page(show: Show, sample_store: Path, name: str) -> None:
    at = show(sample_store, name, **opened(sample_store, name))
    assert not at.exception
    assert not at.error
    assert at.title[0].value == page_title(PAGES / f"{name}.py")
    assert at.dataframe or at.get("plotly_chart")


def test_today_counts_the_messages_that_the_list_behind_it_shows(show: Show, sample_store: Path) -> None:
    at = show(sample_store, "10_today")
    sentence = next(part.proto.label for part in at.get("page_link") if "recipients" in part.proto.label)
    assert sentence.startswith(f"{messages(sample_store, 'true').height:,} messages for ")


def test_a_search_for_a_sender_lists_only_that_sender(show: Show, sample_store: Path) -> None:
    sender = messages(sample_store, "sender_address is not null")["sender_address"][0]
    at = show(sample_store, "20_messages", sender=sender)
    assert at.text_input(key="sender").value == sender
    assert set(frames(at)[0]["sender_address"]) == {sender}


def test_a_search_for_a_message_id_in_brackets_finds_it(show: Show, sample_store: Path) -> None:
    message_id = messages(sample_store, "message_id is not null")["message_id"][0].strip("<>")
    at = show(sample_store, "20_messages", message_id=f"<{message_id}>")
    assert [found.strip("<>") for found in frames(at)[0]["message_id"]] == [message_id]


@pytest.mark.parametrize("status", ["delivered", "relayed", "failed"])
def test_a_search_by_status_lists_messages_with_such_a_leg(show: Show, sample_store: Path, status: str) -> None:
    at = show(sample_store, "20_messages", status=status)
    wanted = stores.ask(
        sample_store,
        "select count(distinct l.message_key) from leg l join message m on m.message_key = l.message_key "
        "where l.status = $status and not m.is_noise",
        {"status": status},
    )[0, 0]
    assert f"**{wanted:,}** message" in texts(at)


def test_a_search_without_a_match_says_so(show: Show, sample_store: Path) -> None:
    at = show(sample_store, "20_messages", subject="no such subject anywhere")
    assert "No message matches" in texts(at)
    assert not at.dataframe


def test_a_deep_link_shows_the_path_with_its_rows(show: Show, sample_store: Path) -> None:
    message = messages(sample_store, "hop_count > 2").row(0, named=True)
    at = show(sample_store, "21_message", message=message["message_key"])
    assert not at.exception
    hops, legs, *rest = frames(at)
    assert hops.height == message["hop_count"]
    assert legs.height == message["leg_count"]
    rows = rest[-1]
    assert {"file", "line", "path", "text"} <= set(rows.columns)
    assert rows.filter(pl.col("line") < 1).is_empty()
    assert set(rows["hop"].drop_nulls()) <= set(range(1, message["hop_count"] + 1))
    assert rows.height >= message["hop_count"]


def test_the_row_shown_is_the_line_of_the_file(show: Show, sample_store: Path) -> None:
    message = messages(sample_store, "hop_count > 2").row(0, named=True)
    at = show(sample_store, "21_message", message=message["message_key"])
    for row in frames(at)[-1].filter(pl.col("log") != "message tracking").to_dicts()[:5]:
        line = Path(row["path"]).read_text(encoding="utf-8-sig").splitlines()[row["line"] - 1]
        assert row["text"].split(" | ")[0] in line.replace('""', '"')


def test_a_deep_link_to_an_unknown_message_says_so(show: Show, sample_store: Path) -> None:
    at = show(sample_store, "21_message", message="<script>alert(1)</script>")
    assert not at.exception
    assert "no message of that key" in at.warning[0].value


def test_relay_names_the_addresses_that_were_denied(show: Show, sample_store: Path) -> None:
    at = show(sample_store, "30_relay")
    sources = frames(at)[-1]
    assert sources.filter(pl.col("denied_count") > 0).height > 0
    assert sources["taken_count"].sum() > 0


def test_proxy_says_whether_it_works_again(show: Show, sample_store: Path) -> None:
    at = show(sample_store, "40_proxy")
    pairs = next(frame for frame in frames(at) if "failed_count" in frame.columns)
    assert set(pairs["state"]) <= {"working", "works again", "failing"}
    assert pairs.filter(pl.col("failed_count") > 0)["last_failure"].null_count() == 0


@pytest.mark.parametrize("name", NAMES)
def test_every_widget_has_a_key(show: Show, sample_store: Path, name: str) -> None:
    at = show(sample_store, name)
    for kind in ("text_input", "selectbox", "toggle", "button"):
        assert all(widget.key for widget in at.get(kind))
