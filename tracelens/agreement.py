"""Words that agree with their numbers: `1 session`, `2 sessions`; those of a rule's summary too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter

COUNTED = """
accounts acknowledgements addresses answers checks clients complaints connections conversations days deliveries domains
duplicates entries envelopes errors failures forms hand-overs handshakes hosts hours lines logons machines messages
minutes names networks peers ranges recipients refusals reports resubmissions rows senders servers sessions signs
submissions systems times tries weeks
""".split()
VERBS = {"were": "was", "are": "is", "have": "has", "do": "does"}
AFTER = re.compile(
    r" (?:(?P<that>that )?(?P<verb>were|are|have|do)\b"
    r"|(?P<kind>(?:(?!(?:of|in|on|or|and|to|from|with|for|by|at)\b)[a-z-]+ ){0,2}?)"
    rf"(?P<noun>{'|'.join(COUNTED)})\b(?: or (?P<other>{'|'.join(COUNTED)})\b)?"
    r"(?P<which> that)?(?: (?P<does>were|are|have|do)\b)?)"
)


def count(number: float, noun: str, plural: str = "") -> str:
    """Gives a number with its noun, e.g. `1 message`, `2,000 messages`."""
    return f"{number:,.0f} {noun if number == 1 else plural or noun + 's'}"


def filled(summary: str, values: Mapping[str, object]) -> str:
    """Gives a summary with its values; the words that follow the number 1 are in the singular.

    Args:
        summary: Text with names in braces.
        values: What each name stands for; whole numbers as such.
    """
    said = ""
    is_one = False
    for text, name, how, _ in Formatter().parse(summary):
        said += AFTER.sub(_single, text, count=1) if is_one and AFTER.match(text) else text
        is_one = name is not None and isinstance(values[name], int) and values[name] == 1
        said += format(values[name], how or "") if name is not None else ""
    return said


def _single(found: re.Match[str]) -> str:
    if found["verb"]:
        return f" {found['that'] or ''}{VERBS[found['verb']]}"
    other = f" or {one(found['other'])}" if found["other"] else ""
    does = f" {VERBS[found['does']]}" if found["does"] else ""
    return f" {found['kind']}{one(found['noun'])}{other}{found['which'] or ''}{does}"


def one(noun: str) -> str:
    """Gives the singular of a noun."""
    if noun.endswith("ies"):
        return noun[:-3] + "y"
    return noun[:-2] if noun.endswith("sses") else noun[:-1]
