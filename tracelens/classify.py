"""What a failure text means: nested errors unwrapped, the innermost one that a signature knows names it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from tracelens.rulebook import Signature

LONGEST = 4000


def _wrapper(start: str, rest: str) -> tuple[str, re.Pattern[str]]:
    """Gives the words a wrapper starts with, and the pattern that takes out what it holds.

    Only the first place of the words is looked at, so that a hostile text costs no more than its length.
    """
    return start, re.compile(re.escape(start) + rest)


WRAPPERS = (
    _wrapper("{led=", r"([^}].*?)\}(?:;|\]|$)"),
    _wrapper("{msg=", r"([^}].*?)\}(?:;|\]|$)"),
    _wrapper("{led=", r"([^}].*)$"),
    _wrapper("proxy session setup failed on frontend with '", r"(.*)'"),
    _wrapper("proxy session setup failed on frontend with '", r"([^']+)$"),
    _wrapper(" returned '", r"(.*)'"),
    _wrapper("responded with", r':? "(.*)"'),
    _wrapper("responded with", r':? "([^"]+)$'),
    _wrapper("communicating with primary target ip address", r':? "(.*)"'),
    _wrapper("communicating with primary target ip address", r':? "([^"]+)$'),
    _wrapper("smtpresponse:", r"(.*?)\]?$"),
    _wrapper("(retry : ", r"(.*)\)$"),
    _wrapper("(failed : ", r"(.*)\)$"),
    _wrapper(" -> ", r"(.*)$"),
)
ADDRESS = re.compile(r"<[^<>@]*@[^<>]*>")
ENDPOINT = re.compile(r"last endpoint attempted was (\S{1,80}?)[.'\"]{0,9}(?:\s|\}|$)")
STAMP = re.compile(
    r"\{lrt=[^}]*\}|\b[0-9a-f]{12,}\b|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b\d{4}-\d\d-\d\dt[0-9:.]+z?|(?<=:\d\d)\.\d+"
)

RETOLD = {"queue", "report", "exo_trace"}
TELLERS = {"smtp_send", "message_tracking"}
"""Logs whose signatures hold for a queue's last error, a report and a trace too: these tell it again."""


def fold(text: str) -> str:
    """Gives a text in lower case with white space collapsed."""
    return " ".join(text.lower().split())


def unwrap(text: str) -> list[str]:
    """Gives the chain of nested errors, folded, the outermost first.

    Source: Microsoft Learn, "Queues and messages in queues", LastError; the forms `LED=`, `->`, `responded with "…"`,
    `failed on Frontend with '…'`, `returned '…'`.
    """
    chain = [fold(text)[:LONGEST]]
    while len(chain) < 12:
        inner = _inner(chain[-1])
        if not inner or inner == chain[-1]:
            return chain
        chain.append(inner)
    return chain


def _inner(text: str) -> str:
    for start, pattern in WRAPPERS:
        place = text.find(start)
        if place >= 0 and (found := pattern.match(text, place)):
            return found.group(1).strip()
    return ""


def classify(
    text: str, signatures: Sequence[Signature], logs: Collection[str] = (), unverified: bool = False
) -> Signature | None:
    """Gives the signature of the innermost nested error that one knows, or None.

    Signatures that say more are asked first (`rank`), each over the whole chain. What stands in an address was typed
    by a stranger and names nothing; the endpoint of the outermost error belongs to all.

    Args:
        text: A reply or log text.
        signatures: Signatures, the specific before the general.
        logs: Logs the text was seen in; none given means it may be any.
        unverified: Ask the unverified signatures too.
    """
    return _named(text, _asked(signatures, logs, unverified))


def _asked(
    signatures: Sequence[Signature], logs: Collection[str], unverified: bool = False
) -> list[tuple[int, list[Signature]]]:
    seen = set(logs) | (TELLERS if not RETOLD.isdisjoint(logs) else set())
    asked: dict[int, list[Signature]] = {}
    for signature in signatures:
        if (unverified or signature.grade != "U") and (
            not seen or not signature.where or not seen.isdisjoint(signature.where)
        ):
            asked.setdefault(signature.rank, []).append(signature)
    return sorted(asked.items())


def _named(text: str, asked: Sequence[tuple[int, Sequence[Signature]]]) -> Signature | None:
    chain = [ADDRESS.sub("<>", part) for part in unwrap(text)]
    if endpoint := ENDPOINT.search(chain[0]):
        chain = [part if endpoint.group(0) in part else f"{part} {endpoint.group(1)}" for part in chain]
    for _, signatures in asked:
        for part in reversed(chain):
            for signature in signatures:
                if signature.matches(part):
                    return signature
    return None


def classify_all(
    texts: Iterable[tuple[str, Collection[str]]], signatures: Sequence[Signature], unverified: bool = False
) -> tuple[list[dict[str, str | None]], list[dict[str, str | None]]]:
    """Gives the rows of `reply_class`, and of `reply_class_by_log` where one log makes another sense of a text.

    Texts that differ in an address or a stamp only are asked once.

    Args:
        texts: Each text with the logs it was seen in.
        signatures: Signatures, the specific before the general.
        unverified: Ask the unverified signatures too.
    """
    rows: list[dict[str, str | None]] = []
    others: list[dict[str, str | None]] = []
    asked: dict[tuple[str, ...], list[tuple[int, list[Signature]]]] = {}
    known: dict[tuple[str, tuple[str, ...]], Signature | None] = {}

    def named(text: str, shape: str, logs: tuple[str, ...]) -> Signature | None:
        if logs not in asked:
            asked[logs] = _asked(signatures, logs, unverified)
        if (shape, logs) not in known:
            known[shape, logs] = _named(text, asked[logs])
        return known[shape, logs]

    for text, logs in texts:
        shape = STAMP.sub("…", ADDRESS.sub("<>", fold(text)))
        found = named(text, shape, tuple(logs))
        rows.append(
            {
                "text": text,
                "signature_id": found.id if found else None,
                "class": found.class_ if found else None,
                "severity": found.severity if found else None,
                "meaning": found.meaning if found else None,
                "grade": found.grade if found else None,
                "inner_text": unwrap(text)[-1],
            }
        )
        for log in logs if len(logs) > 1 else ():
            other = named(text, shape, (log,))
            if other is not found:
                others.append({"text": text, "log": log, "signature_id": other.id if other else None})
    return rows, others
