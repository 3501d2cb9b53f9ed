"""The key of pseudonyms and the map that makes names readable again: two files that stay with their owner."""

from __future__ import annotations

import json
import os
import re
import secrets
from pathlib import Path

from tracelens.errors import InputError, UsageError
from tracelens.pseudonym import GUID, TOKEN, Tokens, is_hex, is_ip

KEY_BYTES = 32
DEFAULT_KEY = Path("tracelens-pseudonyms.key")
READABLE = re.compile(
    rf"{TOKEN.pattern}|(?<![0-9a-f]){GUID.pattern}(?![0-9a-f])|(?<![\w.])\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?!\.?\w)"
    r"|(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}|(?<=healthmailbox)[0-9a-f]{32}(?![0-9a-f])", re.IGNORECASE,
)  # fmt: skip


def key_of(path: Path, create: bool = False) -> bytes:
    """Gives the key in a file; makes one that only its owner can read where there is none.

    Raises:
        InputError: There is no such file, or it holds no key.
    """
    if create and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        text = secrets.token_hex(KEY_BYTES) + "\n"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:  # noqa: PTH123
            stream.write(text)
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the key '{path}' cannot be read", hint="name the key file with --key") from error
    if not re.fullmatch(rf"[0-9a-fA-F]{{{2 * KEY_BYTES}}}", text):
        raise InputError(f"'{path}' holds no key", hint=f"a key is {2 * KEY_BYTES} hexadecimal digits")
    return bytes.fromhex(text)


def map_beside(key: Path) -> Path:
    """Gives where the map of a key lies unless told otherwise."""
    return key.with_name(key.name + ".map")


def check_apart(out: Path, *files: Path) -> None:
    """Checks that key and map do not lie in what is handed on.

    Raises:
        UsageError: One of them does.
    """
    folder = out.absolute().resolve()
    for path in files:
        if folder in path.absolute().resolve().parents:
            raise UsageError(f"'{path}' would lie in '{out}', which is handed on", hint="keep the key somewhere else")


def known_of(path: Path) -> dict[str, str]:
    """Gives the tokens of a map and what they stand for; empty where there is none yet.

    Raises:
        InputError: The file is no map.
    """
    if not path.exists():
        return {}
    found = {}
    try:
        with path.open(encoding="ascii") as stream:
            for line in stream:
                row = json.loads(line)
                found[str(row["token"])] = str(row["original"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"'{path}' is no map of pseudonyms", hint="name the right one with --map") from error
    return found


def write_map(path: Path, tokens: Tokens) -> int:
    """Adds what a run has replaced to the map, readable for its owner alone; gives how many tokens it holds.

    Raises:
        InputError: The file there is no map, or is one of another key.
    """
    known = known_of(path)
    check_key(known, tokens, path)
    known = {**tokens.seen, **known}
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:  # noqa: PTH123
        for token in sorted(known):
            stream.write(json.dumps({"token": token, "original": known[token]}) + "\n")
    draft.replace(path)
    return len(known)


def check_key(known: dict[str, str], tokens: Tokens, path: Path) -> None:
    """Checks that a map was made with the key.

    Raises:
        InputError: It was made with another one.
    """
    token = next((token for token in known if not token.startswith("win-")), None)
    if token is not None and Tokens(tokens.key).name(known[token]).lower() != token:
        raise InputError(f"the map '{path}' belongs to another key", hint="name the key it was made with by --key")


def reveal(text: str, tokens: Tokens, known: dict[str, str]) -> tuple[str, int]:
    """Gives a text with its tokens replaced by what they stand for, and how many were known."""
    count = 0

    def back(found: re.Match[str]) -> str:
        nonlocal count
        token = found.group()
        original = token
        if TOKEN.fullmatch(token):
            original = known.get(token.lower(), token)
            if tokens.name(original).lower() != token.lower() and tokens.label(original).lower() != token.lower():
                return token
        elif GUID.fullmatch(token) or is_hex(token):
            original = tokens.hexes(token, back=True)
        elif is_ip(token):
            original = tokens.ip_back(token)
        count += original != token
        return original

    if is_hex(text) and not TOKEN.fullmatch(text):
        return tokens.hexes(text, back=True), 1
    return READABLE.sub(back, text), count
