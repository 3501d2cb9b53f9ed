"""An engine kept open from question to question, so that only the first one waits for it."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass
class _Engine:
    """An open engine: of which process and key, how many ask it now, whether the last of them is to close it."""

    con: Any
    key: tuple[int, str]
    asking: int = 0
    is_old: bool = False


class KeptEngine:
    """Keeps one engine, that of the key last asked for; each question has a connection of its own to it.

    An engine that is let go lives on until the questions under way have their answers. One that a forked process
    inherits is left alone: its threads are not there.
    """

    def __init__(self) -> None:
        """Keeps none yet."""
        self._turn = threading.Lock()
        self._kept: _Engine | None = None
        self._inherited: list[_Engine] = []

    @contextlib.contextmanager
    def connection(self, key: str, start: Callable[[], Any]) -> Iterator[Any]:
        """Opens a connection to the engine of a key; where another or none is kept, `start` gives that engine."""
        with self._turn:
            if self._kept is None or self._kept.key != (os.getpid(), key):
                self._let_go()
                self._kept = _Engine(start(), (os.getpid(), key))
            engine = self._kept
            engine.asking += 1
            con = engine.con.cursor()
        try:
            yield con
        finally:
            con.close()
            with self._turn:
                engine.asking -= 1
                if engine.is_old and not engine.asking:
                    engine.con.close()

    def release(self) -> None:
        """Lets the engine go, and with it the files it holds open."""
        with self._turn:
            self._let_go()

    def _let_go(self) -> None:
        engine, self._kept = self._kept, None
        if engine is None:
            return
        if engine.key[0] != os.getpid():
            self._inherited.append(engine)
        elif engine.asking:
            engine.is_old = True
        else:
            engine.con.close()
