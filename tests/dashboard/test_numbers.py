"""Every number of a page leads to a list that holds as many rows as it says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import AttributeDictionary

from tests.dashboard.test_pages import texts
from tracelens import query
from tracelens.dashboard import charts_map, counted, page_files

Show = Callable[..., AppTest]
Link = tuple[str, str, tuple[tuple[str, str], ...]]
VIEWS = {
    "today": [{}],
    "attacks": [{}],
    "relay": [
        {},
        {"view": "Clients", "client": "10.0.20.45"},
        {"view": "Switch off", "going": "server", "server": "EX01"},
        {"view": "Switch off", "going": "address range", "range": "10.0.20.45"},
    ],
    "tls": [
        {"view": view}
        for view in ("Versions", "Who uses what", "Failed handshakes", "Certificates", "Logons", "Accounts")
    ],
    "proxy": [{}, {"pair": "EX01|10.0.10.12|2525"}, {"view": "Causes"}],
    "failures": [{}, {"server": "EX01"}],
    "connectors": [{}, {"view": "Connectors"}],
    "delays": [{"view": "Hand-overs"}, {"view": "Components"}, {"view": "Clocks"}],
    "counted": [{"of": "log_hour", "state": "covered"}],
    "ingest": [{"view": "Files"}],
}
NUMBER = re.compile(r"(?:.*: )?([\d,]+)(?: .*)?$")


def links(at: AppTest) -> Iterator[Link]:
    """Gives label, page and filters of each link of a page that names a number."""
    for part in at.get("page_link"):
        label = part.proto.label.replace("\\", "")
        address = tuple(parse_qsl(part.proto.query_string))
        is_count = not re.search(r"%|ms\b|Peak|per message|Silent|Size", label)
        if is_count and NUMBER.match(label) and part.proto.page != "today":
            yield label, part.proto.page, address


def said(label: str) -> int:
    """Gives the number of a link."""
    found = NUMBER.match(label)
    assert found
    return int(found[1].replace(",", ""))


def counts(store: Path, show: Show, page: str, address: dict[str, str]) -> list[int]:
    """Gives how many rows the list at an address holds, or what it adds up to; else the numbers of the page there."""
    if page != "counted":
        at = show(store, page_files()[page].stem, address)
        found = re.search(r"\*\*(?:[\d,–]+ of )?([\d,]+)\*\*", texts(at))
        return [int(found[1].replace(",", ""))] if found else [said(label) for label, _, _ in links(at)]
    kind = counted.KINDS[address["of"]]
    span = {name: datetime.fromisoformat(address[name]) if name in address else None for name in ("since", "until")}
    rows = query.ask(store, kind.question, limit=1, offset=0, **span, **counted.asked(address))
    return rows["sum_count" if address.get("sum") else "found_count"].to_list() or [0]


@pytest.mark.parametrize(("page", "view"), [(page, view) for page, views in VIEWS.items() for view in views])
def test_each_number_leads_to_as_many_rows(show: Show, sample_store: Path, page: str, view: dict[str, str]) -> None:
    at = show(sample_store, page_files()[page].stem, dict(view))
    found = set(links(at))
    tables = {part.proto.id.split("-", 2)[-1]: (leading(part), part.value) for part in at.dataframe}
    for turn in range(max((len(names) for names, _ in tables.values()), default=0)):
        for key, (names, frame) in tables.items():
            rows = [row for row, value in enumerate(frame[names[turn]]) if value] if turn < len(names) else []
            if rows:
                cell = (rows[0 if turn % 2 else -1], names[turn])
                at.session_state[key] = {"selection": {"rows": [], "columns": [], "cells": [cell]}}
        at.run()
        assert not at.exception
        found |= set(links(at))
    assert found
    for label, name, address in sorted(found):
        assert said(label) in counts(sample_store, show, name, dict(address)), (label, name, address)


def points(at: AppTest) -> Iterator[tuple[str, dict[str, Any]]]:
    """Gives of each trace of each plot the first and the last point that leads to what it counts, with the plot's key."""
    for part in at.get("plotly_chart"):
        if not part.proto.selection_mode:
            continue
        for trace in json.loads(part.proto.spec)["data"]:
            given = trace.get("customdata") or []
            for place in sorted({0, len(given) - 1} & set(range(len(given)))):
                if given[place]:
                    whole = {name: trace[name][place] for name in "xy" if isinstance(trace.get(name), list)}
                    yield part.proto.id.split("-", 2)[-1], {"customdata": given[place], **whole}


@pytest.mark.parametrize(
    ("page", "view"),
    [
        ("today", {}),
        ("attacks", {}),
        ("relay", {}),
        ("tls", {"view": "Versions"}),
        ("tls", {"view": "Logons"}),
        ("proxy", {}),
        ("failures", {}),
        ("delays", {}),
    ],
)
def test_each_part_of_a_plot_leads_to_as_many_rows(
    show: Show, sample_store: Path, page: str, view: dict[str, str]
) -> None:
    at = show(sample_store, page_files()[page].stem, dict(view))
    found: set[Link] = set()
    before = {part.proto.label for part in at.get("page_link")}
    plots: dict[str, list[dict[str, Any]]] = {}
    for key, point in points(at):
        plots.setdefault(key, []).append(point)
    assert plots
    for turn in zip_longest(*plots.values()):  # a point of each plot at a time
        chosen = {key: point for key, point in zip(plots, turn, strict=True) if point}
        for key, point in chosen.items():
            at.session_state[key] = AttributeDictionary({"selection": {"points": [point]}})
        at.run()
        assert not at.exception
        assert len({part.proto.label for part in at.get("page_link")} - before) >= len(chosen), chosen
        found |= set(links(at))
    for label, name, address in sorted(found):
        assert said(label) in counts(sample_store, show, name, dict(address)), (label, name, address)


@pytest.mark.parametrize("most", [charts_map.NODES, 3])
def test_each_band_and_place_of_the_map_leads_to_as_many_ways(
    show: Show, sample_store: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(charts_map, "NODES", most)
    at = show(sample_store, page_files()["connectors"].stem, {})
    drawn = json.loads(at.get("plotly_chart")[0].proto.spec)["data"][0]
    bands = list(zip(drawn["link"]["value"], drawn["link"]["customdata"], strict=True))
    entered = [sum(value for (value, (_, address)), to in zip(bands, drawn["link"]["target"], strict=True)
                   if to == number and address) for number in range(len(drawn["node"]["label"]))]  # fmt: skip
    places = [(count, told[:2]) for count, told in zip(entered, drawn["node"]["customdata"], strict=True) if count]
    led = [(count, address) for count, (_, address) in [*bands, *places] if address]
    assert len(led) > len(places)
    assert any("but_" in address for _, address in led) is (most == 3)
    for count, address in led:
        page, _, words = address.partition("?")
        assert counts(sample_store, show, page, dict(parse_qsl(words))) == [count], address


def test_a_median_leads_to_the_rows_that_it_is_the_middle_of(show: Show, sample_store: Path) -> None:
    at = show(sample_store, page_files()["delays"].stem, {})
    found = [(key, point) for key, point in points(at) if point["customdata"][0] == "median"]
    for key, point in found:
        at.session_state[key] = AttributeDictionary({"selection": {"points": [point]}})
        at.run()
        middle = next(part for part in at.get("page_link") if "median" in part.proto.label)
        address = dict(parse_qsl(middle.proto.query_string))
        span = {name: datetime.fromisoformat(address[name]) for name in ("since", "until")}
        rows = query.ask(sample_store, "counted_leg", limit=10_000, offset=0, **span, **counted.asked(address))
        assert rows["total_ms"].quantile(0.5, "lower") == point["y"]
    assert found


def leading(part: Any) -> list[str]:
    """Gives the columns of a table whose numbers lead to what they count."""
    return [name for name, column in json.loads(part.proto.columns).items() if column.get("label", "").endswith("›")]
