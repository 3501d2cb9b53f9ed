"""The rules of the house, as tests."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tracelens.build import models
from tracelens.cli import main
from tracelens.config import SETTINGS
from tracelens.formats import formats
from tracelens.query import describe, question
from tracelens.schema import TABLES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "tracelens"
CONTEXT = click.Context(main)
COMMANDS = {name: main.get_command(CONTEXT, name) or click.Command(name) for name in main.list_commands(CONTEXT)}
UNPORTABLE = (
    "any_value(", "first(", "mode() ", "arg_max(", "arg_min(", "percentile_cont", "asof ", "pivot ", "extract(epoch",
    "strftime(", "select * exclude", "union by name", "epoch(", "read_parquet", "read_csv",
)  # fmt: skip


def test_the_command_table_of_readme_is_what_the_commands_say() -> None:
    told = dict(re.findall(r"^\| `tracelens ([\w-]+)` \| (.+) \|$", README, flags=re.M))
    assert told == {
        name: (command.help or "").split("\n\n")[0].replace("\n", " ") for name, command in COMMANDS.items()
    }


def test_the_settings_table_of_readme_is_what_the_settings_are() -> None:
    told = re.findall(r"^\| `(\w+)` \| `(TRACELENS_\w+)` \|", README, flags=re.M)
    assert told == [(entry.name, entry.variable) for entry in SETTINGS]


def test_the_table_of_formats_in_readme_is_what_is_read() -> None:
    told = re.findall(r"^\| (.+) \| `(\w+)` \| `(\w+)` \|$", README, flags=re.M)
    held = [(f.title.replace("|", "to"), f.name, f.table.name) for f in formats().values()]
    assert sorted(told) == sorted(held)
    assert all(title for title, _, _ in told)


def test_the_description_of_the_tables_is_up_to_date(sample_store: Path) -> None:
    text = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    told: dict[str, list[str]] = {}
    for part in text.split("\n## ")[1:]:
        told[part.split("\n")[0]] = re.findall(r"^\| (\w+) \| .+\|$", part, flags=re.M)[1:]
    held = describe(sample_store).group_by("table_name", maintain_order=True).agg("column_name")
    assert told == dict(held.iter_rows())


def test_every_table_and_event_column_is_described(sample_store: Path) -> None:
    rows = describe(sample_store)
    assert rows.filter(rows["table_doc"] == "").is_empty()
    for name, table in TABLES.items():
        assert rows.filter(rows["table_name"] == name)["column_name"].to_list() == [c.name for c in table.columns]


@pytest.mark.parametrize("model", models(), ids=lambda model: model.name)
def test_a_model_keeps_to_the_portable_subset_and_says_what_it_is(model: object) -> None:
    sql = model.sql.lower()  # type: ignore[attr-defined]
    body = re.sub(r"--.*", "", sql)
    assert not [word for word in UNPORTABLE if word in body]
    assert model.kind in ("table", "temp", "part")  # type: ignore[attr-defined]
    assert model.grain, "a model names its grain"  # type: ignore[attr-defined]
    assert re.match(r"-- [A-Z].+", model.sql)  # type: ignore[attr-defined]


def test_models_of_single_conversations_stand_together_and_only_they_read_parts() -> None:
    every = models()
    places = [number for number, model in enumerate(every) if model.by == "conversation"]
    assert places == list(range(places[0], places[-1] + 1))
    parts = {model.name for model in every if model.kind == "part"}
    assert [model.name for model in every if model.by != "conversation" and parts & model.sources] == []
    assert [model.name for model in every if model.kind == "part" and model.by != "conversation"] == []


def test_every_saved_question_says_what_it_asks() -> None:
    names = [path.stem for path in (PACKAGE / "queries").glob("*.sql")]
    assert len(names) > 20
    for name in names:
        assert question(name).startswith("-- "), name
    used = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    assert [name for name in names if f'"{name}"' not in used] == []


def test_modules_stay_small() -> None:
    long = {p.name: n for p in PACKAGE.rglob("*.py") if (n := len(p.read_text(encoding="utf-8").splitlines())) > 500}
    assert long == {}


def test_help_imports_no_heavy_library() -> None:
    probe = (
        "import sys; from click.testing import CliRunner; from tracelens.cli import main;"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0;"
        "heavy = ('duckdb', 'polars', 'pyarrow', 'numpy', 'streamlit', 'plotly', 'rich');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_only_progress_prints_and_commands_write_through_put() -> None:
    for path in PACKAGE.rglob("*.py"):
        if path.name != "progress.py":
            assert not re.search(r"^\s*print\(", path.read_text(encoding="utf-8"), flags=re.M), path.name


def test_every_command_and_option_has_help() -> None:
    for name, command in COMMANDS.items():
        assert command.help, name
        for param in command.params:
            if isinstance(param, click.Option):
                assert param.help, f"{name} {param.name}"


def test_the_repository_names_no_registry_and_no_home_folder() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    pattern = re.compile(r"pypi\.|files\.pythonhosted|index-url|/home/\w|/root/|C:\\\\Users")
    for name in filter(None, listed):
        path = ROOT / name
        if (
            path.suffix in (".py", ".md", ".toml", ".txt", ".sql", ".yml", "")
            and path.is_file()
            and path != Path(__file__)
        ):
            assert not pattern.search(path.read_text(encoding="utf-8", errors="replace")), name
