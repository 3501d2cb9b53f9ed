"""Bytes of a file to text: UTF-16 and UTF-32 by mark or pattern, else UTF-8, else the code page of a culture.

Source: formats.md 1.4 and 6 (encodings of logs and exports); Microsoft Learn, Export-Csv, "Code Page Identifiers".
"""

from __future__ import annotations

import re

MARKS = (
    (b"\xff\xfe\0\0", "utf-32-le"), (b"\0\0\xfe\xff", "utf-32-be"), (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"),
)  # fmt: skip
LOOKED_AT = 512
COLOUR = re.compile(r"\x1b\[[0-9;]{0,20}m")
"""What PowerShell 7 writes around names, where its output is told to keep its colours."""
TURNED = re.compile(r"^[“”„][\w-]{2,40}[“”][,;\t][“”„]", re.M)
OPENING = re.compile(r"(^|[,;\t])[“”„](?=[^\s,;])", re.M)
CLOSING = re.compile(r"[“”](?=[,;\t]|$)", re.M)
BEYOND_ASCII = re.compile(r"[\u0080-\U0010ffff]")
CODE_PAGES = {
    **dict.fromkeys("pl cs sk hu sl hr bs ro sq".split(), "cp1250"),
    **dict.fromkeys("ru uk be bg mk sr kk mn".split(), "cp1251"),
    "el": "cp1253", "tr": "cp1254", "az": "cp1254", "he": "cp1255", "ar": "cp1256", "fa": "cp1256",
    **dict.fromkeys("et lt lv".split(), "cp1257"),
    "vi": "cp1258", "th": "cp874", "ja": "cp932", "zh": "cp936", "ko": "cp949",
}  # fmt: skip
"""ANSI code page of a language, where it is not 1252."""


def encoding(head: bytes) -> tuple[str, int]:
    """Gives the encoding that a file's beginning shows, and how many bytes its mark takes; UTF-8 if it shows none."""
    for mark, name in MARKS:
        if head.startswith(mark):
            return name, len(mark)
    near = head[: min(len(head), LOOKED_AT) // 2 * 2]
    first, second = near[0::2].count(0), near[1::2].count(0)
    for name, filled, empty in (("utf-16-le", first, second), ("utf-16-be", second, first)):
        if empty * 10 > len(near) // 2 * 7 and filled * 10 < empty:
            return name, 0
    return "utf-8", 0


def head_text(head: bytes) -> str:
    """Decodes the beginning of a file, as far as it goes."""
    name, mark = encoding(head)
    whole = len(head) - (len(head) - mark) % {"8": 1, "1": 2, "3": 4}[name[4]]
    return lines_fed(head[mark:whole].decode(name, "replace"))


def decode(content: bytes, culture: str = "") -> tuple[str, str]:
    r"""Decodes a whole text; gives it with lines that end in line feeds, and what was taken for granted.

    A text that is not UTF-8 anywhere is read by the code page of the culture; of one that is, odd bytes stay as \xNN.
    """
    name, mark = encoding(content)
    content = content[mark:]
    text = content.decode(name, "backslashreplace")
    assumed = ""
    if name == "utf-8" and not content.isascii() and not BEYOND_ASCII.search(text):
        page = CODE_PAGES.get(re.split("[-_]", culture)[0].lower(), "cp1252")
        text = content.decode(page, "backslashreplace")
        assumed = f"no UTF-8: read as Windows code page {page.removeprefix('cp')}"
        assumed += "" if culture else "; give --culture if it is another"
    return lines_fed(text), assumed


def lines_fed(text: str) -> str:
    """Gives a text whose lines end in line feeds, whether it had CR LF, or CR alone."""
    text = text.replace("\r\n", "\n")
    text = text if "\n" in text else text.replace("\r", "\n")
    text = COLOUR.sub("", text) if COLOUR.search(text[:4000]) else text
    return straight(text) if TURNED.search(text[:4000]) else text


def straight(text: str) -> str:
    """Gives a table by commas whose quotes a word processor turned, with plain ones around its values."""
    return CLOSING.sub('"', OPENING.sub(r'\1"', text))
