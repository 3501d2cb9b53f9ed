"""What a failure text means: nested errors unwrapped, the innermost one that a signature knows names it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from tracelens.rulebook import Signature

WRAPPERS = (
    re.compile(r"\{led=([^}].*?)\}(?:;|\]|$)"),
    re.compile(r"\{msg=([^}].*?)\}(?:;|\]|$)"),
    re.compile(r"\{led=([^}].*)$"),
    re.compile(r"proxy session setup failed on frontend with '(.*)'"),
    re.compile(r"proxy session setup failed on frontend with '([^']+)$"),
    re.compile(r"""^.{0,400}? returned '(.*)'"""),
    re.compile(r'(?:responded with|communicating with primary target ip address):? "(.*)"'),
    re.compile(r'(?:responded with|communicating with primary target ip address):? "([^"]+)$'),
    re.compile(r"smtpresponse:(.*?)\]?$"),
    re.compile(r"\((?:retry|failed) : (.*)\)$"),
    re.compile(r" -> (.*)$"),
)
ADDRESS = re.compile(r"<[^<>]*@[^<>]*>")
ENDPOINT = re.compile(r"last endpoint attempted was (\S+?)[.'\"]*(?:\s|\}|$)")
STAMP = re.compile(
    r"\{lrt=[^}]*\}|\b[0-9a-f]{12,}\b|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b\d{4}-\d\d-\d\dt[0-9:.]+z?|(?<=:\d\d)\.\d+"
)

LIKE_QUEUE = {"smtp_send", "message_tracking"}
"""Logs whose signatures hold for a queue's last error too: it is what the same service was told."""


def fold(text: str) -> str:
    """Gives a text in lower case with white space collapsed."""
    return " ".join(text.lower().split())


def unwrap(text: str) -> list[str]:
    """Gives the chain of nested errors, folded, the outermost first.

    Source: Microsoft Learn, "Queues and messages in queues", LastError; the forms `LED=`, `->`, `responded with "…"`,
    `failed on Frontend with '…'`, `returned '…'`.
    """
    chain = [fold(text)]
    while len(chain) < 12:
        inner = next((found.group(1).strip() for wrapper in WRAPPERS if (found := wrapper.search(chain[-1]))), "")
        if not inner or inner == chain[-1]:
            return chain
        chain.append(inner)
    return chain


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
    seen = set(logs) | (LIKE_QUEUE if "queue" in logs else set())
    asked: dict[int, list[Signature]] = {}
    for signature in signatures:
        if (unverified or signature.grade != "U") and (
            not seen or not signature.where or not seen.isdisjoint(signature.where)
        ):
            asked.setdefault(signature.rank, []).append(signature)
    chain = [ADDRESS.sub("<>", part) for part in unwrap(text)]
    if endpoint := ENDPOINT.search(chain[0]):
        chain = [part if endpoint.group(0) in part else f"{part} {endpoint.group(1)}" for part in chain]
    for rank in sorted(asked):
        for part in reversed(chain):
            for signature in asked[rank]:
                if signature.matches(part):
                    return signature
    return None


def classify_all(
    texts: Iterable[tuple[str, Collection[str]]], signatures: Sequence[Signature]
) -> list[dict[str, str | None]]:
    """Gives the rows of `reply_class`: each text with signature, class, severity and innermost error.

    Texts that differ in an address or a stamp only are asked once.
    """
    rows: list[dict[str, str | None]] = []
    known: dict[tuple[str, tuple[str, ...]], Signature | None] = {}
    for text, logs in texts:
        key = (STAMP.sub("…", ADDRESS.sub("<>", fold(text))), tuple(logs))
        if key not in known:
            known[key] = classify(text, signatures, logs)
        found = known[key]
        rows.append(
            {
                "text": text,
                "signature_id": found.id if found else None,
                "class": found.class_ if found else None,
                "severity": found.severity if found else None,
                "meaning": found.meaning if found else None,
                "inner_text": unwrap(text)[-1],
            }
        )
    return rows
