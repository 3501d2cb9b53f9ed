"""The errors of tracelens: what is wrong, where, and what to do about it."""

from __future__ import annotations


class TracelensError(Exception):
    """An error a user can act on.

    Attributes:
        what: What is wrong, lower case, present tense.
        where: File, line, table or option it concerns.
        hint: What to do next.
        exit_code: Exit code of the command line.
    """

    exit_code = 1

    def __init__(self, what: str, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        where = f" ({self.where})" if self.where else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.what}{where}{hint}"


class UsageError(TracelensError):
    """The request is wrong."""

    exit_code = 2


class ConfigError(UsageError):
    """A setting is wrong."""


class InputError(TracelensError):
    """The input cannot be used at all."""

    exit_code = 4


class StoreError(TracelensError):
    """The store cannot be opened, read or written."""

    exit_code = 3


class StoreBusyError(StoreError):
    """Another ingest holds the store."""


class QueryError(TracelensError):
    """A question cannot be answered as it stands."""

    exit_code = 1


class InternalError(TracelensError):
    """tracelens broke one of its own rules."""

    exit_code = 70
