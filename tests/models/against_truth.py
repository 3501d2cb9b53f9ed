"""What a store says, held against the simulator's truth."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC
from pathlib import Path
from typing import Any

import polars as pl

from tracelens import store
from tracelens.simulate.writer import Loss

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


def wrong_claims(folder: Path, truth: pl.DataFrame) -> list[str]:
    """Gives what the store claims as observed and is not so: hops, parents of hops, statuses."""
    true: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for hop in true_hops(truth).to_dicts():
        true.setdefault((hop["message_id"], hop["kind"]), []).append(hop)
    wrong = []
    for hop in found_hops(folder).filter(pl.col("basis") == "observed").to_dicts():
        alike = [other for other in true.get((hop["message_id"], hop["kind"]), []) if agrees(hop, other)]
        if not alike:
            wrong.append(f"hop {hop}")
        elif hop["parent_basis"] == "observed" and not any(agrees(hop, other, "parent_") for other in alike):
            wrong.append(f"parent of {hop}")
    statuses = {(leg["message_id"], leg["recipient_address"]): leg["status"] for leg in true_legs(truth).to_dicts()}
    for leg in found_legs(folder).filter(pl.col("basis") == "observed").to_dicts():
        if statuses.get((leg["message_id"], leg["recipient_address"]), leg["status"]) != leg["status"]:
            wrong.append(f"leg {leg}")
    return wrong


def recall(folder: Path, truth: pl.DataFrame) -> tuple[set[tuple[str, int]], list[dict[str, Any]]]:
    """Gives the true hops that the store shows, by message and number, and all true hops."""
    hops = true_hops(truth).to_dicts()
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for hop in found_hops(folder).to_dicts():
        found.setdefault((hop["message_id"], hop["kind"]), []).append(hop)
    seen = {
        (hop["network_message_id"], hop["hop_number"])
        for hop in hops
        if any(agrees(other, hop) for other in found.get((hop["message_id"], hop["kind"]), []))
    }
    return seen, hops


def unexplained(folder: Path, truth: pl.DataFrame, losses: list[Loss]) -> list[str]:
    """Gives the hops that are not seen and that no gap explains, though rows of their message are left.

    A gap explains a hop if it names one of its servers, a log that was removed, and its hour. Of hops in a row that are
    all unseen one must have its gap: no log names the servers further on.
    """
    seen, hops = recall(folder, truth)
    named = store.ask(
        folder,
        "select trim(message_id, '<> ') as mid from tracking_event union select trim(message_id, '<> ') from transaction"
        " union select m.message_id from message m join hop h on h.message_key = m.message_key where h.basis <> 'reported'",
    )
    here = {str(mid).strip("<> ") for mid in named["mid"]}
    gaps = found_gaps(folder)
    ends = dict(true_legs(truth).group_by("message_id").agg(pl.col("ended_at").max()).iter_rows())
    unseen = {
        (hop["network_message_id"], hop["hop_number"]): hop
        for hop in hops
        if (hop["network_message_id"], hop["hop_number"]) not in seen and hop["message_id"] in here
    }
    for key, hop in sorted(unseen.items()):
        # sent once more after it had arrived, and no row of that is left: nothing speaks of it
        again = {
            (key[0], other["hop_number"])
            for other in hops
            if other["network_message_id"] == key[0] and _later(other, hop)
        }
        if hop["started_at"] > ends[hop["message_id"]] and again <= unseen.keys():
            unseen = {other: value for other, value in unseen.items() if other not in again}
    nearest: dict[tuple[str, int], tuple[str, int]] = {}
    for key, hop in sorted(unseen.items()):
        above = (key[0], hop["parent_number"])
        nearest[key] = nearest.get(above, above) if above in unseen else key
    explained = {
        nearest[key]
        for key, hop in unseen.items()
        if any(_explains(gap, hop, losses) for gap in gaps[hop["message_id"]])
    }
    return [f"{hop} gaps {gaps[hop['message_id']]}" for key, hop in unseen.items() if nearest[key] not in explained]


def idle_gaps(folder: Path, truth: pl.DataFrame, losses: list[Loss]) -> list[str]:
    """Gives the gaps that name a log which is here in that hour, or a server that the message never met."""
    met: dict[str, set[str]] = {}
    for hop in true_hops(truth).to_dicts():
        met.setdefault(hop["message_id"], set()).update((hop["from_server"], hop["to_server"]))
    return [
        str(gap)
        for mid, gaps in found_gaps(folder).items()
        for gap in gaps
        if not _is_removed(gap, losses) or (mid != "None" and gap["server"] not in met.get(mid, set()))
    ]


def found_gaps(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Gives the gaps of a store by message-id."""
    rows = store.ask(
        folder,
        "select m.message_id, g.* from gap g join message m on m.message_key = g.message_key where not m.is_noise",
    )
    gaps: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for gap in rows.to_dicts():
        gaps[str(gap["message_id"]).strip("<> ")].append(gap)
    return gaps


def _later(other: dict[str, Any], hop: dict[str, Any]) -> bool:
    """Says whether two hops belong to the same second sending: one follows on the other, or is it."""
    return (
        other["hop_number"] == hop["hop_number"]
        or hop["hop_number"] == other["parent_number"]
        or (other["hop_number"] == hop["parent_number"] and hop["kind"] != "fork")
    )


def _explains(gap: dict[str, Any], hop: dict[str, Any], losses: list[Loss]) -> bool:
    hours = {hop[side].replace(minute=0, second=0, microsecond=0) for side in ("started_at", "ended_at")}
    return gap["server"] in (hop["from_server"], hop["to_server"]) and gap["hour"] in hours and _is_removed(gap, losses)


def _is_removed(gap: dict[str, Any], losses: list[Loss]) -> bool:
    tracked = {"delivery": "tracking_delivery", "submission": "tracking_submission"}
    kind = tracked.get(gap["service"], "tracking")
    if gap["log"] != "message_tracking":
        kind = f"{gap['service']}_{gap['log'].removeprefix('smtp_')}"
    moment = int(gap["hour"].replace(tzinfo=UTC).timestamp()) * 1_000_000
    return any(loss.takes(gap["server"], kind, moment) for loss in losses)
