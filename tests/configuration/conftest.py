"""An estate with exported configuration, with and without planted mistakes, and models to give rows to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.configuration.given import empty
from tracelens.pipeline import ingest
from tracelens.simulate import simulate


@pytest.fixture(scope="session")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    opened = empty()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Logs and store of an estate with planted mistakes in its configuration."""
    return _estate(tmp_path_factory.mktemp("wrong"), troubles=True)


@pytest.fixture(scope="session")
def right(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Logs and store of an estate whose configuration and logs agree."""
    return _estate(tmp_path_factory.mktemp("right"), troubles=False)


def _estate(folder: Path, troubles: bool) -> tuple[Path, Path]:
    simulate(folder / "logs", messages=120, servers=2, seed=11, hours=(8, 12), troubles=troubles, exports=True)
    ingest([folder / "logs"], folder / "S", workers=1)
    return folder / "logs", folder / "S"
