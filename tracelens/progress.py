"""Progress of an ingest on stderr: a bar at a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracelens.pipeline import Progress

QUIET_S = 5.0


@contextlib.contextmanager
def shown() -> Iterator[Callable[[Progress], None]]:
    """Gives a function that shows how far an ingest is: stage, files, bytes, rate, time left."""
    from rich.console import Console

    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield _Lines()
        return
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description:<28}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
        TimeRemainingColumn(), TextColumn("{task.fields[files]}"),
    )  # fmt: skip
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("discover", total=None, files="")

        def tell(progress: Progress) -> None:
            files = f"{progress.files_done}/{progress.files_total} files" if progress.files_total else ""
            total = progress.bytes_total or None
            bar.update(task, description=progress.stage, completed=progress.bytes_done, total=total, files=files)

        yield tell


class _Lines:
    """Writes a line when a stage begins, and every few seconds while files are read."""

    def __init__(self) -> None:
        self.stage, self.told_at, self.began_at = "", 0.0, time.monotonic()

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        stage = progress.stage.split()[0]
        if stage == self.stage and now - self.told_at < QUIET_S:
            return
        if stage != self.stage:
            self.began_at = now
        self.stage, self.told_at = stage, now
        text = progress.stage
        if progress.bytes_total:
            share = progress.bytes_done / progress.bytes_total
            text += f": {progress.files_done}/{progress.files_total} files"
            text += f", {progress.bytes_done / 1e6:,.0f} of {progress.bytes_total / 1e6:,.0f} MB"
            spent = now - self.began_at
            if progress.bytes_done and spent > 0.5:
                text += f", {progress.bytes_done / 1e6 / spent:,.0f} MB/s, {spent / share - spent:,.0f} s left"
        print(text, file=sys.stderr, flush=True)
