"""Failures: reasons explained, the texts behind them, domains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from tracelens.agreement import count
from tracelens.dashboard import data
from tracelens.dashboard.counted import behind, digest
from tracelens.dashboard.widgets.links import go, link
from tracelens.dashboard.widgets.states import markdown, nothing, short
from tracelens.dashboard.widgets.tables import Opens, picked, table
from tracelens.rulebook import Signature, load_signatures

NO_REASON = "no reason in the logs"
MISSED = ("failed", "refused", "deferred", "dropped", "quarantined")


@st.cache_resource
def _signatures() -> dict[str, Signature]:
    return {signature.id: signature for signature in load_signatures()}


def explained(signature_id: str) -> None:
    """Says what a failure text of this signature means, what it is mistaken for and what to do."""
    known = _signatures().get(signature_id)
    if known is None:
        st.caption("No signature knows this text; the reply itself is all the logs say.")
        return
    st.markdown(f"**{markdown(known.meaning)}** · {markdown(known.severity)} · signature {markdown(known.id)}")
    for label, text in (("What to rule out first", known.lookalikes), ("What to do", known.fix)):
        if text:
            st.caption(label)
            st.text(short(text))


def reasons(frame: pl.DataFrame, span: Mapping[str, Any], server: str) -> None:
    """Shows why recipients were not reached; the selected reason with its explanation, its texts and its mail."""
    st.subheader("Reasons", anchor=False)
    st.caption("Select a row to see what it means, the texts behind it and the mail.")
    labels = {
        "status": "Status",
        "code": "Code",
        "class": "Class",
        "meaning": "What it means",
        "recipient_count": "Recipients",
        "message_count": "Messages",
        "domain_count": "Domains",
        "text_count": "Texts",
        "first_at": "First",
        "last_at": "Last",
    }

    def behind_reason(row: Mapping[str, Any], by: str = "") -> dict[str, Any]:
        code, known = row["code"], row["signature_id"]
        more = {} if known else {"reasoned": row["meaning"] != NO_REASON}
        return behind("leg", by=by, status=row["status"], code=code, signature=known, server=server, **more, **span)

    opens: Opens = {
        "recipient_count": behind_reason,
        "message_count": partial(behind_reason, by="message"),
        "domain_count": partial(behind_reason, by="domain"),
        "text_count": partial(behind_reason, by="reason"),
    }
    at = picked(frame, labels, "reasons", opens=opens)
    if at is None:
        return
    row = frame.row(at, named=True)
    with st.container(border=True):
        explained(row["signature_id"])
        link(f"{count(row['message_count'], 'message')} with this reason", **behind_reason(row, "message"))
        names = {"status": row["status"], "code": row["code"], "signature": row["signature_id"]}
        texts = data.ask("failure_text", **names, server=server, **span, limit=1000)
        st.caption("Distinct texts")
        shown = {
            "recipient_count": "Recipients",
            "message_count": "Messages",
            "domain_count": "Domains",
            "text": "Text",
            "example": "As logged, one of them",
        }

        def behind_text(text: Mapping[str, Any], by: str = "") -> dict[str, Any]:
            return behind_reason(row, by) | {"text": digest(text["text"])}

        leads: Opens = {
            "recipient_count": behind_text,
            "message_count": partial(behind_text, by="message"),
            "domain_count": partial(behind_text, by="domain"),
        }
        table(texts, shown | {"first_at": "First", "last_at": "Last"}, "reason_texts", leads)


def domains(frame: pl.DataFrame, span: Mapping[str, Any], server: str) -> None:
    """Shows recipient domains with failures; a selected row opens the mail that did not reach it."""
    if frame.is_empty():
        nothing("No domain.", "Every recipient was reached.")
        return
    labels = {
        "domain": "Domain",
        "failed_count": "Failed",
        "refused_count": "Refused",
        "deferred_count": "Deferred",
        "recipient_count": "All recipients",
        "missed_percent": "Not reached %",
    }
    st.caption("A selected row opens the mail that did not reach the domain.")
    opens: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        f"{name}_count": partial(
            lambda row, of: behind("leg", domain=row["domain"], server=server, **of, **span), of=of
        )
        for name, of in {
            "failed": {"ending": "failed"},
            "refused": {"status": "refused"},
            "deferred": {"status": "deferred"},
            "recipient": {},
        }.items()
    }
    opens["missed_percent"] = lambda row: behind("leg", domain=row["domain"], missed=True, server=server, **span)
    at = picked(frame, labels, "domains", opens=opens)
    if at is not None:
        go("messages", recipient=f"@{frame['domain'][at]}", status="not reached", server=server, **span)


def replies(frame: pl.DataFrame, span: Mapping[str, Any], server: str) -> None:
    """Shows failure texts of all logs by meaning; a selected row opens the conversations with such a text."""
    labels = {
        "class": "Class",
        "meaning": "What it means",
        "reply_count": "Times",
        "text_count": "Texts",
        "peer_count": "Other sides",
        "servers": "Servers",
        "example": "Example",
        "first_at": "First",
        "last_at": "Last",
    }
    opens: Opens = {
        name: partial(
            lambda row, by: behind("reply", by=by, signature=row["signature_id"], server=server, **span), by=by
        )
        for name, by in {"reply_count": "", "text_count": "text", "peer_count": "address"}.items()
    }
    at = picked(frame, labels, "replies", opens=opens)
    if at is not None:
        go("sessions", signature=frame["signature_id"][at] or "unknown", server=server, **span)
