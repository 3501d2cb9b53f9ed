"""Connectors, TLS, relay, proxy and delays: what their numbers say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from tracelens import query
from tracelens import store as stores
from tracelens.dashboard import charts_map, charts_series, rehearsal
from tracelens.errors import InputError, UsageError

Show = Callable[..., AppTest]
WIDE = {"since": datetime(1970, 1, 1), "until": datetime(2100, 1, 1), "server": ""}
HOSTILE = "<img src=x onerror=alert(1)>%{x}"


def told(at: AppTest) -> str:
    kinds = ("caption", "error", "info", "markdown", "text", "subheader", "warning")
    return "\n".join(str(part.value) for kind in kinds for part in at.get(kind)).replace("\\", "")


def frame(at: AppTest, column: str) -> pl.DataFrame:
    return next(pl.from_pandas(part.value) for part in at.dataframe if column in part.value.columns)


def routes(**changed: object) -> pl.DataFrame:
    row = {
        "source": "internet",
        "receive_connector": "EX01\\Default :25",
        "server": "EX01",
        "send_connector": "Out",
        "destination": "mailbox",
        "message_count": 10,
        "failed_count": 0,
    }
    return pl.DataFrame([row | changed])


def test_the_map_counts_each_message_once_per_way(sample_store: Path) -> None:
    found = query.ask(sample_store, "route", source="", **WIDE)
    messages = stores.ask(sample_store, "select count(*) from message where not is_noise")[0, 0]
    ways = stores.ask(
        sample_store,
        "select count(distinct (h.message_key, h.kind, coalesce(p.send_connector, h.send_connector), h.to_ip)) from hop h"
        " left join hop p on p.hop_key = h.parent_hop_key and p.to_port = 717 where h.kind in ('deliver', 'external')",
    )[0, 0]
    assert messages <= found["message_count"].sum() <= messages + ways


def test_a_long_name_on_the_map_keeps_its_end_and_its_port() -> None:
    names = [f"EX01\\Receive from the branch office number {at} :25" for at in (7, 8)]
    figure = charts_map.journey(pl.concat([routes(receive_connector=name) for name in names]), [])
    labels = [label for label in figure.data[0].node.label if "…" in label]
    assert [label[-5:] for label in labels] == ["7 :25", "8 :25"]


def test_a_mail_proxied_out_by_a_front_end_is_counted_for_the_connector_that_routed_it(sample_store: Path) -> None:
    found = query.ask(sample_store, "route", source="", **WIDE)
    assert "To Fabrikam" in found["send_connector"].to_list()
    assert "Outbound Proxy Send Connector" not in found["send_connector"].to_list()


def test_refused_mail_ends_in_a_destination_of_its_own(sample_store: Path) -> None:
    refused = query.ask(sample_store, "route", source="", **WIDE).filter(pl.col("destination") == "refused")
    assert refused["message_count"].sum() == refused["failed_count"].sum() > 0
    assert set(refused["send_connector"]) == {"not handed out"}


def test_the_map_keeps_twelve_places_a_column() -> None:
    many = pl.concat([routes(send_connector=f"C{at}", message_count=100 - at) for at in range(40)])
    labels = [name for name in charts_map.journey(many).data[0].node.label if name.startswith("C") or name == "other"]
    assert len(labels) == 12
    assert "other" in labels and "C0" in labels and "C39" not in labels


def test_the_map_shows_hostile_names_as_text() -> None:
    drawn = charts_map.journey(routes(send_connector=HOSTILE)).to_json()
    assert "<img" not in drawn


def test_a_failing_way_is_redder_than_a_good_one() -> None:
    figure = charts_map.journey(pl.concat([routes(), routes(source="client", failed_count=10)]))
    first, second = figure.data[0].link.color[0], figure.data[0].link.color[4]
    assert first != second
    assert second.startswith("rgba(200, 60, 45")


def test_a_forbidden_edge_is_drawn_in_red_of_its_own() -> None:
    barred = [{"source": "203.0.113.9", "receive_connector": "EX01\\Default :25", "hit_count": 3}]
    figure = charts_map.journey(routes(), barred)
    assert "not allowed: 203.0.113.9" in figure.data[0].node.label
    assert list(figure.data[0].link.color).count(charts_map.FORBIDDEN) == 1


def test_a_matrix_tells_failed_of_all_per_pair() -> None:
    held = pl.DataFrame({"server": ["EX01", "EX01"], "place": ["EX02:2525", "EX02:2525"], "all": [8, 2], "bad": [1, 1]})
    assert charts_map.matrix(held, "server", "place", "all", "bad").data[0].text[0] == ["2 of 10"]


def test_a_log_histogram_names_its_steps_in_words() -> None:
    figure = charts_series.spread(pl.DataFrame({"series": ["a"], "from_ms": [60_000], "value": [1]}), {})
    assert list(figure.data[0].text) == ["1 min"]


def test_a_connector_shows_its_clients(show: Show, sample_store: Path) -> None:
    key = "receive|EX01|frontend|EX01\\Default Frontend EX01"
    at = show(sample_store, "50_connectors", view="Connectors", connector=key)
    clients = frame(at, "helo_name")
    wanted = stores.ask(
        sample_store,
        "select count(distinct remote_ip) from session where server = 'EX01' and direction = 'receive'"
        " and connector_id = 'EX01\\Default Frontend EX01' and not is_noise",
    )[0, 0]
    assert clients.height == wanted > 1
    assert "Not imported" in told(at)


def test_who_still_uses_tls_1_0_is_a_list_of_peers(show: Show, sample_store: Path) -> None:
    at = show(sample_store, "35_tls", view="Who uses what", tls="TLS1.0")
    peers = frame(at, "remote_ip")
    wanted = stores.ask(
        sample_store,
        "select distinct remote_ip from session where tls_version = 'TLS1.0' and not is_noise"
        " and (accepted_count > 0 or auth_user is not null)",
    )
    assert set(peers["remote_ip"]) == set(wanted["remote_ip"]) != set()


@pytest.mark.parametrize("view", ["Failed handshakes", "Certificates", "Logons", "Accounts"])
def test_each_view_of_tls_and_logon_is_filled(show: Show, sample_store: Path, view: str) -> None:
    at = show(sample_store, "35_tls", view=view)
    assert not at.exception and not at.error
    assert at.dataframe


def test_relay_tells_those_that_relay_from_those_that_try_and_probe(show: Show, sample_store: Path) -> None:
    sources = frame(show(sample_store, "30_relay"), "denied_count")
    assert sources.filter(pl.col("what") == "relays")["taken_count"].min() > 0
    others = sources.filter(pl.col("what") != "relays")
    assert others.height > 0 and others["taken_count"].sum() == 0
    assert sources.filter(pl.col("what") == "probes")["probes"].null_count() == 0


def test_a_clients_card_says_what_a_migration_needs(show: Show, sample_store: Path) -> None:
    at = show(sample_store, "30_relay", view="Clients", client="10.0.20.45")
    assert "If it must move: connector relay" in told(at)
    assert "label-printer" in told(at)


def test_a_range_in_use_may_not_go(show: Show, sample_store: Path) -> None:
    query_ = {"view": "Switch off", "going": "address range", "range": "10.0.20.0/24"}
    at = show(sample_store, "30_relay", **query_)
    assert "Not yet: 2 senders still hand in mail here" in told(at)
    assert frame(at, "day")["day"].to_list() == ["2026-03-02"]


def test_a_range_that_is_none_is_an_error_in_words(show: Show, sample_store: Path) -> None:
    at = show(sample_store, "30_relay", **{"view": "Switch off", "going": "address range", "range": "10.0.300.0/24"})
    assert not at.exception
    assert "is no address or range" in told(at)


def test_both_sides_of_a_failing_proxy_are_shown(show: Show, sample_store: Path) -> None:
    at = show(sample_store, "40_proxy", pair="EX01|10.0.10.12|2525")
    both = frame(at, "verdict")
    assert both["failed_count"].sum() == 6
    assert both["tried_count"].sum() - both["failed_count"].sum() == both["seen_count"].sum()
    assert frame(at, "told")["outcome"][0] == "failed"


def test_mail_put_off_says_whether_it_got_through(show: Show, sample_store: Path) -> None:
    mail = frame(show(sample_store, "40_proxy", view="Affected mail"), "mail_from")
    assert set(mail["outcome"]) <= {"not seen again", "the same sender got through", "got through"}
    through = mail.filter(pl.col("outcome") != "not seen again")
    assert through.height > 0
    assert (through["came_at"] > through["started_at"]).all()


@pytest.mark.parametrize("view", ["To the recipient", "Hand-overs"])
def test_delays_come_slowest_first(show: Show, sample_store: Path, view: str) -> None:
    at = show(sample_store, "55_delays", view=view)
    column = "total_ms" if view == "To the recipient" else "p95_ms"
    times = frame(at, column)[column].drop_nulls().to_list()
    assert times == sorted(times, reverse=True) or view == "Hand-overs"
    assert len(times) > 5


def test_a_window_that_ends_before_it_begins_is_said(show: Show, sample_store: Path) -> None:
    at = show(sample_store, "50_connectors", since="2026-03-02T10:00", until="2026-03-02T09:00")
    assert "ends before it begins" in told(at)


def test_a_window_narrows_every_number(show: Show, sample_store: Path) -> None:
    whole = frame(show(sample_store, "35_tls"), "session_count")["session_count"].sum()
    part = frame(show(sample_store, "35_tls", since="2026-03-02T09:00", until="2026-03-02T10:00"), "session_count")[
        "session_count"
    ].sum()
    assert 0 < part < whole


def test_raising_the_lowest_tls_names_whose_mail_would_have_been_refused(show: Show, sample_store: Path) -> None:
    at = show(sample_store, "50_connectors", view="What if", min_tls="1.2")
    assert not at.exception and not at.error
    assert set(frame(at, "outcome")["remote_ip"]) == {"10.0.20.52"}
    assert "3 messages would have been refused" in told(at)
    at.session_state["what_if_changes"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    sessions = frame(at.run(), "opened_at")
    assert set(sessions["remote_ip"]) == {"10.0.20.52"}
    assert sessions["message_count"].sum() == 3


def test_a_line_breaks_where_no_log_has_rows_and_is_zero_where_one_has() -> None:
    hours = [datetime(2026, 3, 2, hour) for hour in (6, 7, 8, 9)]
    rows = pl.DataFrame({"moment": [hours[0], hours[3]], "series": ["none"] * 2, "value": [4.0, 5.0]})
    counts = charts_series.lines(rows, {}, "Sessions", timedelta(hours=1), {hours[0], hours[2], hours[3]}).data[0]
    assert list(counts.y) == [4, None, 0, 5]
    assert [point is None for point in counts.customdata] == [False, True, True, False]
    medians = charts_series.lines(rows, {}, "Time taken", timedelta(hours=1), is_count=False).data[0]
    assert list(medians.y) == [4, None, None, 5]


def test_a_file_that_is_no_export_is_said(sample_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACELENS_STORE", str(sample_store))
    monkeypatch.setattr("sys.argv", ["app.py"])
    with pytest.raises(InputError, match="no configuration export"):
        rehearsal.rehearse([b"not an export"], "", [])


def test_a_wrong_tls_version_in_an_address_is_said_by_the_name_of_its_field() -> None:
    with pytest.raises(UsageError, match="no TLS version '9'") as error:
        rehearsal.rehearse([], "9", [])
    assert error.value.where == "Lowest TLS version"


@pytest.mark.parametrize(("view", "column"), [("Components", "component"), ("Clocks", "bound_ms")])
def test_what_servers_tell_of_time_is_listed(show: Show, sample_store: Path, view: str, column: str) -> None:
    assert frame(show(sample_store, "55_delays", view=view), column).height > 0


def test_a_number_opens_what_it_counts_on_the_same_page(show: Show, sample_store: Path) -> None:
    at = show(sample_store, "35_tls")
    at = at.button(key="view_TLS1.0").click().run()
    assert set(frame(at, "ciphers")["tls"]) == {"TLS1.0"}


def test_the_number_of_attacking_addresses_opens_just_these(show: Show, sample_store: Path) -> None:
    at = show(sample_store, "33_attacks")
    count = next(button for button in at.button if button.key == "view_addresses")
    at = count.click().run()
    assert not at.exception
    assert at.query_params["only"] == "addresses"
    assert [shown.value["remote_ip"].size for shown in at.dataframe] == [int(count.label.replace(",", ""))]


def test_a_recipient_of_a_message_says_what_its_end_rests_on(show: Show, sample_store: Path) -> None:
    ends = stores.ask(sample_store, "select basis, min(message_key) as message_key from leg group by basis")
    assert ends.height
    for basis, key in ends.iter_rows():
        assert basis in frame(show(sample_store, "21_message", message=key), "final_at")["basis"].to_list()


def test_findings_of_a_page_are_those_of_its_window(show: Show, sample_store: Path) -> None:
    at = show(sample_store, "30_relay", view="Findings")
    assert frame(at, "title").height > 0
    at = show(sample_store, "30_relay", view="Findings", since="2026-03-01T00:00", until="2026-03-01T01:00")
    assert "No relay findings in this window" in told(at)


def test_failures_of_one_status_count_no_other(show: Show, sample_store: Path) -> None:
    at = show(sample_store, "41_failures", status="refused")
    tiles = [text for text in told(at).splitlines() if text.startswith("Recipients ") and "hour" not in text]
    assert "Recipients refused" in tiles
    assert "Recipients failed" not in tiles


@pytest.mark.parametrize(
    ("page", "view"),
    [("30_relay", "Attempts"), ("35_tls", "Logons"), ("35_tls", "Who uses what"), ("40_proxy", "Causes")],
)
def test_where_no_log_could_tell_a_page_says_so_instead_of_nothing_found(
    show: Show, sample_store: Path, page: str, view: str
) -> None:
    at = show(sample_store, page, view=view, since="2026-03-01T00:00", until="2026-03-01T01:00")
    assert "is not known" in told(at)


def test_mail_that_was_not_seen_again_is_listed_by_its_number(show: Show, sample_store: Path) -> None:
    at = show(sample_store, "40_proxy", view="Affected mail")
    number = next(part.label for part in at.button if "not seen again" in part.label).split()[0]
    at.button(key="view_lost").click().run()
    assert frame(at, "outcome")["outcome"].to_list() == ["not seen again"] * int(number)
