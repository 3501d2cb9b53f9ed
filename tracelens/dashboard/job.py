"""Work beside a page: a thread that a page starts, asks after and calls off."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from tracelens.errors import TracelensError


class Job:
    """One piece of work in a thread of its own; it outlives the page's run that started it.

    Attributes:
        stop: Set to call the work off.
        told: What the work last said of how far it is.
        answer: Its outcome, when it is done and went well.
        error: What went wrong, in words a user can act on.
    """

    def __init__(self, work: Callable[[Job], Any]) -> None:
        self.stop = threading.Event()
        self.told: Any = None
        self.answer: Any = None
        self.error: TracelensError | None = None
        self._began = time.monotonic()
        self._ended: float | None = None
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[Job], Any]) -> None:
        try:
            self.answer = work(self)
        except TracelensError as error:
            self.error = error
        except Exception as error:  # a thread has nobody above it to tell
            self.error = TracelensError(f"it failed: {type(error).__name__}: {error}")
        finally:
            self._ended = time.monotonic()

    def is_done(self, wait_s: float = 0) -> bool:
        """Tells whether the work has ended, waiting a little for it."""
        self._thread.join(wait_s)
        return not self._thread.is_alive()

    @property
    def seconds(self) -> float:
        """Gives how long it has been running, or took."""
        return (self._ended or time.monotonic()) - self._began
