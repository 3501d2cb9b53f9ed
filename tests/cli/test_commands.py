"""The command line as a user meets it: good answers, clear errors, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

ROOT = Path(__file__).parents[2]
Call = Callable[..., Result]


def test_ingest_prints_the_account_and_again_nothing_new(call: Call, tmp_path: Path) -> None:
    first = call("ingest", ROOT / "sample_logs", "--store", "S")
    assert first.exit_code == 0
    assert "Every line is accounted for" in first.stdout
    assert "72 files read" in first.stdout
    assert "read: " in first.stderr
    again = call("ingest", ROOT / "sample_logs", "--store", "S")
    assert "nothing new" in again.stdout
    assert "generation tracelens-000001.duckdb" in again.stdout


def test_demo_tells_the_whole_story(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACELENS_SAMPLES", str(ROOT / "sample_logs"))
    done = call("demo", "--store", "D")
    assert done.exit_code == 0
    for part in ("Every line is accounted for", "Open relay", "Path  ", "tracelens serve --store D"):
        assert part in done.stdout


def test_demo_without_samples_makes_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tracelens.cli import demo

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "__file__", str(tmp_path / "elsewhere" / "tracelens" / "cli" / "demo.py"))
    assert any(demo.samples(tmp_path / "D").rglob("MSGTRK*.LOG"))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("findings",), 3, "no store at 'tracelens-store'"),
        (("ingest", "nowhere"), 4, "nowhere"),
        (("ingest", "."), 4, "no log files found (looked at 0 files)"),
        (("ingest", ".", "--memory-limit", "5XB"), 2, "'5XB' is no size of memory"),
        (("trace", "--since", "2026-03-03", "--until", "2026-03-01"), 2, "--since is the earlier"),
        (
            ("export", "data", "--out", "X", "--since", "2026-03-03", "--until", "2026-03-01"),
            2,
            "--since is the earlier",
        ),
        (("report", "nope"), 2, "'digest'"),
        (("ingest", "x" * 300), 4, "cannot be read or written: File name too long"),
        (("trace",), 2, "nothing to look for"),
        (("simulate", "--out", "."), 0, ""),
    ],
)
def test_errors_say_what_where_and_what_to_do(call: Call, words: tuple[str, ...], code: int, said: str) -> None:
    done = call(*words)
    assert done.exit_code == code
    if code:
        assert said in done.stderr
        assert done.stdout == ""
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("select * from nothing", "tracelens schema"),
        ("drop table leg", "DROP"),
        ("copy leg to 'x.csv'", "COPY"),
        ("select 1; select 2", "2 statements"),
        ("-- nothing but a comment", "there is no SQL"),
        ("select * from read_csv('/etc/passwd')", "disabled by configuration"),
    ],
)
def test_sql_answers_selects_only(call: Call, sample_store: Path, question: str, said: str) -> None:
    done = call("sql", question, "--store", sample_store)
    assert done.exit_code == 1
    assert said in done.stderr


def test_sql_is_read_from_stdin(call: Call, sample_store: Path) -> None:
    done = call("sql", "-", "--store", sample_store, "--format", "json", stdin="select 1 as one")
    assert json.loads(done.stdout) == [{"one": 1}]


def test_a_question_may_begin_with_a_comment(call: Call, sample_store: Path) -> None:
    done = call("sql", "--store", sample_store, "--format", "csv", "-- how long\nselect 1 as one")
    assert done.stdout.splitlines() == ["one", "1"]
    assert "Did you mean '--store'" in call("sql", "--stroe", sample_store, "select 1").stderr


def test_lengths_of_time_sums_and_impossible_numbers_are_shown(call: Call, sample_store: Path) -> None:
    question = """
        select interval '26 hours' as took, [interval 1 second] as each, sum(1::bigint) as total, 1.5 as half,
            1.0 / 0 as never, timestamptz '2026-03-02 09:00:00+01' as zoned, '\\x01'::blob as bytes
    """
    done = call("sql", question, "--store", sample_store, "--format", "json")
    assert json.loads(done.stdout) == [
        {
            "took": "26:00:00", "each": ["00:00:01"], "total": 1, "half": 1.5, "never": None,
            "zoned": "2026-03-02T08:00:00.000Z", "bytes": "01",
        }
    ]  # fmt: skip
    assert ",01\r\n" in call("sql", question, "--store", sample_store, "--format", "csv").stdout_bytes.decode()


def test_a_setting_that_is_no_number_is_refused(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACELENS_WORKERS", "many")
    done = call("ingest", ".")
    assert done.exit_code == 2
    assert "'many' is no whole number (setting workers, TRACELENS_WORKERS)" in done.stderr


def test_where_no_file_is_a_log_the_first_are_told_with_what_they_are(call: Call, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.tar").write_bytes(b"x" * 257 + b"ustar\x0000")
    (tmp_path / "logs" / "b.LOG").write_text("#Log-type: \x1b[31mred\n#Fields: a\n")
    (tmp_path / "logs" / "c.gz").write_bytes(b"not packed")
    for words in (("ingest", "logs"), ("collect", "logs", "--lake", "L")):
        said = call(*words).stderr
        assert "looked at 3 files, 1 of them unreadable" in said
        assert "a.tar: a tar archive, which is not opened: unpack it" in said
        assert "another log: #Log-type is" in said and "\x1b" not in said
        assert "c.gz!/c: cannot be read" in said


def test_help_says_what_each_command_does_in_one_whole_line(call: Call) -> None:
    shown = call("--help").stdout.partition("Commands:\n")[2].splitlines()
    assert len(shown) > 15
    assert not [line for line in shown if line.endswith("...") or len(line) > 80]


def test_not_found_says_where_it_looked(call: Call, sample_store: Path) -> None:
    done = call("trace", "nobody@nowhere", "--store", sample_store)
    assert done.exit_code == 1
    assert "EX01" in done.stderr
    assert "EX02" in done.stderr
    assert "2026-03-02" in done.stderr


def test_a_cut_list_says_so(call: Call, sample_store: Path) -> None:
    done = call("trace", "--sender", "contoso.com", "--limit", "2", "--store", sample_store)
    assert done.exit_code == 0
    assert "showing 2 of " in done.stderr
    assert "--limit" in done.stderr


def test_one_id_of_two_sessions_asks_which(call: Call, sample_store: Path) -> None:
    done = call("session", "0000", "--store", sample_store)
    assert done.exit_code == 1
    assert "no session '0000'" in done.stderr


def test_hostile_text_reaches_no_terminal_and_no_spreadsheet(call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "EX01" / "TransportRoles" / "Logs" / "FrontEnd" / "ProtocolLog" / "SmtpReceive"
    folder.mkdir(parents=True)
    rows = [
        "#Software: Microsoft Exchange Server", "#Version: 15.0.0.0", "#Log-type: SMTP Receive Protocol Log",
        "#Date: 2026-03-02T08:00:00.000Z",
        "#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context",
    ]  # fmt: skip
    said = [
        "+,,",
        "<,EHLO =cmd|' /C calc'!A0\x1b[31m,",
        "<,MAIL FROM:<=1+1@example.com>,",
        ">,250 2.1.0 Sender OK,",
        "<,RCPT TO:<\u202eanna@example.net>,",
        ">,550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain,",
        "-,,Local",
    ]
    for number, text in enumerate(said):
        rows.append(
            f"2026-03-02T08:00:0{number}.000Z,EX01\\Default Frontend EX01,08D1,{number},10.0.0.1:25,192.0.2.9:41,{text}"
        )
    (folder / "RECV2026030208-1.LOG").write_bytes("\r\n".join(rows).encode() + b"\r\n")
    assert call("ingest", tmp_path / "EX01", "--store", "S").exit_code == 0
    for words in (("findings",), ("session", "08D1"), ("trace", "--sender", "=1"), ("sql", "select * from session")):
        out = call(*words, "--store", "S").output
        assert "\x1b" not in out, words
        assert "\u202e" not in out, words
    csv = call(
        "sql",
        "select mail_from, helo_name from transaction join session using (session_key)",
        "--store",
        "S",
        "--format",
        "csv",
    )
    assert csv.stdout.splitlines()[1].startswith("'=1+1@example.com,'=cmd")


def test_rules_of_the_user_are_read_and_wrong_ones_refused(call: Call, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    rule = (
        'title = "Mail to one domain"\nclass = "own"\nseverity = "low"\nfinds = "domain"\n'
        'summary = "{hit_count} legs"\n'
        'why = "because"\nlookalikes = "none"\nfix = "none"\n[query]\n'
        "sql = \"select 'x' as subject, count(*) as hit_count from leg\"\n"
        '[[example]]\nname = "a"\ngiven.leg = []\nexpect = [{ hit_count = 0 }]\n'
        '[[example]]\nname = "b"\ngiven.leg = []\nexpect = []\n'
    )
    (rules / "own.toml").write_text(rule, encoding="utf-8")
    assert call("ingest", ROOT / "sample_logs", "--store", "S", "--rules", rules).exit_code == 0
    legs = json.loads(call("sql", "select count(*) as n from leg", "--store", "S", "--format", "json").stdout)[0]["n"]
    assert f"{legs} legs" in call("findings", "--rule", "own", "--store", "S").stdout
    (rules / "own.toml").write_text(
        rule.replace("select 'x'", "copy (select 1) to 'x.csv'; select 'x'"), encoding="utf-8"
    )
    refused = call("ingest", ROOT / "sample_logs", "--store", "T", "--rules", rules)
    assert refused.exit_code == 2
    assert "own" in refused.stderr
    (rules / "own.toml").write_text(rule + 'colour = "red"\n', encoding="utf-8")
    assert call("ingest", ROOT / "sample_logs", "--store", "T", "--rules", rules).exit_code == 2


def test_a_setting_file_sets_rule_parameters_and_refuses_unknown_names(call: Call, tmp_path: Path) -> None:
    (tmp_path / "tracelens.toml").write_text(
        'store = "mine"\n[rule.relay-denied-non-accepted]\nsome_per_hour = 2\n', encoding="utf-8"
    )
    assert call("ingest", ROOT / "sample_logs").exit_code == 0
    found = json.loads(call("findings", "--rule", "relay-denied-non-accepted", "--format", "json").stdout)
    assert {row["severity"] for row in found} == {"medium", "high"}
    (tmp_path / "sub").mkdir()


def test_simulate_writes_the_same_bytes_for_the_same_seed(call: Call, tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert call("simulate", "--out", name, "--messages", "20", "--hours", "8", "10").exit_code == 0
    names = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len(names) > 20
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)


def test_the_sample_is_what_its_readme_says_it_is(call: Call, tmp_path: Path) -> None:
    command = next(
        line
        for line in (ROOT / "sample_logs" / "README.md").read_text(encoding="utf-8").split("`")
        if line.startswith("tracelens simulate")
    )
    assert call(*command.split()[1:]).exit_code == 0
    made = sorted(path.relative_to(tmp_path / "sample_logs") for path in (tmp_path / "sample_logs").rglob("*.LOG"))
    kept = sorted(path.relative_to(ROOT / "sample_logs") for path in (ROOT / "sample_logs").rglob("*.LOG"))
    assert made == kept
    assert all(
        (tmp_path / "sample_logs" / name).read_bytes() == (ROOT / "sample_logs" / name).read_bytes() for name in kept
    )


def test_the_installed_command_runs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tracelens", "--version"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert "0.1.0" in done.stdout


def test_paths_are_read_from_stdin(call: Call) -> None:
    logs = ROOT / "sample_logs" / "EX01" / "TransportRoles" / "Logs" / "MessageTracking"
    done = call("ingest", "-", "--store", "S", stdin="{}\n{}\0{}\n".format(*sorted(logs.iterdir())))
    assert done.exit_code == 0
    assert "3 files read" in done.stdout


def test_other_rule_parameters_judge_known_logs_anew(call: Call, tmp_path: Path) -> None:
    logs = ROOT / "sample_logs" / "EX01" / "TransportRoles" / "Logs" / "FrontEnd"
    assert call("ingest", logs, "--store", "S").exit_code == 0
    assert "nothing new" in call("ingest", logs, "--store", "S").stdout
    (tmp_path / "tracelens.toml").write_text("[rule.relay-denied-non-accepted]\nsome_per_hour = 1\n", encoding="utf-8")
    again = call("ingest", logs, "--store", "S")
    assert "tracelens-000002.duckdb" in again.stdout
    found = json.loads(
        call("findings", "--rule", "relay-denied-non-accepted", "--format", "json", "--store", "S").stdout
    )
    assert {row["severity"] for row in found} == {"medium"}
