"""What is news, and when it may be told."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tracelens.alert import Memory, Quiet, news, read_hours, read_span, read_zone, remember, settle
from tracelens.deliver import Mail, Webhook, headline, text_of
from tracelens.errors import UsageError

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)


def finding(**given: Any) -> dict[str, Any]:
    row = {
        "finding_key": "k1", "severity": "high", "class": "relay", "title": "Relaying refused", "summary": "refused",
        "server": "EX01", "connector_id": "C", "remote_ip": "192.0.2.9", "message_key": None, "hit_count": 10,
        "first_at": datetime(2026, 3, 2, 8), "last_at": datetime(2026, 3, 2, 9), "advice": "First rule out: x. Then: y",
        "rule_id": "relay-denied",
    }  # fmt: skip
    return row | given


def told(row: dict[str, Any]) -> Memory:
    memory = Memory()
    remember(memory, news([row], memory, "mail", now=NOW, severity="info"), "mail", NOW)
    return memory


@pytest.mark.parametrize(
    ("now_is", "change"),
    [
        ({}, None),
        ({"hit_count": 19}, None),
        ({"hit_count": 20}, "hits"),
        ({"severity": "critical"}, "severity"),
        ({"severity": "critical", "hit_count": 99}, "severity"),
        ({"severity": "medium", "hit_count": 99}, None),
        ({"finding_key": "k2"}, "new"),
    ],
)
def test_a_finding_is_told_again_only_when_it_grew_worse(now_is: dict[str, Any], change: str | None) -> None:
    found = news([finding(**now_is)], told(finding()), "mail", now=NOW)
    assert [entry.change for entry in found] == ([change] if change else [])


def test_each_channel_has_a_memory_of_its_own() -> None:
    assert [entry.change for entry in news([finding()], told(finding()), "webhook-1", now=NOW)] == ["new"]


def test_old_findings_are_no_news_unless_quiet_hours_held_them_back() -> None:
    day = timedelta(days=1)
    assert news([finding()], Memory(), "mail", now=NOW, max_age=day) == []
    assert len(news([finding()], Memory(held={"k1": "since"}), "mail", now=NOW, max_age=day)) == 1
    assert len(news([finding()], Memory(), "mail", now=NOW, max_age=2 * day)) == 1
    assert len(news([finding(last_at=None)], Memory(), "mail", now=NOW, max_age=day)) == 1


def test_age_is_measured_in_utc_whatever_the_zone_of_the_clock() -> None:
    now = datetime(2026, 3, 2, 9, 30, tzinfo=UTC).astimezone(ZoneInfo("Asia/Tokyo"))
    assert len(news([finding()], Memory(), "mail", now=now, max_age=timedelta(hours=1))) == 1
    assert news([finding()], Memory(), "mail", now=now, max_age=timedelta(minutes=20)) == []


def test_a_finding_that_is_gone_is_forgotten_unless_its_rule_could_not_be_asked() -> None:
    memory = told(finding())
    settle(memory, [], ["relay-denied"])
    assert "k1" in memory.told
    settle(memory, [], ["another-rule"])
    assert memory.told == {}


def test_hits_that_fell_double_from_where_they_are() -> None:
    memory = told(finding(hit_count=1000))
    settle(memory, [finding(hit_count=10)], [])
    assert news([finding(hit_count=19)], memory, "mail", now=NOW) == []
    assert len(news([finding(hit_count=20)], memory, "mail", now=NOW)) == 1


@pytest.mark.parametrize(
    ("hours", "clock", "is_quiet"),
    [
        ("22:00-06:00", (21, 59), False), ("22:00-06:00", (22, 0), True), ("22:00-06:00", (5, 59), True),
        ("22:00-06:00", (6, 0), False), ("12:00-13:00", (12, 30), True), ("12:00-13:00", (13, 0), False),
        ("20:00-24:00", (23, 59), True), ("20:00-24:00", (0, 0), False),
    ],
)  # fmt: skip
def test_quiet_hours_may_pass_midnight(hours: str, clock: tuple[int, int], is_quiet: bool) -> None:
    quiet = Quiet(*read_hours(hours), UTC)
    assert quiet.covers(datetime(2026, 3, 2, *clock, tzinfo=UTC)) == is_quiet


def test_quiet_hours_go_by_the_clock_of_their_zone_in_summer_and_winter() -> None:
    quiet = Quiet(time(22), time(6), read_zone("Europe/Berlin"))
    assert not quiet.covers(datetime(2026, 1, 10, 20, 30, tzinfo=UTC))
    assert quiet.covers(datetime(2026, 7, 10, 20, 30, tzinfo=UTC))
    assert quiet.covers(datetime(2026, 1, 10, 21, 30, tzinfo=UTC))


def test_only_what_may_pass_passes_quiet_hours() -> None:
    night = datetime(2026, 3, 2, 23, tzinfo=UTC)
    quiet = Quiet(time(22), time(6), UTC, passes="critical")
    assert quiet.holds(finding(), night)
    assert not quiet.holds(finding(severity="critical"), night)
    assert Quiet(time(22), time(6), UTC).holds(finding(severity="critical"), night)


@pytest.mark.parametrize("text", ["", "22-6", "22:00-22:00", "25:00-06:00", "22:61-06:00", "22:00", "22:00-24:30x"])
def test_wrong_quiet_hours_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="22:00-06:00"):
        read_hours(text)


@pytest.mark.parametrize("name", ["Nowhere/City", "", "../../etc/passwd", "/etc/localtime", "Europe"])
def test_wrong_zones_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no time zone"):
        read_zone(name)


def test_lengths_of_time() -> None:
    assert [read_span(text).total_seconds() / 3600 for text in ("90m", "36h", "7d", "2W")] == [1.5, 36, 168, 336]
    for text in ("", "3", "0h", "-1d", "1y", "999999d"):
        with pytest.raises(UsageError, match="length of time"):
            read_span(text)


def test_the_headline_counts_and_holds_no_text_of_a_log() -> None:
    evil = "x\r\nBcc: victim@example.org"
    rows = [finding(title=evil, summary=evil, server=evil), finding(finding_key="k2", severity="critical")]
    assert headline(news(rows, Memory(), "mail", now=NOW)) == "tracelens: 2 new findings (1 critical, 1 high)"
    worse = news([finding(severity="critical")], told(finding()), "mail", now=NOW)
    assert headline(worse) == "tracelens: 1 grown worse (1 critical)"
    held = news([finding()], Memory(held={"k1": "since"}), "mail", now=NOW)
    assert headline(held) == "tracelens: 1 new finding (1 high; held back in quiet hours)"


def test_text_says_what_was_before() -> None:
    worse = news([finding(severity="critical")], told(finding()), "mail", now=NOW)
    more = news([finding(hit_count=2000)], told(finding()), "mail", now=NOW)
    assert text_of(worse).startswith("WORSE: high before, critical now\nCRITICAL  Relaying refused\n")
    assert text_of(more).startswith("WORSE: 10 hits before, 2,000 now\n")


@pytest.mark.parametrize(
    ("said", "live"),
    [
        ("see https://evil.example/x", "https://"),
        ("see HTTP://evil.example", "HTTP://"),
        ("see www.evil.example", "www."),
        ("mailto:a@example.org", "mailto:"),
        ("javascript:alert(1)", "javascript:"),
        (r"open \\evil.example\share", r"\\evil"),
        ("<!channel> wake", "<!channel"),
        ("<@U123> wake", "<@U"),
        ("@everyone wake", "@everyone"),
        ("\x1b[31mred", "\x1b"),
        ("left\u202eright", "\u202e"),
        ("a\r\n\r\nNEW\nCRITICAL  forged", "\nCRITICAL"),
        ("x" * 5000, "x" * 1001),
    ],
)
def test_text_of_a_log_stays_dead(said: str, live: str) -> None:
    shown = text_of(news([finding(summary=said, title=said[:60])], Memory(), "mail", now=NOW))
    assert live not in shown


def test_addresses_and_connectors_stay_readable() -> None:
    said = r"anna@all.example.com and bob@here.example.com on EX01\Default; sent data: 5"
    assert said in text_of(news([finding(summary=said)], Memory(), "mail", now=NOW))


def test_a_long_digest_is_cut_and_says_so() -> None:
    rows = [finding(finding_key=f"k{number}") for number in range(60)]
    shown = text_of(news(rows, Memory(), "mail", now=NOW))
    assert shown.count("Relaying refused") == 50
    assert "and 10 more: tracelens findings" in shown


@pytest.mark.parametrize(
    "address", ["a@example.com\r\nBcc: x@example.org", "a@example.com, b@example.com", "a", "a b@example.com", "<a@b>"]
)
def test_addresses_that_would_make_headers_are_refused(address: str) -> None:
    with pytest.raises(UsageError, match="no mail address"):
        Mail("127.0.0.1", 25, "tracelens@example.com", (address,))
    with pytest.raises(UsageError, match="no mail address"):
        Mail("127.0.0.1", 25, address, ("anna@example.com",))


def test_a_password_does_not_leave_the_machine_unencrypted() -> None:
    with pytest.raises(UsageError, match="--smtp-tls"):
        Mail("mail.example.com", 25, "a@example.com", ("b@example.com",), user="u", password="p")
    with pytest.raises(UsageError, match="TRACELENS_SMTP_PASSWORD"):
        Mail("mail.example.com", 25, "a@example.com", ("b@example.com",), tls=True, user="u")


def test_a_webhook_address_that_is_none_is_refused_without_repeating_it() -> None:
    with pytest.raises(UsageError) as caught:
        Webhook("nonsense-token")
    assert "nonsense-token" not in str(caught.value)


def test_plain_web_addresses_are_taken() -> None:
    assert Webhook("http://127.0.0.1:9/x").name.startswith("webhook-")
    assert Webhook("https://127.0.0.1:9/x").name != Webhook("http://127.0.0.1:9/x").name
