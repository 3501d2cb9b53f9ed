"""The linker against the simulator's truth: every hop, leg and status, with all logs and with tracking alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from tracelens import pipeline, store
from tracelens.simulate import simulate

HOP = [
    "message_id", "kind", "from_server", "from_service", "from_ip", "to_server", "to_service", "to_ip", "to_port",
    "send_connector", "receive_connector",
]  # fmt: skip
LEG = ["message_id", "recipient_address", "status"]


def facts(truth: pl.DataFrame, record: str, columns: list[str]) -> pl.DataFrame:
    rows = truth.filter((pl.col("record") == record) & pl.col("message_id").is_not_null())
    return tidy(rows.select(columns))


def tidy(rows: pl.DataFrame) -> pl.DataFrame:
    exprs = [pl.col("message_id").str.strip_chars("<> ")]
    if "recipient_address" in rows.columns:
        exprs.append(pl.col("recipient_address").str.to_lowercase())
    if "to_port" in rows.columns:
        exprs.append(pl.col("to_port").cast(pl.Int64))
    return rows.with_columns(exprs)


def found(folder: Path, table: str, columns: list[str]) -> pl.DataFrame:
    names = ", ".join(f"x.{name}" for name in columns if name != "message_id")
    return tidy(
        store.ask(
            folder,
            f"select m.message_id, {names} from {table} x join message m on m.message_key = x.message_key"
            " where m.message_id is not null and not m.is_noise",
        ).select(columns)
    )


def difference(left: pl.DataFrame, right: pl.DataFrame) -> list[dict[str, object]]:
    return left.join(right, on=left.columns, how="anti", nulls_equal=True).to_dicts()


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("estate")
    simulate(out, messages=800, servers=3, days=1, seed=7)
    return out


def test_with_all_logs_hops_legs_and_statuses_are_the_truth(estate: Path, tmp_path: Path) -> None:
    pipeline.ingest([estate], tmp_path / "S")
    truth = pl.read_parquet(estate / "truth.parquet")
    for record, table, columns in (("hop", "hop", HOP), ("leg", "leg", LEG)):
        wanted, seen = facts(truth, record, columns), found(tmp_path / "S", table, columns)
        assert wanted.height > 1000
        assert difference(wanted, seen)[:5] == []
        assert difference(seen, wanted)[:5] == []
        assert seen.height == wanted.height


def test_without_protocol_logs_statuses_are_right_and_the_proxy_hop_is_inferred(estate: Path, tmp_path: Path) -> None:
    bare = tmp_path / "logs"
    shutil.copytree(estate, bare, ignore=lambda _, names: [name for name in names if name == "ProtocolLog"])
    pipeline.ingest([bare], tmp_path / "S")
    truth = pl.read_parquet(estate / "truth.parquet")
    wanted, seen = facts(truth, "leg", LEG), found(tmp_path / "S", "leg", LEG)
    refused = pl.col("status") == "refused"  # turned away before acceptance: only the protocol log knows
    assert difference(wanted.filter(~refused), seen)[:5] == []
    assert difference(seen, wanted)[:5] == []
    proxied = store.ask(
        tmp_path / "S",
        "select count(*) as n from hop where kind = 'receive' and to_service = 'frontend' and basis = 'inferred'",
    )
    truly = facts(truth, "hop", HOP).filter((pl.col("kind") == "receive") & (pl.col("to_service") == "frontend"))
    assert proxied["n"][0] >= truly.height * 0.9
