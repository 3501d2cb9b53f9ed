"""Get-MessageTrackingLog in every text it is written to: rows, times, lists, faults, and the law."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tracelens.charset import decode
from tracelens.cli import main
from tracelens.discover import recognise
from tracelens.formats import Parsed, Source, formats
from tracelens.segments import write_all
from tracelens.store import ask
from tracelens.tracking_export import BY_CLIENT, custom_data, split_list

pytestmark = pytest.mark.usefixtures("few_rules")

NAMES = ("get_mtl_clixml", "get_mtl_csv", "get_mtl_json", "get_mtl_list", "get_mtl_table")
SAMPLES = [
    ("get_mtl_csv", 0, 2, datetime(2026, 3, 2, 8, 0, 5)),
    ("get_mtl_csv", 1, 1, datetime(2026, 3, 13, 9, 0, 5)),
    ("get_mtl_csv", 2, 1, datetime(2026, 3, 2, 9, 0, 5)),
    ("get_mtl_clixml", 0, 1, datetime(2026, 3, 2, 8, 0, 5, 532000)),
    ("get_mtl_json", 0, 1, datetime(2026, 3, 2, 8, 0, 5, 532000)),
    ("get_mtl_json", 1, 1, datetime(2026, 3, 2, 8, 0, 5, 532000)),
    ("get_mtl_list", 0, 1, datetime(2026, 3, 2, 8, 0, 5)),
    ("get_mtl_list", 1, 2, datetime(2026, 3, 2, 9, 0, 5)),
    ("get_mtl_table", 0, 2, datetime(2026, 3, 13, 9, 0, 5)),
    ("get_mtl_table", 1, 1, datetime(2026, 3, 2, 8, 0, 5)),
]
VALUES = {
    "Timestamp": "02.03.2026 10:00:05",
    "ClientHostname": "edge01.example.com",
    "ServerHostname": "ex01.contoso.com",
    "SourceContext": "08DC0000000000A1;2026-03-02T08:00:04.500Z;0",
    "Source": "SMTP",
    "EventId": "RECEIVE",
    "InternalMessageId": "4711",
    "MessageId": "<a1@example.com>",
    "Recipients": "bob@contoso.com",
    "MessageSubject": "Hello",
    "Sender": "ann@example.com",
}


def parsed(name: str, text: str, server: str | None = None, culture: str = "") -> Parsed:
    parse = formats()[name].parse
    assert parse is not None
    text = text.replace("\r\n", "\n")
    found = parse(Source(text, "x.txt", server, culture))
    physical = text.split("\n")[: None if not text.endswith("\n") else -1]
    assert len(found.lines) == len(physical)
    assert len(found.rows) == found.lines.count("e")
    assert set(found.lines) <= set("hecbr")
    assert sorted(found.rejects) == [line for line, kind in enumerate(found.lines, 1) if kind == "r"]
    assert all(found.lines[row["line_number"] - 1] == "e" for row in found.rows)
    return found


def listed(**values: str) -> str:
    return "".join(f"{label:<24}: {value}\n" for label, value in {**VALUES, **values}.items()) + "\n"


def exported(*rows: dict[str, str], delimiter: str = ",", kind: bool = True) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    if kind:
        out.write("#TYPE System.Management.Automation.PSCustomObject\r\n")
    writer.writerow({**VALUES, **rows[0]})
    for row in rows:
        writer.writerow({**VALUES, **row}.values())
    return out.getvalue()


def only(found: Parsed) -> dict[str, Any]:
    assert len(found.rows) == 1
    return found.rows[0]


@pytest.mark.parametrize(("name", "number", "rows", "first"), SAMPLES)
def test_samples_give_their_rows_and_first_time(
    tmp_path: Path, name: str, number: int, rows: int, first: datetime
) -> None:
    place = tmp_path / "sample.txt"
    place.write_text(formats()[name].samples[number], encoding="utf-8", newline="")
    assert recognise(place).format is formats()[name]
    times = [row["date_time"] for row in parsed(name, formats()[name].samples[number]).rows]
    assert len(times) == rows
    assert times[0] == first


def test_all_samples_are_expected() -> None:
    assert {(name, number) for name, number, *_ in SAMPLES} == {
        (name, number) for name in NAMES for number in range(len(formats()[name].samples))
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("kind", [True, False])
def test_an_export_is_read_by_any_delimiter(tmp_path: Path, delimiter: str, kind: bool) -> None:
    text = exported({"MessageSubject": 'He said "a;b, c\td"'}, delimiter=delimiter, kind=kind)
    place = tmp_path / "t.csv"
    place.write_text(text, encoding="utf-16", newline="")
    assert recognise(place).format is formats()["get_mtl_csv"]
    row = only(parsed("get_mtl_csv", text))
    assert row["message_subject"] == 'He said "a;b, c\td"'
    assert row["date_time"] == datetime(2026, 3, 2, 8, 0, 5)
    assert row["server"] == "EX01"
    assert row["internal_message_id"] == 4711


COLUMNS = {
    "few": ("Timestamp,Sender,Recipients,MessageSubject", "3/2/2026 9:00:05 AM,ann@example.com,bob@contoso.com,Hi"),
    "renamed": ("Date,EventId,MessageId,From,To,Subject", "3/2/2026 9:00:05 AM,SEND,<a@b>,ann@example.com,bob@contoso.com,Hi"),
    "calculated": ("Timestamp,EventId,Sender,$_.Recipients -join ';',MessageSubject", "2/3/2026 9:00,SEND,ann@example.com,bob@contoso.com,Hi"),
    "padded by a spreadsheet": ("Timestamp,EventId,Sender,Recipients,MessageSubject,,", "2/3/2026 9:00,SEND,ann@example.com,bob@contoso.com,Hi,,"),
    "below a title and a hint": ("Report\nsep=;\n\nTimestamp;EventId;Sender;Recipients;MessageSubject", "2/3/2026 9:00;SEND;ann@example.com;bob@contoso.com;Hi"),
    "short of empty columns": ("Timestamp,EventId,Sender,Recipients,MessageSubject,MessageId,Source", "2/3/2026 9:00,SEND,ann@example.com,bob@contoso.com,Hi"),
    "a log saved anew": ("#Software: x;;;;\n#Fields: date-time;event-id;recipient-address;message-subject;sender-address", "2026-03-02 09:00:05;SEND;bob@contoso.com;Hi;ann@example.com"),
    "quoted by a spreadsheet": ("Timestamp\tEventId\tSender\tRecipients\tMessageSubject", '2/3/2026 9:00\tSEND\tann@example.com\t"bob@contoso.com\n"\tHi'),
}  # fmt: skip
"""Header and row by what was done to an export."""


@pytest.mark.parametrize("done", COLUMNS)
def test_columns_that_were_chosen_renamed_or_saved_anew_are_read(tmp_path: Path, done: str) -> None:
    place = tmp_path / "t.csv"
    place.write_text("\n".join(COLUMNS[done]) + "\n", encoding="utf-8")
    described = recognise(place).format
    assert described is not None
    row = only(parsed(described.name, place.read_text(encoding="utf-8")))
    told = row["sender_address"], row["recipient_address"], row["message_subject"]
    assert told == ("ann@example.com", ["bob@contoso.com"], "Hi")


def test_a_time_called_utc_is_no_local_time() -> None:
    text = "Timestamp (UTC),EventId,MessageId\n13/3/2026 9:00:05,SEND,<a@b>\n"
    found = parsed("get_mtl_csv", text)
    assert only(found)["date_time"] == datetime(2026, 3, 13, 9, 0, 5)
    assert "local" not in found.assumed


def test_results_of_the_agent_log_are_not_taken_for_tracking(tmp_path: Path) -> None:
    place = tmp_path / "t.txt"
    labels = ("Timestamp", "SessionId", "MessageId", "P1FromAddress", "Recipients", "Agent", "Event", "Action")
    place.write_text("".join(f"{label:<14}: 3/2/2026 9:00:05 AM\n" for label in labels), encoding="utf-8")
    found = recognise(place)
    assert (found.format, found.reason) == (None, "output of Get-AgentLog, which is not read (the agent logs are)")


def test_iso_times_below_a_header_are_not_taken_for_a_log(tmp_path: Path) -> None:
    names = ["Timestamp", *"abcdefg", "EventId", *(f"x{n}" for n in range(19)), "Source", "MessageId"]
    place = tmp_path / "t.csv"
    row = ["2026-03-02T08:00:05", *"1234567", "RECEIVE", *"1" * 19, "SMTP", "<a@b>"]
    place.write_text(",".join(names) + "\n" + ",".join(row) + "\n", encoding="utf-8")
    assert recognise(place).format is formats()["get_mtl_csv"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("{a@example.com, b@example.com}", ["a@example.com", "b@example.com"]),
        ("a@example.com;b@example.com", ["a@example.com", "b@example.com"]),
        ("a@example.com,b@example.com", ["a@example.com", "b@example.com"]),
        ("a@example.com b@example.com", ["a@example.com", "b@example.com"]),
        ("a@example.com\nb@example.com\n", ["a@example.com", "b@example.com"]),
        ("{a@example.com, b@example.com...}", ["a@example.com", "b@example.com", "..."]),
        ("{}", []),
        ("/o=Org/ou=Exchange Administrative Group/cn=Ann", ["/o=Org/ou=Exchange Administrative Group/cn=Ann"]),
    ],
)
def test_lists_are_read_however_they_were_joined(text: str, parts: list[str]) -> None:
    assert split_list(text) == parts


def test_a_type_name_in_place_of_a_list_is_unknown_and_said() -> None:
    found = parsed("get_mtl_csv", exported({"Recipients": "System.String[]", "RecipientStatus": "System.String[]"}))
    assert only(found)["recipient_address"] is None
    assert only(found)["recipient_status"] is None
    assert "1 rows show a type name (System.String[])" in found.assumed


def test_recipients_cut_by_the_shell_are_said() -> None:
    found = parsed("get_mtl_list", listed(Recipients="{a@example.com, b@example.com...}"))
    assert only(found)["recipient_address"] == ["a@example.com", "b@example.com"]
    assert "only the first of their recipients" in found.assumed


@pytest.mark.parametrize(
    ("shown", "statuses"),
    [
        ("{250 2.1.5 Recipient OK, 250 2.1.5 Recipient OK}", ["250 2.1.5 Recipient OK"] * 2),
        ("{To, Cc}", ["To", "Cc"]),
        ("To;Cc", ["To", "Cc"]),
        ("550 5.1.10 a; b;550 5.7.1 c; d", ["550 5.1.10 a; b", "550 5.7.1 c; d"]),
        ("To Cc", ["To", "Cc"]),
        ("550 5.1.1 no [never closed;250 ok", ["550 5.1.1 no [never closed", "250 ok"]),
        ("{}", []),
        ("{550 5.1.1; a, b, c}", ["550 5.1.1; a, b, c"] * 2),
    ],
)
def test_each_recipient_has_its_status(shown: str, statuses: list[str]) -> None:
    found = parsed("get_mtl_list", listed(Recipients="{a@example.com, b@example.com}", RecipientStatus=shown))
    assert only(found)["recipient_status"] == statuses


@pytest.mark.parametrize(
    ("shown", "logged"),
    [
        ("{[E2ELatency, 1.5], [AMA, SUM|v=0|x=[y]], [DeliveryPriority, Normal]}",
         "S:E2ELatency=1.5;S:AMA=SUM|v=0|x=[y];S:DeliveryPriority=Normal"),
        ("[ProxyHop1, FE01.contoso.com(192.0.2.4)]", "S:ProxyHop1=FE01.contoso.com(192.0.2.4)"),
        ("[A, 1] [B, 2]", "S:A=1;S:B=2"),
        ("E2ELatency:1.5, DeliveryPriority:Normal", "S:E2ELatency=1.5;S:DeliveryPriority=Normal"),
        ("S:E2ELatency=1.5;S:A=b", "S:E2ELatency=1.5;S:A=b"),
        ("something else", "something else"),
        ("{}", None),
    ],
)  # fmt: skip
def test_event_data_take_the_form_of_the_log(shown: str, logged: str | None) -> None:
    assert custom_data(shown) == logged


def test_unknown_properties_are_kept_and_remoting_is_not() -> None:
    row = only(parsed("get_mtl_list", listed(RunspaceId="1", MessageLatency="00:00:01", PSComputerName="x", Newer="y")))
    assert json.loads(row["extra"]) == {"MessageLatency": "00:00:01", "Newer": "y"}


@pytest.mark.parametrize(("event", "server"), [("SEND", "EDGE01"), ("RECEIVE", "EX01"), ("FAIL", "EX01")])
def test_the_server_is_the_side_that_wrote_the_row(event: str, server: str) -> None:
    assert only(parsed("get_mtl_list", listed(EventId=event)))["server"] == server
    assert only(parsed("get_mtl_list", listed(EventId=event), server="EX09"))["server"] == "EX09"


def test_writers_are_judged_as_in_the_log() -> None:
    from tracelens import normalise

    assert set(normalise.BY_CLIENT) == BY_CLIENT


def test_labels_that_lost_their_padding_are_read() -> None:
    text = "Timestamp:13.03.2026 09:00:05\nEventId : SEND\nMessageId:<a@b>\nMessageSubject: Re:\n"
    assert only(parsed("get_mtl_list", text))["message_id"] == "<a@b>"


def test_wrapped_values_are_whole_again() -> None:
    indent = " " * 26
    text = listed().replace(
        "MessageSubject          : Hello", f"MessageSubject          : One\n{indent}two\n{indent}three"
    )
    found = parsed("get_mtl_list", text)
    assert only(found)["message_subject"] == "One two three"
    assert found.lines.count("c") == len(VALUES) + 1


def test_a_terminal_breaks_lines_in_the_middle_of_words() -> None:
    text = "Timestamp : 13.03.2026 10:00:05\nSource : SMTP\nEventId : FAIL\nRecipientStatus : {[{LED=550 5.7\n00 refu\nsed}]}\n"
    assert only(parsed("get_mtl_list", text))["recipient_status"] == ["[{LED=550 5.700 refused}]"]


def test_a_pasted_warning_ends_no_event_and_is_told() -> None:
    warning = (
        "WARNING: There are more results available. To view them, increase the value of the\nResultSize parameter.\n"
    )
    whole = listed()
    middle = whole.index("InternalMessageId")
    found = parsed(
        "get_mtl_list", "[PS] C:\\>Get-MessageTrackingLog | fl\n\n" + whole[:middle] + warning + whole[middle:]
    )
    assert only(found)["internal_message_id"] == 4711
    assert only(found)["event_id"] == "RECEIVE"
    assert found.lines.count("h") == 3
    assert "more results" in found.assumed


def test_events_without_a_blank_line_between_are_two() -> None:
    text = (listed() + listed(EventId="DELIVER")).replace("\n\n", "\n")
    assert [row["event_id"] for row in parsed("get_mtl_list", text).rows] == ["RECEIVE", "DELIVER"]


@pytest.mark.parametrize("time", ["", "yesterday", "31.02.2026 10:00:00"])
def test_an_event_without_a_time_is_a_reject_with_all_its_lines(time: str) -> None:
    found = parsed("get_mtl_list", listed() + listed(Timestamp=time))
    assert len(found.rows) == 1
    assert len(found.rejects) == len(VALUES)
    assert "Timestamp" in found.rejects[min(found.rejects)]
    found = parsed("get_mtl_csv", exported({}, {"Timestamp": time}))
    assert len(found.rows) == len(found.rejects) == 1


def test_text_around_the_events_is_not_dropped_in_silence() -> None:
    found = parsed("get_mtl_list", "Hi, please look:\n\n" + listed() + "Thanks\n")
    assert len(found.rows) == 1
    assert len(found.rejects) == 2


def test_a_quote_never_closed_costs_its_own_line_only() -> None:
    good = exported({}, {}, {}, {}, kind=False).split("\r\n")
    good[2] = good[2].replace('"Hello"', '"Hello')
    found = parsed("get_mtl_csv", "\r\n".join(good))
    assert len(found.rows) == 3
    assert list(found.rejects) == [3]
    assert "not closed" in found.rejects[3]


def test_a_row_of_another_width_is_a_reject() -> None:
    found = parsed("get_mtl_csv", exported({}) + '"02.03.2026 10:00:05","x"\r\n')
    assert "has 2 values where the header has" in found.rejects[4]


def test_two_exports_in_one_file_keep_their_own_headers() -> None:
    second = '"EventId","Timestamp","Source","MessageId"\r\n"SEND","20.03.2026 10:00:05","SMTP","<b@example.com>"\r\n'
    found = parsed("get_mtl_csv", exported({}) + second)
    assert [row["event_id"] for row in found.rows] == ["RECEIVE", "SEND"]
    assert found.lines.count("h") == 3


def test_recipients_joined_by_line_breaks_stay_one_row() -> None:
    row = only(parsed("get_mtl_csv", exported({"Recipients": "a@example.com\r\nb@example.com"})))
    assert row["recipient_address"] == ["a@example.com", "b@example.com"]


def test_a_table_without_times_says_what_to_do() -> None:
    text = (
        "EventId Source Sender          Recipients        MessageSubject\n"
        "------- ------ ------          ----------        --------------\n"
        "RECEIVE SMTP   ann@example.com {bob@contoso.com} Hello\n"
    )
    found = parsed("get_mtl_table", text)
    assert not found.rows
    assert "no Timestamp column" in found.rejects[3]


def test_a_cut_id_is_no_id() -> None:
    text = formats()["get_mtl_table"].samples[0]
    whole, cut = parsed("get_mtl_table", text).rows
    assert whole["message_id"] == "<a1@example.com>"
    assert cut["message_id"] is None
    assert json.loads(cut["extra"]) == {"message_id_cut": "<a1@example.c..."}
    assert [whole["total_bytes"], cut["total_bytes"]] == [2048, 2212048]


def test_a_wrapped_table_row_goes_on_below() -> None:
    text = (
        "Timestamp           EventId Source MessageSubject\n"
        "---------           ------- ------ --------------\n"
        "13-03-2026 09:00:05 RECEIVE SMTP   A long\n"
        "                                   subject\n"
        "13-03-2026 09:00:06 SEND    SMTP   Short\n"
    )
    found = parsed("get_mtl_table", text)
    assert [row["message_subject"] for row in found.rows] == ["A long subject", "Short"]


def test_a_table_that_lost_its_places_gives_rejects() -> None:
    text = (
        "Timestamp           EventId Source MessageSubject\n"
        "---------           ------- ------ --------------\n"
        "13-03-2026 09:00:05 DELIVER STOREDRIVER Hello\n"
    )
    found = parsed("get_mtl_table", text)
    assert not found.rows
    assert list(found.rejects) == [3]


def test_the_culture_can_be_given_later(tmp_path: Path) -> None:
    place = tmp_path / "t.txt"
    place.write_text(listed(Timestamp="03/02/2026 08:00:00", SourceContext=""), encoding="utf-8")

    def run(*more: str) -> tuple[int, datetime | None, str]:
        done = CliRunner().invoke(main, ["ingest", str(place), "--store", str(tmp_path / "S"), *more])
        if done.exit_code:
            return done.exit_code, None, done.output
        time = ask(tmp_path / "S", "select date_time from tracking_event")["date_time"][0]
        return 0, time, ask(tmp_path / "S", "select reason from log_file")["reason"][0]

    code, time, reason = run()
    assert (code, time) == (0, datetime(2026, 2, 3, 8)) and "give --culture" in reason
    code, time, reason = run("--culture", "en-US")
    assert (code, time) == (0, datetime(2026, 3, 2, 8)) and "culture en-US as given" in reason
    code, _, output = run("--culture", "nowhere")
    assert code == 2 and "no such culture" in output


def test_half_a_character_in_json_stays_visible_and_costs_no_other_file(tmp_path: Path) -> None:
    place = tmp_path / "t.json"
    place.write_text(json.dumps([VALUES | {"MessageSubject": "half \ud83d", "Recipients": ["\udc00@contoso.com"]}]))
    written = write_all([recognise(place)], tmp_path / "S", 1, lambda _: None)
    segment = next(iter(written.values())).segments[0][1]
    frame = pl.read_parquet(tmp_path / "S" / segment)
    assert frame["message_subject"].to_list() == ["half \\ud83d"]
    assert frame["recipient_address"].to_list() == [["\\udc00@contoso.com"]]


LINES = [line for name in NAMES for sample in formats()[name].samples for line in sample.splitlines()]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(NAMES),
    st.lists(
        st.one_of(st.sampled_from(LINES), st.text(alphabet='":,;\t -.{}aT1\x00\r\u2028\u3000', max_size=30)),
        max_size=30,
    ),
)
def test_the_law_holds_for_any_text(name: str, lines: list[str]) -> None:
    parsed(name, "\n".join(lines))


def test_rows_below_another_header_go_by_that_header() -> None:
    text = (
        '"Timestamp","EventId","MessageId","Sender","Recipients"\n"13/03/2026 10:00:05","SEND","<a1@example.com>","a@example.com","b@contoso.com"\n'
        '"Recipients";"Sender";"Timestamp";"EventId";"MessageId"\n"b@contoso.com";"a@example.com";"13/03/2026 10:00:05";"SEND";"<a1@example.com>"\n'
        "Date,To,From,Subject\n13/03/2026 10:00:05,b@contoso.com,a@example.com,\n"
    )
    found = parsed("get_mtl_csv", text)
    assert [(row["sender_address"], row["recipient_address"]) for row in found.rows] == [
        ("a@example.com", ["b@contoso.com"])
    ] * 3
    assert "".join(found.lines) == "hehehe"


def test_quotes_that_a_word_processor_turned_are_read_and_those_of_a_subject_stay() -> None:
    text = "“Timestamp”,“EventId”,“MessageId”,“MessageSubject”\n“13/03/2026 10:00:05”,“SEND”,“<a1@example.com>”,“Say “hi”, you”\n“14/03/2026 10:00:05”,“SEND”,“<a1@example.com>”,“Say “hi” you”\n"
    found = parsed("get_mtl_csv", decode(text.encode())[0])
    assert [row["message_subject"] for row in found.rows] == ["Say “hi” you"]
    assert list(found.rejects) == [2]


def test_lists_and_words_that_windows_powershell_wraps_in_json_are_unwrapped() -> None:
    held = {
        "Timestamp": "2026-03-14T08:00:05Z", "EventId": "SEND", "Source": {"value": 0, "Value": "SMTP"},
        "MessageId": "<a1@example.com>", "Recipients": {"value": ["b@contoso.com", "c@contoso.com"], "Count": 2},
        "EventData": {"value": [{"Key": "A", "Value": "1"}], "Count": 1}, "MessageLatency": {"Ticks": 5320000, "TotalSeconds": 0.532},
    }  # fmt: skip
    (row,) = parsed("get_mtl_json", json.dumps(held, indent=1)).rows
    assert (row["source"], row["recipient_address"], row["custom_data"]) == (
        "SMTP",
        ["b@contoso.com", "c@contoso.com"],
        "S:A=1",
    )
    assert json.loads(row["extra"]) == {"MessageLatency": "00:00:00.5320000"}


def test_colours_of_a_terminal_are_no_part_of_a_list() -> None:
    text = "".join(f"\x1b[32;1m{name} : \x1b[0m{value}\n" for name, value in
                   (("Timestamp", "13.03.2026 10:00:05"), ("EventId", "SEND"), ("MessageId", "<a1@example.com>")))  # fmt: skip
    (row,) = parsed("get_mtl_list", decode(text.encode())[0]).rows
    assert (row["event_id"], row["message_id"]) == ("SEND", "<a1@example.com>")
