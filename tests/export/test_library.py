"""tracelens as a library: its page is true, and it loads only what is used."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

import pytest

import tracelens

ROOT = Path(__file__).parents[2]


def test_every_example_of_the_library_page_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sample_logs").symlink_to(ROOT / "sample_logs", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    done = doctest.testfile(str(ROOT / "docs" / "library.md"), module_relative=False, encoding="utf-8")
    assert done.attempted > 25
    assert done.failed == 0


def test_importing_tracelens_and_its_errors_loads_no_heavy_library() -> None:
    probe = (
        "import sys, tracelens; tracelens.TracelensError; dir(tracelens);"
        "heavy = ('duckdb', 'polars', 'pyarrow', 'numpy', 'rich', 'opentelemetry', 'tracelens.library');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there_and_others_are_refused() -> None:
    for name in tracelens.LAZY:  # type: ignore[attr-defined]
        assert getattr(tracelens, name) is not None, name
        assert name in dir(tracelens)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = tracelens.nothing  # type: ignore[attr-defined]


def test_the_names_type_checkers_see_are_those_the_module_gives() -> None:
    stub = (ROOT / "tracelens" / "__init__.pyi").read_text(encoding="utf-8")
    told = {line.rpartition(" as ")[2].split()[0] for line in stub.splitlines() if line.startswith("from ")}
    assert told == set(tracelens.LAZY)  # type: ignore[attr-defined]


def test_a_store_answers_as_the_command_line_does(sample_store: Path) -> None:
    store = tracelens.open(sample_store)
    assert store.rules().height > 30
    assert store.findings().height >= store.findings(severity="high").height > 0
    assert store.findings(rule="relay-open-to-internet")["rule_id"].to_list() == ["relay-open-to-internet"]
    assert store.search(sender="nadia.costa", limit=1).height == 1
    trace = store.trace(store.search(recipient="contoso.com")["message_key"][0])
    assert str(trace).startswith("Message  ")
    assert str(store.session(store.sql("select session_key from session").row(0)[0])).startswith("Session  ")


def test_a_message_that_is_not_one_is_refused(sample_store: Path) -> None:
    store = tracelens.open(sample_store)
    with pytest.raises(tracelens.QueryError, match="no message 'nobody@nowhere'"):
        store.trace("nobody@nowhere")
    with pytest.raises(tracelens.QueryError, match=r"messages match 'contoso\.com'"):
        store.trace("contoso.com")
    with pytest.raises(tracelens.StoreError, match="no store at"):
        tracelens.open(sample_store / "elsewhere")
