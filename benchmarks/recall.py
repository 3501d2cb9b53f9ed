"""Recall of hops with logs missing: how much of each path is still seen, and what is inferred, when whole logs are lost.

    python benchmarks/recall.py [--messages N] [--seed N]

Prints a Markdown table, one row per removed set: hops found of all true hops, hops observed of them, wrong observed claims,
unseen hops that no gap explains by server, log and hour, and gaps that name a log which was not removed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.models.against_truth import found_hops, idle_gaps, recall, unexplained, wrong_claims
from tracelens import pipeline
from tracelens.simulate import simulate
from tracelens.simulate.writer import LOG_KINDS, parse_loss

TRACKING = tuple(f"*:{kind}" for kind in LOG_KINDS if kind.startswith("tracking"))
PROTOCOL = tuple(f"*:{kind}" for kind in LOG_KINDS if not kind.startswith("tracking"))
SETS: dict[str, tuple[str, ...]] = {
    "nothing": (),
    "all protocol logs": PROTOCOL,
    "front end protocol logs": ("*:frontend_receive", "*:frontend_send"),
    "hub protocol logs": ("*:hub_receive", "*:hub_send"),
    "all tracking": TRACKING,
    "MSGTRK": ("*:tracking",),
    "MSGTRKMD": ("*:tracking_delivery",),
    "MSGTRKMS": ("*:tracking_submission",),
    "all but MSGTRK": (*PROTOCOL, *(loss for loss in TRACKING if loss != "*:tracking")),
    "all but front end receive": (*TRACKING, *(loss for loss in PROTOCOL if loss != "*:frontend_receive")),
    "one server of three": ("EX02:*",),
    "one server, and all protocol logs": ("EX02:*", *PROTOCOL),
    "MSGTRK of one server": ("EX02:tracking",),
    "Edge and 2010 servers": ("EDGE1:*", "HUB10:*"),
    "one hour everywhere": ("*:*:9",),
    "the first hour everywhere": ("*:*:6",),
    "one hour of one server": ("EX01:*:9",),
}


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="Recall of hops with logs missing.")
    parser.add_argument("--messages", type=int, default=100)
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    print("| removed | true hops | found | observed | wrong | unseen, no gap | idle gaps |")
    print("|---|---|---|---|---|---|---|")
    for name, lose in SETS.items():
        with tempfile.TemporaryDirectory() as folder:
            logs, store = Path(folder) / "logs", Path(folder) / "S"
            simulate(
                logs, options.messages, 3, seed=options.seed, hours=(6, 14), lose=lose, troubles=False,
                extras=("edge", "hybrid", "centralised", "old", "nat"),
            )  # fmt: skip
            pipeline.ingest([logs], store, workers=1)
            truth = pl.read_parquet(logs / "truth.parquet")
            seen, hops = recall(store, truth)
            observed = found_hops(store).filter(pl.col("basis") == "observed").height
            removed = [parse_loss(loss) for loss in lose]
            wrong, left, idle = (
                wrong_claims(store, truth), unexplained(store, truth, removed), idle_gaps(store, truth, removed)
            )  # fmt: skip
        part = f"{len(seen) / len(hops):.3f} | {observed / len(hops):.3f}"
        print(f"| {name} | {len(hops)} | {part} | {len(wrong)} | {len(left)} | {len(idle)} |", flush=True)


if __name__ == "__main__":
    main()
