"""Logs that come in by the browser: kept beside the store, then ingested like any others."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Any

import streamlit as st

from tracelens.config import rule_params, setting
from tracelens.dashboard.job import Job
from tracelens.errors import ConfigError, StoreBusyError
from tracelens.lock import is_held
from tracelens.pipeline import Account, ingest

FOLDER = "uploads"
WAIT_S = 10


def limit_mb() -> int:
    """Gives the largest upload in MB; 0 when uploads are off.

    Raises:
        ConfigError: The setting is no number.
    """
    held = setting("upload_mb")
    try:
        return max(0, int(held))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"'upload_mb' is '{held}'", hint="write a number of MB; 0 turns uploads off") from error


def refusal(store: Path) -> str:
    """Gives why nothing can be uploaded; empty when it can.

    Raises:
        ConfigError: The setting is no number.
    """
    if limit_mb() == 0:
        return "Uploads are turned off by the setting upload_mb."
    if not os.access(store, os.W_OK):
        return "This dashboard may only read the store: ingest as a user who may write it, with `tracelens ingest`."
    return ""


def keep(store: Path, name: str, content: bytes) -> Path:
    """Writes an upload into the store's folder `uploads`, where evidence can be looked up later; gives its path."""
    last = re.split(r"[/\\]", name)[-1]
    clean = re.sub(r"[^\w.()+ -]", "_", last).strip(". ")[-120:] or "upload"
    folder = store.absolute() / FOLDER / hashlib.blake2b(content, digest_size=6).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / clean
    path.write_bytes(content)
    return path


def start(store: Path, paths: list[Path], server: str, service: str) -> Job:
    """Starts an ingest of the paths; `told` is its progress, `answer` its account."""

    def work(job: Job) -> Account:
        def tell(progress: Any) -> None:
            job.told = progress

        rules = setting("rules")
        try:
            return ingest(
                paths,
                store,
                server=server or None,
                service=service or None,
                memory_limit=setting("memory_limit"),
                workers=1,
                wait_s=WAIT_S,
                rule_dirs=[Path(rules)] if rules else [],
                rule_params=rule_params(),
                on_progress=tell,
            )
        except StoreBusyError as error:  # its hint is for the command line
            raise StoreBusyError(error.what, hint="upload the files again when that ingest is done") from error

    running()[str(store)] = job = Job(work)
    return job


def is_busy(store: Path) -> bool:
    """Tells whether an ingest is running, of this dashboard or of another process."""
    job = running().get(str(store))
    return (job is not None and not job.is_done()) or is_held(store)


@st.cache_resource
def running() -> dict[str, Job]:
    """Gives the last ingest per store, for all who look at this dashboard."""
    return {}
