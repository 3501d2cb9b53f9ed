"""A simulated estate, its disguised copy, and the stores of both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from tracelens.cli import main
from tracelens.keyfile import key_of
from tracelens.pipeline import ingest
from tracelens.pseudonym import Tokens
from tracelens.simulate import simulate


@dataclass(frozen=True)
class Pair:
    """Logs and their copy, each with a store."""

    logs: Path
    copy: Path
    store: Path
    copy_store: Path
    key: Path

    @property
    def tokens(self) -> Tokens:
        return Tokens(key_of(self.key))


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    root = tmp_path_factory.mktemp("pair")
    pair = Pair(root / "logs", root / "copy", root / "S", root / "C", root / "keys" / "a.key")
    simulate(pair.logs, messages=150, servers=2, seed=4)
    # a fixed key: by a new one each time, a token of an address could by chance be another address of the estate
    pair.key.parent.mkdir()
    pair.key.write_text("5eed" * 16)
    words = ["pseudonymise", str(pair.logs), "--out", str(pair.copy), "--key", str(pair.key)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    ingest([pair.logs], pair.store, workers=1)
    ingest([pair.copy], pair.copy_store, workers=1)
    return pair
