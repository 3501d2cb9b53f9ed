"""Local times of any culture become UTC, and what cannot be known is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tracelens import shells
from tracelens.charset import decode
from tracelens.culture import DMY, MDY, YMD, Stamp, is_settled, order_of, read, to_utc, utc_times
from tracelens.errors import UsageError

FORMS = {
    "en-US": "{t.month}/{t.day}/{t.year} {hour}:{t:%M:%S} {t:%p}",
    "en-GB": "{t:%d/%m/%Y %H:%M:%S}",
    "en-AU": "{t.day}/{t:%m/%Y} {hour}:{t:%M:%S} {t:%p}",
    "de-DE": "{t:%d.%m.%Y %H:%M:%S}",
    "nl-NL": "{t:%d-%m-%y %H:%M:%S}",
    "nl-BE": "{t.day}/{t:%m/%Y} {t.hour}:{t:%M:%S}",
    "ru-RU": "{t:%d.%m.%Y} {t.hour}:{t:%M:%S}",
    "cs-CZ": "{t.day}. {t.month}. {t.year} {t.hour}:{t:%M:%S}",
    "fr-FR": "{t:%d/%m/%Y %H:%M:%S}",
    "sv-SE": "{t:%Y-%m-%d %H:%M:%S}",
    "ja-JP": "{t:%Y/%m/%d} {t.hour}:{t:%M:%S}",
    "hu-HU": "{t:%Y. %m. %d.} {t.hour}:{t:%M:%S}",
}
ZONES = ["America/Los_Angeles", "Europe/London", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "UTC"]


def written(time: datetime, culture: str) -> str:
    return FORMS[culture].format(t=time, hour=time.hour % 12 or 12)


def local(utc: datetime, zone: str) -> datetime:
    return utc.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@pytest.mark.parametrize("culture", FORMS)
@pytest.mark.parametrize("zone", ZONES)
def test_utc_times_beside_it_tell_culture_and_zone(culture: str, zone: str) -> None:
    times = [datetime(2026, 3, 2, 8, 0, 5), datetime(2026, 3, 4, 15, 30, 0), datetime(2026, 3, 11, 23, 59, 59)]
    stamps = [Stamp(written(local(utc, zone), culture), (utc - timedelta(seconds=4),)) for utc in times]
    found = to_utc(stamps)
    assert found.utc == times
    assert found.is_known


@pytest.mark.parametrize("culture", FORMS)
def test_a_day_above_12_tells_the_culture_without_any_utc_time(culture: str) -> None:
    times = [datetime(2026, 3, 2, 8, 0, 5), datetime(2026, 3, 29, 15, 30, 0)]
    found = to_utc([Stamp(written(time, culture)) for time in times], "" if culture != "nl-NL" else culture)
    assert found.utc == times
    assert not found.is_known
    assert "no UTC time stands in any of 2 rows" in found.assumed
    assert "local time is kept as if it were UTC" in found.assumed


def test_a_culture_given_decides_what_the_data_do_not() -> None:
    stamps = [Stamp("03/02/2026 08:00:00")]
    assert to_utc(stamps, "en-US").utc == [datetime(2026, 3, 2, 8)]
    assert to_utc(stamps, "en-GB").utc == [datetime(2026, 2, 3, 8)]
    assert "culture en-GB as given" in to_utc(stamps, "en-GB").assumed
    assert "give --culture" in to_utc(stamps).assumed


def test_data_that_cannot_be_of_the_culture_given_decide_themselves() -> None:
    assert to_utc([Stamp("03/20/2026 08:00:00")], "en-GB").utc == [datetime(2026, 3, 20, 8)]


@pytest.mark.parametrize("backwards", [False, True])
def test_rows_in_order_of_time_tell_the_culture(backwards: bool) -> None:
    texts = ["01/11/2026 10:00:00", "02/11/2026 10:00:00", "01/12/2026 10:00:00", "02/12/2026 09:00:00"]
    stamps = [Stamp(text) for text in (reversed(texts) if backwards else texts)]
    assert sorted(time for time in to_utc(stamps).utc if time)[0] == datetime(2026, 11, 1, 10)


def test_summer_time_moves_the_offset_within_a_file() -> None:
    first = datetime(2026, 3, 28, 12)
    times = [first + timedelta(hours=3 * number) for number in range(20)]
    stamps = [
        Stamp(written(local(utc, "Europe/Berlin"), "de-DE"), (utc - timedelta(seconds=2),) if number % 2 else ())
        for number, utc in enumerate(times)
    ]
    found = to_utc(stamps)
    wrong = [utc for utc, made in zip(times, found.utc, strict=True) if utc != made]
    assert all(abs(utc - datetime(2026, 3, 29, 1)) <= timedelta(hours=3) for utc in wrong)
    assert len(wrong) <= 1
    assert "UTC+01:00 and +02:00" in found.assumed


def test_the_hour_that_comes_twice_is_told_apart_by_utc_times() -> None:
    times = [datetime(2026, 10, 24, 23, 50) + timedelta(minutes=10 * number) for number in range(20)]
    stamps = [Stamp(written(local(utc, "Europe/Berlin"), "de-DE"), (utc,)) for utc in times]
    assert to_utc(stamps).utc == times


def test_late_messages_do_not_move_the_zone() -> None:
    times = [datetime(2026, 3, day, 8) for day in range(1, 9)]
    delays = [2, 3, 2 * 3600, 1, 5, 3600 + 20, 2, 40 * 60]
    stamps = [
        Stamp(written(local(utc, "Europe/Berlin"), "de-DE"), (), (utc - timedelta(seconds=delay),))
        for utc, delay in zip(times, delays, strict=True)
    ]
    found = to_utc(stamps)
    assert found.utc == times
    assert "UTC+01:00" in found.assumed


@pytest.mark.parametrize("text", ["2026-03-02T08:00:00.000Z", "2026-03-02T10:00:00+02:00", "2026-03-02 08:00:00Z"])
def test_a_time_with_its_offset_needs_no_assumption(text: str) -> None:
    found = to_utc([Stamp(text)])
    assert found.utc == [datetime(2026, 3, 2, 8)]
    assert found.is_known and not found.assumed


def test_a_time_that_begins_with_its_year_is_read_beside_any_others() -> None:
    found = to_utc([Stamp("13.03.2026 09:00:00"), Stamp("2026-03-13T08:00:00Z")], "de-DE")
    assert found.utc == [datetime(2026, 3, 13, 9), datetime(2026, 3, 13, 8)]


def test_one_wrong_time_does_not_turn_the_others() -> None:
    found = to_utc([Stamp("20.03.2026 08:00:00"), Stamp("03.20.2026 08:00:00"), Stamp("21.03.2026 08:00:00")])
    assert found.utc == [datetime(2026, 3, 20, 8), None, datetime(2026, 3, 21, 8)]


def test_two_cultures_in_one_file_are_each_read_by_their_own() -> None:
    times = [datetime(2026, 3, day, 9, 0, 5) for day in (4, 14, 5, 15)]
    stamps = [Stamp(written(time, "en-US" if at < 2 else "en-GB")) for at, time in enumerate(times)]
    found = shells.to_utc(stamps)
    assert found.utc == times
    assert "2 like '3/4/2026 9:00:05 AM'" in found.assumed and "2 like '05/03/2026 09:00:05'" in found.assumed


def test_each_part_of_a_file_has_the_zone_that_its_utc_times_show() -> None:
    utc = datetime(2026, 3, 14, 9)
    stamps = [
        Stamp(written(local(utc, zone), "en-GB"), (utc,) if near else (), part=part)
        for part, zone in enumerate(("Europe/Berlin", "America/Chicago", "Asia/Kolkata"))
        for near in (True, False)
    ]
    assert shells.to_utc(stamps).utc == [utc] * 6
    unknown = shells.to_utc([*stamps, Stamp("14/03/2026 09:00:00", part=3)])
    assert unknown.utc[:6] == [utc] * 6
    assert "1 like '14/03/2026 09:00:00'" in unknown.assumed and "kept as if it were UTC" in unknown.assumed


def test_rows_where_one_culture_goes_over_into_another_are_said_to_be_unsure() -> None:
    texts = ["03/13/2026 10:00:00", "03/04/2026 10:00:00", "13/03/2026 10:00:00", "05/04/2026 10:00:00"]
    found = shells.to_utc([Stamp(text) for text in texts])
    assert found.utc == [
        datetime(2026, 3, 13, 10),
        datetime(2026, 3, 4, 10),
        datetime(2026, 3, 13, 10),
        datetime(2026, 4, 5, 10),
    ]
    assert "in 1 rows day and month cannot be told apart" in found.assumed
    assert (
        "cannot be told apart"
        not in shells.to_utc([Stamp(text, part=at // 2) for at, text in enumerate(texts)]).assumed
    )


def test_a_spreadsheet_that_read_what_it_could_is_said_to_have_turned_days() -> None:
    texts = ["04.03.2026 10:00", "3/14/2026 9:00:05 AM", "05.03.2026 10:00", "3/15/2026 9:00:05 AM"]
    said = shells.to_utc([Stamp(text) for text in texts]).assumed
    assert "in 2 rows a spreadsheet seems to have taken the month for the day" in said
    assert "spreadsheet" not in shells.to_utc([Stamp(text) for text in [*texts, "16.03.2026 10:00"]]).assumed


def test_a_row_far_below_the_zone_of_the_others_is_of_another_zone() -> None:
    utc = [datetime(2026, 3, day, 9) for day in range(13, 23)]
    zones = ["Europe/Berlin"] * 9 + ["America/Chicago"]
    stamps = [Stamp(written(local(time, zone), "en-GB"), (time,)) for time, zone in zip(utc, zones, strict=True)]
    assert shells.to_utc(stamps).utc == utc


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("3/2/2026 12:00:01 AM", MDY, datetime(2026, 3, 2, 0, 0, 1)),
        ("3/2/2026 12:00:01\u202fPM", MDY, datetime(2026, 3, 2, 12, 0, 1)),
        ("2/03/2026 1:00:01 p.m.", DMY, datetime(2026, 3, 2, 13, 0, 1)),
        ("02-Mar-26 13:00:01", MDY, datetime(2026, 3, 2, 13, 0, 1)),
        ("2026/3/2 下午 1:00:01", YMD, datetime(2026, 3, 2, 13, 0, 1)),
        ("02/03/2026 08.00.01", DMY, datetime(2026, 3, 2, 8, 0, 1)),
        ("02/03/2026 01:00:01 p.\u00a0m.", DMY, datetime(2026, 3, 2, 13, 0, 1)),
        ("2.3.2026 г. 8:00:01", DMY, datetime(2026, 3, 2, 8, 0, 1)),
        ("2026-03-02 08 h 00 min 01 s", YMD, datetime(2026, 3, 2, 8, 0, 1)),
        ("02/03/2026 1:00:01 CH", DMY, datetime(2026, 3, 2, 13, 0, 1)),
        ("2/3/2569 8:00:01", DMY, datetime(2026, 3, 2, 8, 0, 1)),
        ("11/12/1404 08:00:01", DMY, None),
        ("15-01-21 22:06:01", YMD, datetime(2015, 1, 21, 22, 6, 1)),
        ("\u061c٢/٣/٢٠٢٦ ١:٠٠:٠١ م", DMY, datetime(2026, 3, 2, 13, 0, 1)),
        ("2026−03−02 08:00:01", YMD, datetime(2026, 3, 2, 8, 0, 1)),
        ("2026年3月2日 8:00:01", YMD, datetime(2026, 3, 2, 8, 0, 1)),
        ("Mon, 02 Mar 2026 08:00:01", DMY, datetime(2026, 3, 2, 8, 0, 1)),
        ("Monday, March 2, 2026 1:00:01 PM", MDY, datetime(2026, 3, 2, 13, 0, 1)),
        ("02-marraskuu-2026 08:00:01", DMY, None),
        ("02.03.2026", DMY, None),
        ("3/2/2026 13:00:01 AM", MDY, None),
        ("99/99/2026 08:00:00", DMY, None),
        ("tomorrow", DMY, None),
        ("0/0/0000 0:0:0", DMY, None),
    ],
)
def test_one_time_is_read(text: str, order: str, expected: datetime | None) -> None:
    assert read(text, order) == (None if expected is None else (expected, None))


def test_utc_times_are_found_in_texts() -> None:
    assert utc_times("08DC;2026-03-02T08:00:00.1234567Z;0 and 2026-13-02T08:00:00Z") == (
        datetime(2026, 3, 2, 8, 0, 0, 123456),
    )
    assert utc_times(None) == ()


@pytest.mark.parametrize("name", ["xx-YY", "german", "", "de-DE; drop"])
def test_an_unknown_culture_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no such culture"):
        order_of(name)


def test_a_file_is_read_again_only_where_a_culture_can_change_it() -> None:
    guessed = to_utc([Stamp("03/02/2026 08:00:00")]).assumed
    given = to_utc([Stamp("03/02/2026 08:00:00")], "en-US").assumed
    sure = to_utc([Stamp("20.03.2026 08:00:00")]).assumed
    assert not is_settled(guessed, "en-GB")
    assert not is_settled(given, "en-GB")
    assert (
        is_settled(given, "en-US") and is_settled(sure, "en-GB") and is_settled(guessed, "") and is_settled(None, "x")
    )


@pytest.mark.parametrize(
    ("content", "culture", "text"),
    [
        ("Отчёт".encode("cp1251"), "ru-RU", "Отчёт"),
        ("größer".encode("cp1252"), "", "größer"),
        ("größer".encode() + b" \xe4", "", "größer \\xe4"),
    ],
)
def test_bytes_that_are_no_utf_8_are_read_by_the_culture_s_code_page(content: bytes, culture: str, text: str) -> None:
    assert decode(content, culture)[0] == text
