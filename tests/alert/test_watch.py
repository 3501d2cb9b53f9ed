"""`tracelens watch` against real servers on the loopback address."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tracelens.alert import Quiet
from tracelens.deliver import Mail, Webhook
from tracelens.lookout import look
from tracelens.pipeline import ingest

Call = Callable[..., Result]
Logs = Callable[..., Path]
NIGHT = datetime(2026, 3, 2, 23, tzinfo=UTC)
MORNING = datetime(2026, 3, 3, 6, tzinfo=UTC)


def once(call: Call, logs: Path, *words: object) -> Result:
    return call("watch", logs, "--store", "S", "--once", "--severity", "medium", *words)


def mail_words(mailbox: Any, *to: str) -> list[str]:
    words = ["--mail-from", "tracelens@example.com", "--smtp", f"127.0.0.1:{mailbox.port}"]
    for address in to or ("anna@example.com",):
        words += ["--mail-to", address]
    return words


def test_once_twice_tells_once(call: Call, logs: Logs, mailbox: Any, hook: Any) -> None:
    words = [*mail_words(mailbox), "--webhook", hook.url, "--format", "jsonl"]
    first = once(call, logs("medium"), *words)
    assert first.exit_code == 10, first.output
    told = json.loads(first.stdout)
    assert (told["change"], told["severity"], told["hit_count"]) == ("new", "medium", 6)
    second = once(call, logs("medium"), *words)
    assert (second.exit_code, second.stdout) == (0, "")
    assert len(mailbox.mails) == len(hook.posts) == 1
    assert mailbox.mails[0]["Subject"] == "tracelens: 1 new finding (1 medium)"
    assert hook.posts[0]["title"] == "tracelens: 1 new finding (1 medium)"
    assert "192.0.2.9" in hook.posts[0]["message"]


def test_nothing_from_the_severity_up_is_exit_code_0(call: Call, logs: Logs) -> None:
    assert once(call, logs("info")).exit_code == 0


def test_a_worse_finding_is_told_again(call: Call, logs: Logs, mailbox: Any) -> None:
    words = [*mail_words(mailbox), "--format", "jsonl"]
    assert once(call, logs("medium"), *words).exit_code == 10
    assert once(call, logs(11), *words).exit_code == 0
    doubled = json.loads(once(call, logs(12), *words).stdout)
    assert (doubled["change"], doubled["hit_count_before"], doubled["hit_count"]) == ("hits", 6, 12)
    risen = json.loads(once(call, logs(20), *words).stdout)
    assert (risen["change"], risen["severity_before"], risen["severity"]) == ("severity", "medium", "high")
    assert [mail["Subject"] for mail in mailbox.mails[1:]] == [
        "tracelens: 1 grown worse (1 medium)",
        "tracelens: 1 grown worse (1 high)",
    ]


def test_without_paths_the_store_is_looked_at(call: Call, sample_store: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(sample_store, tmp_path / "copy")
    done = call("watch", "--store", tmp_path / "copy", "--once", "--severity", "critical")
    assert done.exit_code == 10
    assert "Open relay" in done.stdout
    assert done.stdout.count("NEW\n") == 2


def test_a_mail_holds_log_text_in_its_body_only(call: Call, logs: Logs, mailbox: Any) -> None:
    evil = "a\u2028Bcc: victim@example.org\u202e\x1b[31m http://evil.example/x"
    assert once(call, logs("medium", helo=evil), *mail_words(mailbox)).exit_code == 10
    mail = mailbox.mails[0]
    names = {name.lower() for name in mail}
    known = {
        "from", "to", "subject", "date", "message-id", "auto-submitted", "x-auto-response-suppress", "mime-version",
        "content-type", "content-transfer-encoding",
    }  # fmt: skip
    assert {name for name in names if not name.startswith(("x-peer", "x-mailfrom", "x-rcptto"))} == known
    assert mail.get_content_type() == "text/plain"
    head = mailbox.raw[0].split(b"\r\n\r\n")[0]
    assert b"victim" not in head and b"evil" not in head
    body = mail.get_content()
    assert "victim@example.org" in body
    assert not any(sign in body for sign in ("\u202e", "\x1b", "\u2028", "http://"))


def test_a_failed_mail_is_said_stays_untold_and_goes_out_next_time(call: Call, logs: Logs, mailbox: Any) -> None:
    words = [*mail_words(mailbox), "--format", "jsonl"]
    mailbox.is_closed = True
    failed = once(call, logs("medium"), *words)
    assert failed.exit_code == 5
    assert "no mail sent: 451 4.3.2 not now" in failed.stderr
    mailbox.is_closed = False
    after = once(call, logs("medium"), *words)
    assert (after.exit_code, after.stdout) == (10, "")  # stdout had it already
    assert len(mailbox.mails) == 1
    assert once(call, logs("medium"), *words).exit_code == 0


def test_a_server_that_is_not_there_is_said(call: Call, logs: Logs, mailbox: Any, hook: Any) -> None:
    words = [*mail_words(mailbox), "--webhook", "json://127.0.0.1:9/token-XYZZY"]
    words[words.index("--smtp") + 1] = "127.0.0.1:9"
    failed = once(call, logs("medium"), *words)
    assert failed.exit_code == 5
    assert "no mail sent" in failed.stderr and "127.0.0.1:9" in failed.stderr
    assert "webhook not reached" in failed.stderr
    assert "XYZZY" not in failed.output
    assert "XYZZY" not in Path("S/alerts.json").read_text(encoding="utf-8")


def test_one_channel_that_fails_does_not_make_the_other_repeat(call: Call, logs: Logs, mailbox: Any, hook: Any) -> None:
    words = [*mail_words(mailbox), "--webhook", hook.url]
    hook.code = 503
    failed = once(call, logs("medium"), *words)
    assert failed.exit_code == 5
    assert "webhook not reached" in failed.stderr
    assert len(failed.stderr.strip().splitlines()) == 1, failed.stderr
    assert once(call, logs("medium"), *words).exit_code == 5
    hook.code = 200
    assert once(call, logs("medium"), *words).exit_code == 10
    assert (len(mailbox.mails), len(hook.posts)) == (1, 1)


def test_a_refused_recipient_is_said_and_the_others_get_one_mail(call: Call, logs: Logs, mailbox: Any) -> None:
    words = mail_words(mailbox, "anna@example.com", "nobody@example.com")
    failed = once(call, logs("medium"), *words)
    assert failed.exit_code == 5
    assert "nobody@example.com" in failed.stderr
    assert "\x1b" not in failed.stderr
    assert once(call, logs("medium"), *words).exit_code == 0
    assert len(mailbox.mails) == 1
    everyone = once(call, logs("high"), *mail_words(mailbox, "nobody@example.com"))
    assert everyone.exit_code == 5
    assert "550 5.1.10" in everyone.stderr and "\x1b" not in everyone.stderr


def test_the_logon_takes_its_password_from_the_environment(
    call: Call, logs: Logs, mailbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [*mail_words(mailbox), "--smtp-user", "robot"]
    assert once(call, logs("medium"), *words).exit_code == 2
    monkeypatch.setenv("TRACELENS_SMTP_PASSWORD", "misspelt-XYZZY")
    refused = once(call, logs("medium"), *words)
    assert refused.exit_code == 5
    assert "535 5.7.8" in refused.stderr
    assert "XYZZY" not in refused.output
    monkeypatch.setenv("TRACELENS_SMTP_PASSWORD", "secret")
    assert once(call, logs("medium"), *words).exit_code == 10
    assert mailbox.logons[-1] == (b"robot", b"secret")
    assert len(mailbox.mails) == 1


def test_tls_needs_a_certificate_that_is_trusted(
    call: Call, logs: Logs, start_mailbox: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    try:
        subprocess.run([*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    box = start_mailbox(context)
    words = [*mail_words(box), "--smtp-tls"]
    unknown = once(call, logs("medium"), *words)
    assert unknown.exit_code == 5
    assert "certificate" in unknown.stderr
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert once(call, logs("medium"), *words).exit_code == 10
    assert len(box.mails) == 1
    in_clear = once(call, logs("high"), *mail_words(box))
    assert in_clear.exit_code == 5


def test_a_server_without_tls_gets_nothing_when_tls_is_demanded(call: Call, logs: Logs, mailbox: Any) -> None:
    assert once(call, logs("medium"), *mail_words(mailbox), "--smtp-tls").exit_code == 5
    assert mailbox.mails == []


def test_quiet_hours_hold_back_and_one_digest_follows(logs: Logs, tmp_path: Path, mailbox: Any, hook: Any) -> None:
    store = tmp_path / "S"
    mail = Mail("127.0.0.1", mailbox.port, "tracelens@example.com", ("anna@example.com",))
    channels = [mail, Webhook(hook.url)]
    quiet = Quiet(time(22), time(6), UTC)
    for size in ("medium", "high"):
        ingest([logs(size)], store, workers=1)
        night = look(store, channels, now=NIGHT, severity="medium", quiet=quiet)
        assert (night.told, night.held, night.failures) == (set(), 1, [])
    assert (mailbox.mails, hook.posts) == ([], [])
    morning = look(store, channels, now=MORNING, severity="medium", quiet=quiet)
    assert (len(morning.told), morning.held) == (1, 0)
    later = look(store, channels, now=MORNING, severity="medium", quiet=quiet)
    assert later.told == set()
    assert [mail["Subject"] for mail in mailbox.mails] == [
        "tracelens: 1 new finding (1 high; held back in quiet hours)"
    ]
    assert len(hook.posts) == 1


def test_what_passes_quiet_hours_is_told_at_night(sample_store: Path, tmp_path: Path, mailbox: Any) -> None:
    import shutil

    store = shutil.copytree(sample_store, tmp_path / "copy")
    mail = Mail("127.0.0.1", mailbox.port, "tracelens@example.com", ("anna@example.com",))
    quiet = Quiet(time(22), time(6), UTC, passes="critical")
    night = look(store, [mail], now=NIGHT, severity="high", quiet=quiet)
    assert len(night.told) == 2 and night.held > 0
    morning = look(store, [mail], now=MORNING, severity="high", quiet=quiet)
    assert len(morning.told) == night.held
    assert mailbox.mails[0]["Subject"] == "tracelens: 2 new findings (2 critical)"
    assert "critical" not in mailbox.mails[1]["Subject"]


def test_a_broken_memory_is_said_with_the_way_out(call: Call, logs: Logs) -> None:
    folder = logs("medium")
    assert once(call, folder).exit_code == 10
    for text in ("{", "[]", '{"version": 9}', '{"version": 1, "told": {"k": {"mail": {}}}, "held": {}}'):
        Path("S/alerts.json").write_text(text, encoding="utf-8")
        broken = once(call, folder)
        assert broken.exit_code == 3
        assert "remove the file" in broken.stderr
    Path("S/alerts.json").unlink()
    assert once(call, folder).exit_code == 10


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--mail-to", "a@example.com"), "--mail-from"),
        (("--mail-to", "a@example.com", "--mail-from", "b@example.com", "--smtp", "x:y"), "no SMTP server"),
        (("--smtp-tls",), "--mail-to"),
        (("--quiet-hours", "now"), "22:00-06:00"),
        (("--quiet-passes", "critical"), "--quiet-hours"),
        (("--zone", "Nowhere/City"), "no time zone"),
        (("--max-age", "soon"), "36h"),
        (("--webhook", "nonsense"), "docs/alerts.md"),
    ],
)
def test_wrong_requests_are_refused_before_anything_is_read(
    call: Call, logs: Logs, words: tuple[str, ...], said: str
) -> None:
    done = once(call, logs("medium"), *words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert not Path("S").exists()


def test_a_store_inside_the_watched_folder_is_refused(call: Call, logs: Logs) -> None:
    folder = logs("medium")
    done = call("watch", folder, "--store", folder / "S", "--once")
    assert done.exit_code == 2
    assert "lies inside" in done.stderr


def test_watching_tells_growth_and_ends_by_ctrl_c(logs: Logs, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tracelens", "watch", str(logs("info")), "--store", str(tmp_path / "S")]
    command += ["--severity", "medium", "--interval", "0.3", "--format", "jsonl"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as running:
        assert running.stdout and running.stderr
        try:
            assert "Ctrl+C" in running.stderr.readline()
            for size, change in (("medium", "new"), ("high", "severity")):
                logs(size)
                assert json.loads(running.stdout.readline())["change"] == change
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=60)
        finally:
            running.kill()
    assert (running.returncode, out) == (0, "")
    assert err.strip().endswith("stopped")
    assert "Traceback" not in err
