"""Rows of results with the names in them replaced, by column: the same tokens as in a disguised log folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import PurePath
from string import Formatter
from typing import Any

from tracelens.pseudonym import GUID, Tokens
from tracelens.rulebook import Rule, load_rules
from tracelens.scrub import Scrub

KEPT = frozenset(
    "kind status basis outcome service direction event event_id source format state log class severity rule_id "
    "subject_kind origin_class session_id enhanced_code reason_code tls_version tls_cipher "
    "content_hash directionality reason".split()
)  # fmt: skip
MAILS = ("sender_address", "recipient_address", "return_path", "message_id", "related_recipient_address")
HOSTS = ("server", "from_server", "to_server", "client_hostname", "server_hostname", "helo_name")
KEYS = ("message_key", "session_key", "hop_key", "parent_hop_key", "leg_key", "finding_key")


class Veil:
    """Replaces the names in rows.

    Attributes:
        scrub: Replaces names in texts.
    """

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.scrub = Scrub(tokens)
        kinds: dict[str, Callable[[str], str]] = dict.fromkeys(KEPT, self._same)
        kinds |= dict.fromkeys(MAILS, self.scrub.mails)
        kinds |= dict.fromkeys(HOSTS, self.scrub.host)
        kinds |= dict.fromkeys(KEYS, self.key)
        kinds |= {
            "auth_user": tokens.account,
            "message_subject": self.scrub.subject,
            "network_message_id": self.scrub.text,
            "local_endpoint": self.scrub.endpoint,
            "remote_endpoint": self.scrub.endpoint,
            "path": self.path,
            "reference": self.scrub.references,
            "client_certificate": self.scrub.strict,
        }
        self._kinds = kinds

    def rows(self, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Gives rows with every text replaced as its column asks; a column that is not known is a text."""
        return [self._row(row) for row in rows]

    def _row(self, row: dict[str, Any]) -> dict[str, Any]:
        new = {name: self._value(name, value) for name, value in row.items()}
        if "context" in row and row.get("data"):
            new["data"] = self.scrub.said(row["data"], row["context"] or "")
        return new

    def _value(self, name: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self._value(name, part) for part in value]
        if isinstance(value, dict):
            return {part: self._value(part, inner) for part, inner in value.items()}
        return self.change(name)(value) if isinstance(value, str) and value else value

    def change(self, name: str) -> Callable[[str], str]:
        """Gives what replaces the names in a column's texts."""
        if name in self._kinds:
            return self._kinds[name]
        if name.endswith("_ip"):
            return self.scrub.address
        return self.scrub.connector if name.endswith(("connector", "connector_id")) else self.scrub.text

    def findings(self, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Gives findings whose sentences keep the words of the rules that come with tracelens; call it last."""
        rules = {rule.id: rule for rule in load_rules()}
        names = frozenset(name.lower() for name in self.tokens.seen.values() if "." in name)
        scrub = Scrub(self.tokens, names)
        new = []
        for row in rows:
            made = self._row(row)
            rule = rules.get(row["rule_id"])
            is_ours = rule is not None and rule.title == row["title"]
            made["title"] = row["title"] if is_ours else scrub.text(row["title"])
            is_told = rule is not None and row["advice"] == rule.advice
            made["advice"] = row["advice"] if is_told else scrub.text(row["advice"])
            worded = Scrub(self.tokens, names, wording(rule if is_ours else None))
            made["summary"] = worded.text(row["summary"])
            made["subject"] = scrub.text(row["subject"])
            new.append(made)
        return new

    @staticmethod
    def _same(value: str) -> str:
        return value

    def key(self, value: str) -> str:
        """Gives a key of the store: ids permuted, servers and message-ids replaced."""
        if GUID.fullmatch(value) or re.fullmatch(r"[0-9a-f]{16,}", value):
            return self.tokens.hexes(value)
        if value.startswith("id:"):
            return "id:" + self.scrub.mail(value[3:])
        if value.startswith("smtp:"):
            return "smtp:" + self.key(value[5:])
        server, bar, rest = value.partition("|")
        return self.tokens.host(server) + bar + self.scrub.text(rest) if bar else self.scrub.text(value)

    def path(self, value: str) -> str:
        """Gives a file's path, the words that are not those of Exchange replaced."""
        from tracelens.disguise import named

        parts = PurePath(value).parts
        return "/".join(named(part, self.scrub) for part in parts if part not in ("/", "\\"))


def wording(rule: Rule | None) -> frozenset[str]:
    """Gives the words of a rule's summary that are its own, not values."""
    if rule is None:
        return frozenset()
    own = " ".join(literal for literal, _, _, _ in Formatter().parse(rule.summary))
    return frozenset(re.findall(r"[a-z][a-z0-9]*", own.lower()))
