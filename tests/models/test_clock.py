"""Clock offsets of server pairs and the hop times corrected by them, from given hand-overs and on made-up estates."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st

from tracelens import pipeline, store
from tracelens.build import models
from tracelens.simulate import Clocks, simulate

NOON = datetime(2026, 3, 2, 12)
SQL = {model.name: model.sql for model in models()}
Handover = tuple[str, str, float, float, float, float]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect()
    yield con
    con.close()


def offsets(con: duckdb.DuckDBPyConnection, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Gives the clock offsets that hand-overs tell."""
    times = ("from_started_at", "from_ended_at", "to_started_at", "to_ended_at")
    frame = pl.DataFrame(
        [{"from_server": r["from"], "to_server": r["to"], **{name: r.get(name) for name in times}} for r in rows],
        schema={"from_server": pl.String, "to_server": pl.String, **dict.fromkeys(times, pl.Datetime("us"))},
        orient="row",
    ).with_columns(
        pl.col("to_started_at").alias("to_last_started_at"), pl.col("to_ended_at").alias("to_first_ended_at"),
        pl.lit("m").alias("message_key"), pl.lit("n").alias("from_node"),
    )  # fmt: skip
    con.register("hop_whole", frame.to_arrow())
    con.execute(
        "create or replace temp view receipt as select '' as message_key, '' as node, timestamp '2026-01-01' as date_time where false"
    )
    con.execute(
        "create or replace temp view coarse_message as select unnest([]::varchar[]) as message_key, 0 as more_ms"
    )
    return con.sql(SQL["clock_offset"] + " order by server, peer_server, from_at").pl().to_dicts()


def at(seconds: float) -> datetime:
    """Gives a time as a log shows it."""
    moment = NOON + timedelta(seconds=seconds)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def hand_over(
    sender: str, receiver: str, start: float, spans: tuple[float, float, float], clock: dict[str, float]
) -> dict[str, Any]:
    """Gives a hand-over as both sides log it: way there, work, way back."""
    there, work, back = spans
    return {
        "from": sender, "to": receiver, "from_started_at": at(start + clock[sender]),
        "to_started_at": at(start + there + clock[receiver]), "to_ended_at": at(start + there + work + clock[receiver]),
        "from_ended_at": at(start + there + work + back + clock[sender]),
    }  # fmt: skip


def test_an_offset_is_half_way_between_what_both_directions_allow(con: duckdb.DuckDBPyConnection) -> None:
    rows = [hand_over("EX01", "EX02", n, (0.010, 0.1, 0.030), {"EX01": 0, "EX02": 60}) for n in range(3)]
    there, back = offsets(con, rows)
    assert (there["offset_ms"], there["bound_ms"], there["basis"]) == (59_990, 26, "both directions")
    assert (back["server"], back["peer_server"], back["offset_ms"]) == ("EX02", "EX01", -59_990)


def test_one_direction_gives_a_limit_and_no_offset(con: duckdb.DuckDBPyConnection) -> None:
    row = hand_over("EX01", "EX02", 0, (0.010, 0.1, 0.030), {"EX01": 0, "EX02": -60})
    there, back = offsets(con, [row | {"from_ended_at": None}])
    assert (there["offset_ms"], there["bound_ms"], there["lower_ms"]) == (None, None, None)
    assert (there["upper_ms"], there["basis"]) == (-59_985, "forward only")
    assert (back["lower_ms"], back["basis"]) == (59_985, "backward only")


def test_two_services_of_one_server_share_its_clock(con: duckdb.DuckDBPyConnection) -> None:
    assert offsets(con, [hand_over("EX01", "EX01", 0, (0.01, 0.1, 0.01), {"EX01": 5})]) == []


def test_a_step_back_is_found_at_its_hand_over_by_the_steady_clock(con: duckdb.DuckDBPyConnection) -> None:
    rows = [
        hand_over("EX01", "EX02", n, (0.01, 0.1, 0.01), {"EX01": 0 if n < 50 else -90, "EX02": 0}) for n in range(100)
    ]
    before, after = [row for row in offsets(con, rows) if row["server"] == "EX01"]
    assert before["clock_server"] == "EX02"
    assert (before["offset_ms"], after["offset_ms"], after["step_ms"]) == (0, 90_000, 90_000)
    assert (before["until_at"], after["from_at"]) == (at(49.11), at(50.11))


def test_a_drift_is_followed_in_stretches_that_are_each_right(con: duckdb.DuckDBPyConnection) -> None:
    rows = [hand_over("EX01", "EX02", n, (0.01, 0.1, 0.01), {"EX01": 0, "EX02": n / 1000}) for n in range(0, 3600, 20)]
    found = [row for row in offsets(con, rows) if row["server"] == "EX01"]
    assert len(found) > 10
    for row in found:
        for moment in (row["from_at"], row["until_at"]):
            assert abs(row["offset_ms"] - (moment - NOON).total_seconds()) <= row["bound_ms"] + 1


OFFSET = st.integers(-90_000, 90_000)


def test_planted_offsets_and_a_step_lie_within_their_bounds(con: duckdb.DuckDBPyConnection) -> None:
    runs = []

    @settings(max_examples=40, deadline=None, derandomize=True, database=None)
    @given(seed=st.integers(0, 1 << 30), first=OFFSET, second=OFFSET, turn=st.floats(0.1, 0.9), tracked=st.booleans())
    def run(seed: int, first: int, second: int, turn: float, tracked: bool) -> None:
        rng = random.Random(seed)
        rows, true = [], []
        for _ in range(120):
            start = rng.random() * 20_000
            clock = {"EX01": 0.0, "EX02": (first if start < turn * 20_000 else second) / 1000}
            ends = ("EX01", "EX02") if rng.random() < 0.5 else ("EX02", "EX01")
            row = hand_over(*ends, start, (rng.expovariate(50), rng.expovariate(5), rng.expovariate(50)), clock)
            if tracked:  # with tracking alone the sender's start is when the message came into its queue
                row["from_started_at"] -= timedelta(milliseconds=rng.expovariate(1 / 200))
            rows.append(row)
            true.append((row, clock["EX02"] * 1000))
        found = [row for row in offsets(con, rows) if row["server"] == "EX01"]
        misses = 0
        for row, offset in true:
            clock = found[0]["clock_server"]
            moment = row["from_ended_at"] if row["from"] == clock else row["to_ended_at"]
            stretch = next(s for s in found if s["from_at"] <= moment <= s["until_at"])
            if stretch["offset_ms"] is not None:
                misses += abs(stretch["offset_ms"] - offset) > stretch["bound_ms"]
                sent, heard = (row["from_started_at"], row["to_started_at"])
                shift = stretch["offset_ms"] if row["from"] == "EX01" else -stretch["offset_ms"]
                assert (heard - sent) / timedelta(milliseconds=1) - shift >= -stretch["bound_ms"]
        runs.append(misses == 0)

    run()
    assert sum(runs) >= 0.95 * len(runs)


PLAN = Clocks({"EX01": -90_000, "EX02": 45_000}, {"EX03": {"2026-03-02T12:10:00": -70_000}})


@pytest.fixture(scope="module")
def skewed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("skewed") / "logs"
    simulate(out, messages=160, servers=3, seed=11, hours=(11, 14), troubles=False, clocks=PLAN)
    return out


@pytest.fixture(scope="module", params=["all logs", "tracking alone"])
def estate(
    request: pytest.FixtureRequest, skewed: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, pl.DataFrame]:
    """A store of an estate with wrong clocks, and its truth."""
    folder = tmp_path_factory.mktemp("clock")
    if request.param == "tracking alone":
        ignore = shutil.ignore_patterns("ProtocolLog")
        shutil.copytree(skewed, folder / "logs", ignore=ignore)
    pipeline.ingest([skewed if request.param == "all logs" else folder / "logs"], folder / "S", workers=1)
    return folder / "S", pl.read_parquet(skewed / "truth.parquet")


def test_the_truth_says_how_far_each_clock_is_off(skewed: Path) -> None:
    truth = pl.read_parquet(skewed / "truth.parquet").filter(pl.col("record") == "clock")
    assert truth.select("server", "offset_ms").rows() == [
        ("EX01", -90_000),
        ("EX02", 45_000),
        ("EX03", 0),
        ("EX03", -70_000),
    ]


def test_offsets_of_an_estate_are_the_planted_ones(estate: tuple[Path, pl.DataFrame]) -> None:
    found = store.ask(
        estate[0], "select * from clock_offset where server < peer_server and offset_ms is not null order by all"
    )
    wanted = {("EX01", "EX02"): [135_000], ("EX01", "EX03"): [90_000, 20_000], ("EX02", "EX03"): [-45_000, -115_000]}
    for pair, planted in wanted.items():
        rows = found.filter((pl.col("server") == pair[0]) & (pl.col("peer_server") == pair[1])).to_dicts()
        assert len(rows) == len(planted)
        for row, offset in zip(rows, planted, strict=True):
            assert abs(row["offset_ms"] - offset) <= row["bound_ms"] < 200


def test_corrected_hop_times_are_the_true_ones_within_their_bound(estate: tuple[Path, pl.DataFrame]) -> None:
    folder, truth = estate
    found = store.ask(
        folder,
        "select m.message_id, h.kind, h.from_server, h.to_server, h.transit_ms, h.corrected_ms, h.bound_ms, h.wait_ms"
        " from hop h join message m on m.message_key = h.message_key where h.kind in ('deliver', 'transfer') and not m.is_noise",
    )
    true = (
        truth.filter(pl.col("kind").is_in(["deliver", "transfer"]))
        .with_columns(
            pl.col("message_id").str.strip_chars("<>"),
            true_ms=(pl.col("ended_at") - pl.col("started_at")).dt.total_milliseconds(),
        )
        .select("message_id", "kind", "from_server", "to_server", "true_ms")
    )
    key = ["message_id", "kind", "from_server", "to_server"]
    alone = [frame.filter(pl.len().over(key) == 1) for frame in (found, true)]
    both = alone[0].join(alone[1], on=key)
    assert both.height > 150
    assert both["corrected_ms"].null_count() == 0
    assert both.filter((pl.col("corrected_ms") - pl.col("true_ms")).abs() > pl.col("bound_ms")).to_dicts() == []
    assert both["corrected_ms"].min() >= 0
    assert both["wait_ms"].max() < 60_000


def test_wrong_clocks_are_findings(estate: tuple[Path, pl.DataFrame]) -> None:
    found = store.ask(
        estate[0], "select rule_id, subject, summary, evidence from finding where rule_id like 'topo-clock%'"
    ).to_dicts()
    assert {row["subject"][:11] for row in found if row["rule_id"] == "topo-clock-offset"} == {
        "EX01 - EX02",
        "EX01 - EX03",
        "EX02 - EX03",
    }
    assert {row["subject"][:11] for row in found if row["rule_id"] == "topo-clock-step"} == {
        "EX01 - EX03",
        "EX02 - EX03",
    }
    assert all(row["evidence"] for row in found)


def test_wrong_clocks_do_not_change_the_order_of_hops(estate: tuple[Path, pl.DataFrame]) -> None:
    wrong = store.ask(
        estate[0],
        "select count(*) as n from hop h join hop p on p.hop_key = h.parent_hop_key where h.hop_number <= p.hop_number",
    )
    assert wrong["n"][0] == 0


def test_the_time_to_a_recipient_is_not_spoilt_by_wrong_clocks(estate: tuple[Path, pl.DataFrame]) -> None:
    found = store.ask(
        estate[0],
        "select l.total_ms, l.total_bound_ms from leg l join message m on m.message_key = l.message_key"
        " where l.status = 'delivered' and not m.is_noise and m.hop_count <= 4",
    )
    assert found.height > 100
    assert found["total_bound_ms"].null_count() == 0
    assert found["total_ms"].max() < 15_000
    assert found.filter(pl.col("total_ms") < 0).is_empty()


def test_the_command_line_plans_clocks(call: Callable[..., Result], tmp_path: Path) -> None:
    words = ("--messages", 1, "--clock-offset", "EX01=-90000", "--clock-step", "ex02=30000@2026-03-02T12:00:00")
    assert call("simulate", "--out", tmp_path / "a", *words).exit_code == 0
    truth = pl.read_parquet(tmp_path / "a" / "truth.parquet").filter(pl.col("record") == "clock")
    assert truth["offset_ms"].to_list() == [-90_000, 0, 30_000]
    edge = ("--messages", 1, "--with", "edge", "--clock-offset", "EDGE1=7000")
    assert call("simulate", "--out", tmp_path / "c", *edge).exit_code == 0
    for wrong in ("EX09=5", "EX01=soon", "EX01=99999999"):
        assert call("simulate", "--out", tmp_path / "b", "--messages", 1, "--clock-offset", wrong).exit_code == 2
    assert not (tmp_path / "b").exists()
