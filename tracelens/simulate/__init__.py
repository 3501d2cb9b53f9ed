"""Logs of a made-up estate, in the formats, folders and file names of the real thing, with the truth beside them."""

from __future__ import annotations

from tracelens.simulate.clock import Clocks
from tracelens.simulate.plan import Summary, simulate

__all__ = ["Clocks", "Summary", "simulate"]
