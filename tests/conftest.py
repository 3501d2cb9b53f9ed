"""Shared by all tests: the sample store, read once, and the command line as a user calls it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tracelens.cli import main
from tracelens.pipeline import ingest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the sample logs."""
    store = tmp_path_factory.mktemp("sample") / "store"
    ingest([ROOT / "sample_logs"], store, workers=1)
    return store


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """Calls the command line in an empty folder without settings of its own."""
    for name in (
        "TRACELENS_STORE",
        "TRACELENS_MEMORY_LIMIT",
        "TRACELENS_WORKERS",
        "TRACELENS_RULES",
        "TRACELENS_UNVERIFIED",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*words: object, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, [str(word) for word in words], input=stdin)

    return run
