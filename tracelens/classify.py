"""What a failure text means: nested errors unwrapped, the innermost one that a signature knows names it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from tracelens.rulebook import Signature

WRAPPERS = (
    re.compile(r"\{led=(.*?)\}(?:;|\]|$)"),
    re.compile(r"proxy session setup failed on frontend with '(.*)'"),
    re.compile(r'responded with:? "(.*)"'),
    re.compile(r"smtpresponse:(.*)$"),
    re.compile(r"\((?:retry|failed) : (.*)\)$"),
    re.compile(r" -> (.*)$"),
)


def fold(text: str) -> str:
    """Gives a text in lower case with white space collapsed."""
    return " ".join(text.lower().split())


def unwrap(text: str) -> list[str]:
    """Gives the chain of nested errors, folded, the outermost first.

    Source: Microsoft Learn, "Queues and messages in queues", LastError; the forms `LED=`, `->`, `responded with "…"`,
    `failed on Frontend with '…'`.
    """
    chain = [fold(text)]
    while len(chain) < 12:
        inner = next((found.group(1).strip() for wrapper in WRAPPERS if (found := wrapper.search(chain[-1]))), "")
        if not inner or inner == chain[-1]:
            return chain
        chain.append(inner)
    return chain


def classify(text: str, signatures: Sequence[Signature], logs: Collection[str] = ()) -> Signature | None:
    """Gives the signature of the innermost nested error that one knows, or None.

    Args:
        text: A reply or log text.
        signatures: Signatures, the specific before the general; unverified ones are passed over.
        logs: Logs the text was seen in; none given means it may be any.
    """
    known = [s for s in signatures if s.grade != "U" and (not logs or not s.where or set(s.where) & set(logs))]
    for part in reversed(unwrap(text)):
        for signature in known:
            if signature.matches(part):
                return signature
    return None


def classify_all(
    texts: Iterable[tuple[str, Collection[str]]], signatures: Sequence[Signature]
) -> list[dict[str, str | None]]:
    """Gives the rows of `reply_class`: each text with signature, class, severity and innermost error."""
    rows: list[dict[str, str | None]] = []
    for text, logs in texts:
        found = classify(text, signatures, logs)
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
