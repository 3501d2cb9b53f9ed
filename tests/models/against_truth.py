"""What a store says, held against the simulator's truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from tracelens import store

HOP = [
    "message_id", "kind", "from_server", "from_service", "from_ip", "to_server", "to_service", "to_ip", "to_port",
    "send_connector", "receive_connector",
]  # fmt: skip
LEG = ["message_id", "recipient_address", "status"]
_MID = pl.col("message_id").str.strip_chars("<> ")


def true_hops(truth: pl.DataFrame) -> pl.DataFrame:
    """Gives the true hops with their parents' facts as `parent_…`, null for a first hop."""
    hops = truth.filter(pl.col("record") == "hop").with_columns(_MID)
    parents = hops.select(
        "network_message_id", parent_number="hop_number", **{f"parent_{name}": pl.col(name) for name in HOP[1:]}
    )
    return hops.join(parents, on=["network_message_id", "parent_number"], how="left")


def true_legs(truth: pl.DataFrame) -> pl.DataFrame:
    """Gives the true legs."""
    legs = truth.filter(pl.col("record") == "leg").select(*LEG, "ended_at")
    return legs.with_columns(_MID, pl.col("recipient_address").str.to_lowercase())


def found_hops(folder: Path) -> pl.DataFrame:
    """Gives the hops of a store with their parents' facts."""
    own = ", ".join(f"h.{name}" for name in HOP[1:])
    above = ", ".join(f"p.{name} as parent_{name}" for name in HOP[1:])
    rows = store.ask(
        folder,
        f"select m.message_id, h.message_key, {own}, {above}, h.basis, h.started_at, h.parent_hop_key is not null as has_parent, p.basis as parent_basis"
        " from hop h join message m on m.message_key = h.message_key left join hop p on p.hop_key = h.parent_hop_key"
        " where m.message_id is not null and not m.is_noise",
    )
    return rows.with_columns(_MID, pl.col("to_port", "parent_to_port").cast(pl.Int64))


def found_legs(folder: Path) -> pl.DataFrame:
    """Gives the legs of a store."""
    rows = store.ask(
        folder,
        "select m.message_id, l.* exclude (message_key) from leg l join message m on m.message_key = l.message_key"
        " where m.message_id is not null and not m.is_noise",
    )
    return rows.with_columns(_MID, pl.col("recipient_address").str.to_lowercase())


def difference(left: pl.DataFrame, right: pl.DataFrame) -> list[dict[str, Any]]:
    """Gives the rows of one side that the other lacks."""
    return left.join(right, on=left.columns, how="anti", nulls_equal=True).to_dicts()


def agrees(seen: dict[str, Any], true: dict[str, Any], prefix: str = "") -> bool:
    """Says whether nothing that is claimed differs; what a log does not tell is null."""
    return all(seen[prefix + name] in (None, true[prefix + name]) for name in HOP[1:])
