"""Spans as OTLP/JSON, and on their way to a collector by the OpenTelemetry SDK.

Source: OpenTelemetry protocol specification, "JSON Protobuf Encoding": ids are hex, 64-bit integers are strings, enums
are numbers, names are lowerCamelCase.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tracelens import __version__
from tracelens.errors import TracelensError, UsageError
from tracelens.export.spans import Span, Trace, Value

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

KINDS = {"internal": 1, "server": 2, "client": 3}
ERROR = 2
PATH = "/v1/traces"


def as_otlp(*traces: Trace) -> bytes:
    """Gives traces as one OTLP/JSON document (`TracesData`): a resource per server and service."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for trace in traces:
        for span in trace.spans:
            groups.setdefault((span.server, span.service), []).append(_span(trace, span))
    document = {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(resource(server, service))},
                "scopeSpans": [{"scope": {"name": "tracelens", "version": __version__}, "spans": spans}],
            }
            for (server, service), spans in groups.items()
        ]
    }
    return json.dumps(document, ensure_ascii=True, indent=1).encode() + b"\n"


def resource(server: str, service: str) -> dict[str, Value]:
    """Gives what wrote a span: the transport service as OpenTelemetry's service, the server as its instance."""
    if not server:
        return {"service.name": "exchange", "service.namespace": "exchange"}
    return {
        "service.name": f"exchange-{service or 'unknown'}",
        "service.namespace": "exchange",
        "service.instance.id": server,
        "host.name": server,
    }


def _span(trace: Trace, span: Span) -> dict[str, Any]:
    found: dict[str, Any] = {"traceId": trace.trace_id.hex(), "spanId": span.span_id.hex()}
    if span.parent_id:
        found["parentSpanId"] = span.parent_id.hex()
    found |= {
        "name": span.name,
        "kind": KINDS[span.kind],
        "startTimeUnixNano": str(span.start_ns),
        "endTimeUnixNano": str(span.end_ns),
        "attributes": _attributes(span.attributes),
        "events": [
            {"timeUnixNano": str(event.at_ns), "name": event.name, "attributes": _attributes(event.attributes)}
            for event in span.events
        ],
        "status": {"code": ERROR, "message": span.error} if span.error else {},
    }
    return found


def _attributes(values: dict[str, Value]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in values.items()]


def _value(value: Value) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(part) for part in value]}}
    return {"stringValue": value}


def send(endpoint: str, *traces: Trace, timeout_s: float = 10) -> int:
    """Sends traces to an OTLP/HTTP collector and gives how many spans it took.

    Args:
        endpoint: `http://host:4318`, or the whole address with its path.
        traces: What to send.
        timeout_s: Seconds to keep trying.

    Raises:
        UsageError: The SDK is not installed, or the address is none.
        TracelensError: The collector cannot be reached or refuses.
    """
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"'{endpoint}' is no address of a collector", hint="write it as http://localhost:4318")
    address = endpoint if parts.path.strip("/") else parts._replace(path=PATH).geturl()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import SpanExportResult
    except ImportError as error:
        raise UsageError(
            "the OpenTelemetry SDK is not installed", hint="install tracelens with its extra: tracelens[otlp]"
        ) from error
    spans = [_sdk_span(trace, span) for trace in traces for span in trace.spans]
    told: list[str] = []
    listener = _Listener(told)
    log = logging.getLogger("opentelemetry.exporter.otlp")
    spread, log.propagate = log.propagate, False
    log.addHandler(listener)
    exporter: Any = OTLPSpanExporter(endpoint=address, timeout=timeout_s)
    try:
        done = exporter.export(spans)
    finally:
        exporter.shutdown()
        log.removeHandler(listener)
        log.propagate = spread
    if done is not SpanExportResult.SUCCESS:
        reason = told[-1] if told else "no reason given"
        raise TracelensError(f"the trace is not sent: {reason}", address, "is a collector listening there?")
    return len(spans)


class _Listener(logging.Handler):
    """Keeps what the exporter says instead of printing it."""

    def __init__(self, told: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.told = told

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(record.getMessage())


def _sdk_span(trace: Trace, span: Span) -> ReadableSpan:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import Event as SdkEvent
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

    def context(span_id: bytes) -> SpanContext:
        return SpanContext(
            int.from_bytes(trace.trace_id), int.from_bytes(span_id), is_remote=False, trace_flags=TraceFlags(1)
        )

    return ReadableSpan(
        name=span.name,
        context=context(span.span_id),
        parent=context(span.parent_id) if span.parent_id else None,
        resource=Resource(dict(resource(span.server, span.service))),
        attributes=dict(span.attributes),
        events=[SdkEvent(event.name, dict(event.attributes), event.at_ns) for event in span.events],
        kind=SpanKind[span.kind.upper()],
        status=Status(StatusCode.ERROR, span.error) if span.error else Status(),
        start_time=span.start_ns,
        end_time=span.end_ns,
        instrumentation_scope=InstrumentationScope("tracelens", __version__),
    )
