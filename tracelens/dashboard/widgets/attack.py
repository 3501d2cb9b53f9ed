"""Attacks: campaigns with their story, addresses, accounts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from tracelens.dashboard import data, zone
from tracelens.dashboard.counted import behind
from tracelens.dashboard.widgets.found import evidence, finding, findings
from tracelens.dashboard.widgets.links import go, link
from tracelens.dashboard.widgets.states import markdown, nothing, short, utc_told
from tracelens.dashboard.widgets.tables import picked


def campaigns(frame: pl.DataFrame, span: Mapping[str, Any]) -> None:
    """Shows what each address or account did, as findings tell it; the selected one with its story and its findings."""
    st.subheader("Campaigns", anchor=False)
    if frame.is_empty():
        nothing("No campaign.", "No rule about logons, relaying or probing found anything.")
        return
    st.caption("One row per address or account: all findings about it. A selected row tells its story.")
    opens = {
        name: partial(lambda row, of: behind("finding", sum=of, actor=row["actor"], attack=True, **span), of=of)
        for name, of in {"finding_count": "", "hit_count": "hits"}.items()
    }
    labels = {
        "severity": "Severity",
        "actor": "Who",
        "title": "Worst finding",
        "finding_count": "Findings",
        "hit_count": "Hits",
        "servers": "Servers",
        "first_at": "First",
        "last_at": "Last",
    }
    at = picked(frame, labels, "campaigns", opens=opens)
    if at is None:
        return
    row = frame.row(at, named=True)
    with st.container(border=True):
        st.markdown(f"**{markdown(short(row['actor']))}** · {markdown(row['severity'])}")
        parts = data.ask("campaign_finding", keys=list(row["finding_keys"]))
        for part in parts.to_dicts():
            moment = f"{zone.stamp(part['first_at'], '%Y-%m-%d %H:%M')} {zone.chosen()}"
            st.text(f"{moment}  {short(part['title'])}: {short(part['summary'])}")
        utc_told()
        if row["remote_ip"]:
            link(f"All sessions of {row['remote_ip']}", "sessions", address=row["remote_ip"], noise=True)
        for sender in parts["sender"].drop_nulls().unique().sort():
            link(f"Mail of {sender}", "messages", sender=sender, noise=True)
        chosen = findings(parts, "campaign_findings")
        if chosen:
            finding(chosen, evidence(chosen), "campaign_finding")


def attackers(frame: pl.DataFrame, span: Mapping[str, Any]) -> None:
    """Shows addresses; a selected row opens its conversations."""
    if frame.is_empty():
        nothing("No address.", "No logon failed and no recipient was denied.")
        return
    labels = {
        "remote_ip": "Address",
        "failed_count": "Failed logons",
        "account_count": "Accounts tried",
        "good_count": "Logons that worked",
        "denied_count": "Relaying denied",
        "unknown_count": "Recipients refused",
        "helo_names": "HELO",
        "servers": "Servers",
        "first_at": "First",
        "last_at": "Last",
    }
    st.caption("A selected row opens its sessions.")
    opens = {
        "failed_count": lambda row: behind("logon", address=row["remote_ip"], outcome="failed", **span),
        "account_count": lambda row: behind("logon", by="account", address=row["remote_ip"], outcome="failed", **span),
        "good_count": lambda row: behind("logon", address=row["remote_ip"], outcome="worked", **span),
        "denied_count": lambda row: behind("recipient", address=row["remote_ip"], denial="relaying", **span),
        "unknown_count": lambda row: behind("recipient", address=row["remote_ip"], denial="other", **span),
    }
    at = picked(frame, labels, "attackers", opens=opens)
    if at is not None:
        go("sessions", address=frame["remote_ip"][at], **span)


def accounts(frame: pl.DataFrame, span: Mapping[str, Any]) -> None:
    """Shows accounts with failed logons; a selected row opens their conversations."""
    if frame.is_empty():
        nothing("No account.", "The logs name no account with a failed logon.")
        return
    labels = {
        "account": "Account",
        "failed_count": "Failed",
        "address_count": "Addresses",
        "good_count": "Worked",
        "entered_count": "Worked from an address that failed before",
        "addresses": "From",
        "first_at": "First failure",
        "last_at": "Last failure",
        "good_at": "Last success",
    }
    st.caption("A selected row opens its sessions.")
    opens = {
        "failed_count": lambda row: behind("logon", account=row["account"], outcome="failed", **span),
        "address_count": lambda row: behind("logon", by="address", account=row["account"], outcome="failed", **span),
        "good_count": lambda row: behind("logon", account=row["account"], outcome="worked", **span),
        "entered_count": lambda row: behind("logon", account=row["account"], entered=True, **span),
    }
    at = picked(frame, labels, "accounts", opens=opens)
    if at is not None:
        go("sessions", account=frame["account"][at], **span)
