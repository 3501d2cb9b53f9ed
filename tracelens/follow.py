"""Follows paths that grow: when to look again, and how to end."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from tracelens.errors import InputError, InternalError, TracelensError, UsageError

if TYPE_CHECKING:
    from tracelens.pipeline import Account

LOOK_ANYWAY = 6
DEBOUNCE_MS = 1600


class Ending:
    """Ctrl-C or a stop signal: ends the work at once, or after a part that must not be torn."""

    def __init__(self) -> None:
        self.is_asked = False
        self._is_held = False

    @contextlib.contextmanager
    def caught(self) -> Iterator[None]:
        """Takes signals while the block runs; outside the main thread they are left alone.

        Whatever error an interrupted library makes of it, the block ends with KeyboardInterrupt.
        """
        signals = [signal.SIGINT, signal.SIGTERM]
        before = []
        try:
            before = [signal.signal(number, self._ask) for number in signals]
        except ValueError:
            signals = []
        try:
            yield
        except Exception as error:
            if self.is_asked:
                raise KeyboardInterrupt from error
            raise
        finally:
            for number, handler in zip(signals, before, strict=True):
                signal.signal(number, handler)

    @contextlib.contextmanager
    def held_off(self) -> Iterator[None]:
        """Lets the block finish before it ends the work."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
        if self.is_asked:
            raise KeyboardInterrupt

    def _ask(self, number: int, frame: FrameType | None) -> None:
        assert number and (frame is None or frame), "the form of a signal handler"
        again, self.is_asked = self.is_asked, True
        if again or not self._is_held:
            raise KeyboardInterrupt


def check(paths: Sequence[Path], store: Path) -> None:
    """Checks that the store does not lie in a followed folder: each generation would be a change there.

    Raises:
        UsageError: It does.
    """
    folder = store.absolute()
    for path in paths:
        if folder.is_relative_to(path.absolute()):
            raise UsageError(
                f"the store '{store}' lies inside the followed folder '{path}'", hint="choose another with --store"
            )


def rounds(paths: Sequence[Path], interval_s: float, notices: bool = True) -> Iterator[None]:
    """Yields at once, then when files under the paths have changed, at most once per interval.

    Network shares often send no notices, so it yields after six intervals without one, too.

    Args:
        paths: Files and folders.
        interval_s: Seconds from the beginning of a round to the next.
        notices: Wait for notices of the operating system (watchfiles); without them, and where watchfiles or the
            system has none, it yields every interval.
    """
    watcher = _watcher(paths, interval_s) if notices else None
    looks = 1  # what came before the watch began is seen by the second round
    while True:
        began = time.monotonic()
        yield
        if watcher is not None:
            try:
                for _ in range(looks):
                    if next(watcher):
                        break
                looks = LOOK_ANYWAY
            except (OSError, RuntimeError):  # no such folder any more, or no watches left
                watcher = None
        time.sleep(max(0.0, began + interval_s - time.monotonic()))


def _watcher(paths: Sequence[Path], interval_s: float) -> Iterator[set[tuple[object, str]]] | None:
    try:
        from watchfiles import watch
    except ImportError:
        return None
    there = [path for path in paths if path.exists()]
    if not there:
        return None
    interval_ms = max(1, int(interval_s * 1000))
    return watch(  # type: ignore[return-value]
        *there, watch_filter=None, debounce=min(DEBOUNCE_MS, interval_ms), rust_timeout=interval_ms,
        yield_on_timeout=True, ignore_permission_denied=True,
    )  # fmt: skip


def follow(
    read: Callable[[], Account],
    paths: Sequence[Path],
    interval_s: float,
    say: Callable[[str], None],
    notices: bool = True,
) -> Account:
    """Reads again and again until Ctrl-C, and gives the account of all rounds.

    A fault of the first round is raised, and one of tracelens itself; others are said, and the next round tries again.

    Args:
        read: Reads the paths once.
        paths: What is followed.
        interval_s: Seconds from the beginning of a round to the next.
        say: Takes a line on what happened.
        notices: See `rounds`.

    Raises:
        TracelensError: The first round fails, except as there are no logs yet.
    """
    from tracelens.agreement import count

    total: Account | None = None
    said = ""
    broken: set[tuple[str, str]] = set()
    ending = Ending()
    try:
        with ending.caught():
            for _ in rounds(paths, interval_s, notices):
                try:
                    account = read()
                except TracelensError as error:
                    is_first = total is None and not _is_waiting(error, paths)
                    if ending.is_asked or is_first or isinstance(error, InternalError):
                        raise
                    if str(error) != said:
                        said = str(error)
                        say(f"{error}; looking again")
                    continue
                said = ""
                is_news = total is None or account.new_files > 0
                total = account if total is None else joined(total, account)
                for path, reason in sorted({*account.failed} - broken):
                    say(f"{path}: {reason}; looking again")
                broken = {*account.failed}
                if is_news:
                    say(f"{count(account.new_files, 'file')} read, {account.known_files:,} known; {account.generation}")
    except KeyboardInterrupt:
        if total is None:
            raise
        return total
    raise AssertionError("rounds never end")


def _is_waiting(error: TracelensError, paths: Sequence[Path]) -> bool:
    """Tells whether logs may simply not have come yet."""
    return isinstance(error, InputError) and all(path.exists() for path in paths)


def joined(first: Account, second: Account) -> Account:
    """Gives the account of two runs on the same paths as one."""
    from dataclasses import replace

    return replace(
        second, new_files=first.new_files + second.new_files, known_files=first.known_files,
        seconds=first.seconds + second.seconds,
    )  # fmt: skip
