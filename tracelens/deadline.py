"""The time a question may take."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def time_limit(con: Any, timeout_s: float | None, stop: threading.Event | None) -> Iterator[None]:
    """Interrupts after `timeout_s` seconds or when called off, again and again: the engine forgets it between steps."""
    done = threading.Event()
    deadline = time.monotonic() + (timeout_s or threading.TIMEOUT_MAX)

    def wait() -> None:
        while time.monotonic() < deadline and not (stop and stop.is_set()):
            if done.wait(0.05 if stop else max(0, min(deadline - time.monotonic(), threading.TIMEOUT_MAX))):
                return
        while not done.wait(0.05):
            con.interrupt()

    watch = threading.Thread(target=wait, daemon=True)
    watch.start()
    try:
        yield
    finally:
        done.set()
        watch.join()
