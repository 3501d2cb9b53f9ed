"""Attacks

Who guesses passwords, tries to relay or probes for names: campaigns with their story, addresses, accounts.
"""

import streamlit as st

from tracelens.dashboard import charts, data, drill, widgets

widgets.head("Attacks", "Who guesses passwords, tries to relay or probes for names, and whether it worked.")
total = widgets.total_or_stop(noise=False)
one, two, _ = st.columns([1, 1, 2])
span = {"since": widgets.moment("From", "since", one), "until": widgets.moment("Before", "until", two)}
addresses = data.ask("attack_address", **span, limit=1000)
accounts = data.ask("attack_account", **span, limit=1000)
campaigns = data.ask("attack_campaign", **span, limit=200)
if addresses.is_empty() and campaigns.is_empty():
    widgets.nothing("Nobody attacks.", "No receive log of the store shows a failed logon, a denied relay or a probe.")
    st.stop()
entered = accounts.filter(accounts["entered_count"] > 0)
places = st.columns(4)
for place, label, count, page, filters in (
    (places[0], "Failed logons", addresses["failed_count"].sum(), "sessions", {"logon": "failed"}),
    (places[1], "Relaying denied", addresses["denied_count"].sum(), "relay", {}),
):
    widgets.tile(label, int(count), page, place, **filters, **span)
drill.tile("Addresses", addresses.height, places[2], only="addresses")
drill.tile("Accounts entered after failures", entered.height, places[3], only="accounts entered")
only = widgets.choice("Show only", "only", ["addresses", "accounts entered"], width=220)
if only == "addresses":
    st.subheader("Addresses", anchor=False)
    widgets.attackers(addresses, span)
    st.stop()
if only:
    st.subheader("Accounts entered after failures", anchor=False)
    if entered.is_empty():
        widgets.nothing("No account.", "No logon worked from an address where one of the same account had failed.")
    else:
        widgets.accounts(entered, span)
    st.stop()
step = data.bucket(span["since"] or total["first_at"], span["until"] or total["last_at"])
logons = data.steps("attack_hour", step, **span)
if not logons.is_empty():
    st.subheader(f"Logons of clients per {step}", anchor=False)
    st.plotly_chart(charts.by_time(logons, "outcome", "logon_count", step, charts.OUTCOME), key="attack_hour")
widgets.campaigns(campaigns)
st.subheader("Addresses", anchor=False)
widgets.attackers(addresses, span)
st.subheader("Accounts", anchor=False)
widgets.accounts(accounts, span)
