"""Edited connectors tried on past mail: uploads go to a folder that is gone afterwards, the store is only read."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from tracelens.configuration import WhatIf, what_if
from tracelens.dashboard import data
from tracelens.errors import InputError

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
        UsageError: Nothing is changed.
    """
    return _rehearse(data.fingerprint(), str(data.store_path()), tuple(exports), min_tls, tuple(require_auth))


@st.cache_data(max_entries=10, show_spinner="Replaying …")
def _rehearse(
    generation: str, store: str, exports: tuple[bytes, ...], min_tls: str, require_auth: tuple[str, ...]
) -> WhatIf:
    assert generation is not None  # a part of the key only
    with tempfile.TemporaryDirectory(prefix="tracelens-") as folder:
        paths = [Path(folder) / f"connectors{at}.txt" for at in range(len(exports))]
        for path, content in zip(paths, exports, strict=True):
            path.write_bytes(content)
        try:
            return what_if(store, paths, min_tls=min_tls, require_auth=require_auth)
        except InputError as error:  # the path is none the user knows
            raise InputError(error.what, hint=error.hint) from error
