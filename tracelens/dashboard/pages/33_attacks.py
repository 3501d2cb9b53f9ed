"""Attacks

Who guesses passwords, tries to relay or probes for names: campaigns with their story, addresses, accounts.
"""

import streamlit as st

from tracelens.dashboard import charts, data, drill, widgets
from tracelens.dashboard.counted import behind

widgets.head("Attacks", "Who guesses passwords, tries to relay or probes for names, and whether it worked.")
extent = widgets.extent_or_stop()
one, two, _ = st.columns([1, 1, 2])
span = {"since": widgets.moment("From", "since", one), "until": widgets.moment("Before", "until", two)}
addresses = data.ask("attack_address", **span, limit=1000)
accounts = data.ask("attack_account", **span, limit=1000)
campaigns = data.ask("attack_campaign", **span, limit=200)
if addresses.is_empty() and campaigns.is_empty():
    if not widgets.unlogged("Who attacks", widgets.RECEIVE, span):
        widgets.nothing(
            "Nobody attacks.", "No receive log of the store shows a failed logon, a denied relay or a probe."
        )
    st.stop()
entered = accounts.filter(accounts["entered_count"] > 0)
places = st.columns(4)
sums = data.one("attack_total", **span) or {}
widgets.tile("Failed logons", sums["failed_count"], place=places[0], **behind("logon", outcome="failed", **span))
widgets.tile("Relaying denied", sums["denied_count"], place=places[1], **behind("recipient", denial="relaying", **span))
drill.tile("Addresses", sums["address_count"], places[2], only="addresses")
drill.tile("Accounts entered after failures", sums["entered_count"], places[3], only="accounts entered")
only = widgets.choice("Show only", "only", ["addresses", "accounts entered"], width=220)
if only == "addresses":
    st.subheader("Addresses", anchor=False)
    widgets.cut(addresses.height, sums["address_count"], "addresses, the busiest")
    widgets.attackers(addresses, span)
    st.stop()
if only:
    st.subheader("Accounts entered after failures", anchor=False)
    widgets.cut(entered.height, sums["entered_count"], "accounts")
    if entered.is_empty():
        widgets.nothing("No account.", "No logon worked from an address where one of the same account had failed.")
    else:
        widgets.accounts(entered, span)
    st.stop()
step = data.bucket(span["since"] or extent["first_at"], span["until"] or extent["until"])
logons = data.steps("attack_hour", step, server="", **span)
if not logons.is_empty():
    st.subheader(f"Logons of clients per {step}", anchor=False)
    widgets.bars(
        logons, "outcome", "logon_count", step, charts.OUTCOME, "attack_hour",
        lambda name, at: behind("logon", outcome=name, **at), span,
    )  # fmt: skip
widgets.campaigns(campaigns, span)
st.subheader("Addresses", anchor=False)
widgets.cut(addresses.height, sums["address_count"], "addresses, the busiest")
widgets.attackers(addresses, span)
st.subheader("Accounts", anchor=False)
widgets.cut(accounts.height, sums["account_count"], "accounts with failed logons")
widgets.accounts(accounts, span)
