"""A path as a trace for other tools: OTLP against the published protobuf and a real collector, Chrome's rules kept."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status, TracesData

from tracelens import query, store
from tracelens.export.chrome import as_chrome
from tracelens.export.otlp import as_otlp
from tracelens.export.spans import step, trace_of

ROOT = Path(__file__).parents[2]
Call = Callable[..., Result]
FAILED = "e7c990375a1f55720fa3b583b405@example.com"


@pytest.fixture(scope="module")
def paths(sample_store: Path) -> list[query.Path]:
    """One message of each sort: status, number of hops, origin."""
    sorts = "select min(message_key) as key from message group by status, hop_count, origin_class order by 1"
    return [query.path(sample_store, key, with_rows=True) for key in store.ask(sample_store, sorts)["key"]]


@pytest.fixture(scope="module")
def forked(sample_store: Path) -> str:
    """The message with the most hops."""
    return str(store.ask(sample_store, "select message_key from message order by hop_count desc, 1 limit 1").item())


@pytest.fixture
def collector() -> Iterator[tuple[str, list[Any]]]:
    """An OTLP/HTTP collector on the loopback: its address, and what came."""
    came: list[Any] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            came.append((self.path, self.headers["content-type"], body))
            self.send_response(400 if "refuse" in self.path else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", came
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def parsed(content: bytes | str) -> TracesData:
    """Reads OTLP/JSON by the published protobuf; OTLP writes ids in hex, protobuf's own JSON in base64."""

    def turned(value: Any) -> Any:
        if isinstance(value, list):
            return [turned(part) for part in value]
        if not isinstance(value, dict):
            return value
        ids = ("traceId", "spanId", "parentSpanId")
        return {
            name: base64.b64encode(bytes.fromhex(part)).decode() if name in ids else turned(part)
            for name, part in value.items()
        }

    return json_format.ParseDict(turned(json.loads(content)), TracesData())


def spans_of(data: Any) -> list[Span]:
    return [span for part in data.resource_spans for scope in part.scope_spans for span in scope.spans]


def attributes(span: Any) -> dict[str, Any]:
    return {entry.key: getattr(entry.value, entry.value.WhichOneof("value")) for entry in span.attributes}


def test_each_sort_of_message_is_valid_otlp_json_with_a_tree_of_spans(paths: list[query.Path]) -> None:
    assert len(paths) > 8
    for path in paths:
        spans = spans_of(parsed(as_otlp(trace_of(path))))
        ids = [span.span_id for span in spans]
        assert len(set(ids)) == len(ids)
        assert {len(span.trace_id) for span in spans} == {16}
        assert {len(span_id) for span_id in ids} == {8}
        assert len({span.trace_id for span in spans}) == 1
        assert [span.name for span in spans if not span.parent_span_id] == [spans[0].name]
        assert all(span.parent_span_id in ids for span in spans[1:])
        assert all(0 < span.start_time_unix_nano <= span.end_time_unix_nano for span in spans)


def test_a_span_per_hop_and_per_wait_under_the_hop_before_it(call: Call, sample_store: Path, forked: str) -> None:
    spans = spans_of(parsed(call("export", "trace", forked, "--store", sample_store).stdout))
    hops = query.ask(sample_store, "hop", message=forked)
    by_key = {attributes(span).get("tracelens.hop_key"): span for span in spans}
    for hop in hops.iter_rows(named=True):
        span = by_key[hop["hop_key"]]
        parent = by_key.get(hop["parent_hop_key"]) if hop["parent_hop_key"] else spans[0]
        assert parent is not None
        assert span.parent_span_id == parent.span_id
        assert span.end_time_unix_nano - span.start_time_unix_nano == hop["transit_ms"] * 1_000_000
        assert str(hop["started_at"].microsecond).zfill(6)[:3] == f"{span.start_time_unix_nano % 10**9:09}"[:3]
    waits = {attributes(span)["tracelens.before_hop_key"]: span for span in spans if span.name.startswith("wait")}
    waited = {hop["hop_key"]: hop["wait_ms"] for hop in hops.iter_rows(named=True) if hop["wait_ms"]}
    assert {key: (w.end_time_unix_nano - w.start_time_unix_nano) // 10**6 for key, w in waits.items()} == waited
    assert len(waited) > 1


def test_each_log_row_behind_a_hop_is_an_event_with_file_and_line(sample_store: Path, forked: str) -> None:
    path = query.path(sample_store, forked, with_rows=True)
    spans = spans_of(parsed(as_otlp(trace_of(path))))
    told = sorted(
        (attributes(event)["log.file.path"], attributes(event)["tracelens.line_number"])
        for span in spans
        for event in span.events
    )
    assert told == sorted((row["path"], row["line"]) for row in path.rows)
    names = [event.name for span in spans for event in span.events]
    assert {"MAIL FROM", "RCPT TO", "reply 250", "RECEIVE SMTP", "DELIVER STOREDRIVER"} <= set(names)


def test_a_refused_delivery_is_an_error_with_its_reply(call: Call, sample_store: Path) -> None:
    spans = spans_of(parsed(call("export", "trace", FAILED, "--store", sample_store).stdout))
    refused = [span for span in spans if attributes(span).get("tracelens.outcome") == "refused"]
    assert [span.status.code for span in (spans[0], *refused)] == [Status.STATUS_CODE_ERROR] * 2
    assert refused[0].status.message == attributes(refused[0])["tracelens.reply_text"]
    assert re.fullmatch(r"5\d\d", attributes(refused[0])["error.type"])
    assert all(span.status.code == 0 for span in spans if span not in (spans[0], *refused))


def test_the_ends_of_a_connection_carry_the_names_of_opentelemetry(call: Call, sample_store: Path) -> None:
    data = parsed(call("export", "trace", FAILED, "--store", sample_store).stdout)
    receive = next(span for span in spans_of(data) if span.name.startswith("receive"))
    held = attributes(receive)
    hop = query.ask(sample_store, "hop", message=attributes(spans_of(data)[0])["tracelens.message_key"]).row(
        0, named=True
    )
    assert receive.kind == Span.SPAN_KIND_SERVER
    assert (held["server.address"], held["server.port"]) == (hop["to_server"], hop["to_port"])
    assert held["network.peer.address"] == held["client.address"] == hop["from_ip"]
    assert held["messaging.operation.name"] == "receive"
    services = {attributes(part.resource)["service.name"] for part in data.resource_spans}
    assert {"exchange", "exchange-frontend", "exchange-hub", "exchange-delivery"} == services


def test_every_attribute_is_in_the_documentation(paths: list[query.Path]) -> None:
    text = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", text))
    used: set[str] = set()
    for path in paths:
        for span in trace_of(path).spans:
            used |= set(span.attributes).union(*(event.attributes for event in span.events))
    assert used - told == set()


def test_attributes_that_opentelemetry_names_are_spelled_as_there(paths: list[query.Path]) -> None:
    from importlib import import_module

    known: set[str] = set()
    for area in ("messaging", "server", "client", "network", "tls", "user", "error", "log", "service", "host"):
        module = import_module(f"opentelemetry.semconv._incubating.attributes.{area}_attributes")
        known |= {value for value in vars(module).values() if isinstance(value, str)}
    for path in paths:
        for span in trace_of(path).spans:
            names = set(span.attributes).union(*(event.attributes for event in span.events))
            assert [name for name in names if not name.startswith("tracelens.") and name not in known] == []


def test_the_same_message_gives_the_same_bytes(call: Call, sample_store: Path) -> None:
    for form in ("otlp", "chrome"):
        first, again = (call("export", "trace", FAILED, "--form", form, "--store", sample_store).stdout for _ in "12")
        assert first == again


def test_a_collector_gets_the_same_spans_as_the_file(
    call: Call, sample_store: Path, collector: Any, forked: str
) -> None:
    address, came = collector
    done = call("export", "trace", forked, "--otlp-endpoint", address, "--out", "t.json", "--store", sample_store)
    assert done.exit_code == 0, done.output
    assert done.stdout == ""
    assert "sent: " in done.stderr
    ((path, kind, body),) = came
    assert (path, kind) == ("/v1/traces", "application/x-protobuf")
    got = {span.span_id: span for span in spans_of(ExportTraceServiceRequest.FromString(body))}
    wanted = spans_of(parsed(Path("t.json").read_bytes()))
    assert len(got) == len(wanted)
    for span in wanted:
        other = got[span.span_id]
        for name in ("trace_id", "parent_span_id", "name", "kind", "start_time_unix_nano", "end_time_unix_nano"):
            assert getattr(other, name) == getattr(span, name)
        assert attributes(other) == attributes(span)
        assert [(event.name, event.time_unix_nano) for event in other.events] == [
            (event.name, event.time_unix_nano) for event in span.events
        ]


def test_nothing_is_sent_unless_asked(
    call: Call, sample_store: Path, collector: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, came = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
    assert call("export", "trace", FAILED, "--store", sample_store).exit_code == 0
    assert came == []


@pytest.mark.parametrize(
    ("endpoint", "code", "said"),
    [
        ("{address}/refuse", 1, "the trace is not sent"),
        ("http://127.0.0.1:9/v1/traces", 1, "the trace is not sent"),
        ("ftp://example.com", 2, "no address of a collector"),
    ],
)
def test_a_collector_that_refuses_is_an_error_in_words(
    call: Call, sample_store: Path, collector: Any, endpoint: str, code: int, said: str
) -> None:
    done = call(
        "export", "trace", FAILED, "--otlp-endpoint", endpoint.format(address=collector[0]), "--store", sample_store
    )
    assert done.exit_code == code
    assert said in done.stderr
    assert "Traceback" not in done.output


def test_chrome_slices_of_a_thread_never_cross(paths: list[query.Path]) -> None:
    for path in paths:
        document = json.loads(as_chrome(trace_of(path)))
        threads: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for event in document["traceEvents"]:
            if event["ph"] == "X":
                threads.setdefault((event["pid"], event["tid"]), []).append((event["ts"], event["ts"] + event["dur"]))
        for slices in threads.values():
            open_ends: list[int] = []
            for start, end in sorted(slices, key=lambda one: (one[0], -one[1])):
                while open_ends and open_ends[-1] <= start:
                    open_ends.pop()
                assert not open_ends or end <= open_ends[-1]
                open_ends.append(end)


def test_chrome_names_servers_as_processes_and_services_as_threads(call: Call, sample_store: Path, forked: str) -> None:
    events = json.loads(call("export", "trace", forked, "--form", "chrome", "--store", sample_store).stdout)[
        "traceEvents"
    ]
    processes = {event["pid"]: event["args"]["name"] for event in events if event["name"] == "process_name"}
    threads = {
        (event["pid"], event["tid"]): event["args"]["name"] for event in events if event["name"] == "thread_name"
    }
    assert set(processes.values()) == {"message", "EX01", "EX02"}
    for event in events:
        if event["ph"] == "M":
            continue
        assert processes[event["pid"]]
        assert isinstance(event["ts"], int)
        if event["ph"] == "X" and event["cat"] == "hop":
            assert event["name"].split()[1] == processes[event["pid"]]
            assert event["name"].split()[2] == threads[event["pid"], event["tid"]].split()[0]
    assert {event["ph"] for event in events} == {"M", "X", "i", "s", "f"}
    arrows = [event["id"] for event in events if event["ph"] == "s"]
    assert sorted(arrows) == sorted(event["id"] for event in events if event["ph"] == "f")


def test_a_file_that_is_there_stays_unless_forced(call: Call, sample_store: Path) -> None:
    words = ("export", "trace", FAILED, "--out", "t.json", "--store", sample_store)
    Path("t.json").write_text("mine", encoding="utf-8")
    refused = call(*words)
    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert Path("t.json").read_text(encoding="utf-8") == "mine"
    assert call(*words, "--force").exit_code == 0
    assert spans_of(parsed(Path("t.json").read_bytes()))
    assert [path.name for path in Path().iterdir()] == ["t.json"]


def test_several_messages_and_none_are_refused(call: Call, sample_store: Path) -> None:
    assert "messages match" in call("export", "trace", "contoso.com", "--store", sample_store).stderr
    none = call("export", "trace", "nobody@nowhere", "--store", sample_store)
    assert (none.exit_code, "no message matches" in none.stderr) == (1, True)
    chrome = call(
        "export", "trace", FAILED, "--form", "chrome", "--otlp-endpoint", "http://[::1]", "--store", sample_store
    )
    assert (chrome.exit_code, "only OTLP" in chrome.stderr) == (2, True)


@pytest.mark.parametrize(
    ("event", "text", "name"),
    [
        ("received", "EHLO mail.example.com", "EHLO"),
        ("received", "mail from:<a@example.com>", "MAIL FROM"),
        ("sent", "250-EX01.contoso.com Hello", "reply 250"),
        ("sent", "334 <authentication information>", "reply 334"),
        ("received", "<authentication information>", "received"),
        ("note", "TLS protocol succeeded", "note"),
        ("FAIL STOREDRIVER", "", "FAIL STOREDRIVER"),
        ("sent", None, "sent"),
    ],
)
def test_a_log_row_has_a_short_name(event: str, text: str | None, name: str) -> None:
    assert step({"event": event, "text": text}) == name


def test_without_the_extra_sending_says_what_to_install(sample_store: Path) -> None:
    probe = (
        "import sys; sys.modules['opentelemetry'] = None; from tracelens.cli import main;"
        f"main(['export', 'trace', {FAILED!r}, '--store', {str(sample_store)!r}, '--otlp-endpoint', 'http://127.0.0.1:9'])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "tracelens[otlp]" in done.stderr


def test_text_of_strangers_stays_inert(sample_store: Path, forked: str) -> None:
    path = query.path(sample_store, forked, with_rows=True)
    path.message["message_subject"] = "\x1b[31m\u202e</script>\u2028\U0001f600"
    for content in (as_otlp(trace_of(path)), as_chrome(trace_of(path))):
        assert content.isascii()
        assert b"\x1b" not in content
        assert rb"\u001b[31m\u202e</script>\u2028\ud83d\ude00" in content


def test_a_path_without_hops_is_still_a_trace(sample_store: Path) -> None:
    path = query.path(
        sample_store, store.ask(sample_store, "select message_key from message order by hop_count, 1 limit 1").item()
    )
    bare = query.Path(path.message, [], [], [], [])
    (span,) = spans_of(parsed(as_otlp(trace_of(bare))))
    assert span.start_time_unix_nano > 0
