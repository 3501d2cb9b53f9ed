"""Edited connectors tried on past mail: uploads go to a folder that is gone afterwards, the store is only read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import streamlit as st

from tracelens.configuration import OF_ROW, TLS_VERSIONS, WhatIf, what_if, what_if_sessions
from tracelens.dashboard import data
from tracelens.errors import InputError, UsageError

MOST_MB = 20


def rehearse(exports: Sequence[bytes], min_tls: str, require_auth: Sequence[str]) -> WhatIf:
    """Gives what the edited configuration would have done to past mail.

    Args:
        exports: Contents of edited exports of Get-ReceiveConnector.
        min_tls: Lowest TLS version that is still spoken; empty to leave it.
        require_auth: Connectors that take mail after a logon only.

    Raises:
        InputError: A file holds no Receive connectors.
        StoreError: There is no store.
        UsageError: Nothing is changed, or a connector or TLS version is not known.
    """
    if min_tls and min_tls not in TLS_VERSIONS:  # an address may name any
        where = "Lowest TLS version"
        raise UsageError(f"no TLS version '{min_tls}'", where, f"choose one of {', '.join(TLS_VERSIONS)}")
    return _rehearse(data.fingerprint(), str(data.store_path()), tuple(exports), min_tls, tuple(require_auth))


def sessions(exports: Sequence[bytes], min_tls: str, require_auth: Sequence[str], row: dict[str, Any]) -> pl.DataFrame:
    """Gives the sessions that a row of a rehearsal counts, the newest 10,000.

    Raises:
        InputError: A file holds no Receive connectors.
        StoreError: There is no store.
        UsageError: Nothing is changed.
    """
    told = tuple((name, row.get(name)) for name in OF_ROW)
    return _sessions(data.fingerprint(), str(data.store_path()), tuple(exports), min_tls, tuple(require_auth), told)


@st.cache_data(max_entries=10, show_spinner="Replaying …")
def _rehearse(
    generation: str, store: str, exports: tuple[bytes, ...], min_tls: str, require_auth: tuple[str, ...]
) -> WhatIf:
    assert generation is not None  # a part of the key only
    with _kept(exports) as paths:
        return what_if(store, paths, min_tls=min_tls, require_auth=require_auth)


@st.cache_data(max_entries=10, show_spinner="Replaying …")
def _sessions(
    generation: str,
    store: str,
    exports: tuple[bytes, ...],
    min_tls: str,
    require_auth: tuple[str, ...],
    row: tuple[tuple[str, Any], ...],
) -> pl.DataFrame:
    assert generation is not None  # a part of the key only
    with _kept(exports) as paths:
        return what_if_sessions(store, paths, row=dict(row), min_tls=min_tls, require_auth=require_auth)


@contextmanager
def _kept(exports: tuple[bytes, ...]) -> Iterator[list[Path]]:
    """Gives files with these contents, for as long as they are needed."""
    with tempfile.TemporaryDirectory(prefix="tracelens-") as folder:
        paths = [Path(folder) / f"connectors{at}.txt" for at in range(len(exports))]
        for path, content in zip(paths, exports, strict=True):
            path.write_bytes(content)
        try:
            yield paths
        except InputError as error:  # the path is none the user knows
            raise InputError(error.what, hint=error.hint) from error
