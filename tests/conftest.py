"""Shared by all tests: the sample store, read once, and the command line as a user calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tracelens.cli import main
from tracelens.detect import Rulebook, rulebook
from tracelens.pipeline import ingest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the sample logs."""
    store = tmp_path_factory.mktemp("sample") / "store"
    ingest([ROOT / "sample_logs"], store, workers=1)
    return store


@pytest.fixture(scope="module")
def few_rules() -> Iterator[Rulebook]:
    """Three rules in place of all, where a test is about files and stores: an ingest takes a third of the time."""
    book = rulebook()
    few = Rulebook(book.signatures, book.rules[:3])
    with pytest.MonkeyPatch.context() as patch:
        for name in ("tracelens.pipeline.rulebook", "tracelens.lakeside.rulebook", "tracelens.detect.rulebook"):
            patch.setattr(name, lambda *_: few)
        yield few


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
