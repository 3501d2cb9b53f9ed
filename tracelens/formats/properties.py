"""Values of Exchange properties as PowerShell writes them: lists, sizes, yes and no.

Source: formats.md 5.3 (bindings, ranges, sizes with the bytes in brackets, lists cut by `$FormatEnumerationLimit`).
"""

from __future__ import annotations

import re

SIZE = re.compile(r"\((\d[\d\s.,'’\u00a0\u202f]{0,40}?)\s*[^\W\d]+\)\s*$")
ROUND = re.compile(r"(\d{1,12})\s*(B|KB|MB|GB|TB)?(?:\s*bytes)?$", re.I)
UNITS = {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
TYPE_NAME = re.compile(r"(?:System|Microsoft|Deserialized)\.[\w.]+(?:`\d)?(?:\[.*\])?$", re.S)
OF_TYPE = re.compile(r"(?:System|Deserialized|Microsoft\.Exchange)\.[A-Z][\w.`\[\], =]*$")
"""A type's name where a value should stand: the export went no deeper."""
CUT = ("...", "…")
SPACE_BREAK = re.compile(r" ?[,\n] ?|;(?=[A-Za-z0-9]+:)|(?<=;\d) |(?<=;\d\d) ")
BREAK = re.compile(r"[,;\s]+")


def listed(value: str | list[str], is_space: bool = False) -> tuple[list[str] | None, bool]:
    """Gives the entries of a list and whether the export cut it.

    Args:
        value: `{a, b...}`, a text with entries joined by commas, semicolons, blanks or line breaks, or a list.
        is_space: Entries are address spaces, `SMTP:*;1`, which hold a semicolon.
    """
    if isinstance(value, list):
        is_named = bool(value) and all(TYPE_NAME.match(part) for part in value)
        return (None, True) if is_named else (value, False)
    text = re.sub(r"[^\S\n]+", " ", value.strip())
    if TYPE_NAME.match(text):
        return None, True
    has_braces = text.startswith("{")
    text = text.removeprefix("{").removesuffix("}").strip() if has_braces else text
    is_cut = text.endswith(CUT) or (has_braces and not value.strip().endswith("}"))
    for mark in CUT:
        text = text.removesuffix(mark).rstrip(" ,")
    found = (SPACE_BREAK if is_space else BREAK).split(text)
    return [part for part in found if part], is_cut


def size(text: str) -> int | None:
    """Gives bytes: those in brackets with any culture's separators, else a plain number; `Unlimited` has none."""
    match = SIZE.search(text)
    if match:
        return _small(re.sub(r"\D", "", match.group(1)))
    rough = ROUND.match(text.strip())
    return int(rough.group(1)) * UNITS[(rough.group(2) or "B").upper()] if rough else None


def _small(digits: str) -> int | None:
    return int(digits) if len(digits) < 19 else None


def yes(text: str) -> bool | None:
    """Gives True or False, None for any other text."""
    return {"true": True, "false": False, "$true": True, "$false": False}.get(text.strip().lower())


def short_name(text: str) -> str | None:
    """Gives the short upper-case name of a server written as name, FQDN, distinguished name or canonical path."""
    match = re.match(r"CN=([^,]+)", text.strip())
    name = (match.group(1) if match else text.strip().rsplit("/", 1)[-1]).split(".")[0].strip().upper()
    return name or None
