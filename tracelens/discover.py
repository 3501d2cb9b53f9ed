"""Paths to log files: recognised by content first, then name, then folder."""

from __future__ import annotations

import csv
import os
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from glob import glob
from hashlib import blake2b
from pathlib import Path
from typing import Any

from tracelens import archive, foreign
from tracelens.agreement import count
from tracelens.charset import head_text
from tracelens.culture import order_of
from tracelens.errors import InputError
from tracelens.formats import LogFormat, by_content, by_log_type, formats

HEAD_BYTES = 65536
TOLD_FILES = 5
HASHED_BYTES = tuple(64 << step for step in range(9))
OTHER_MARK = re.compile(r'"?\d{4}-\d\d-\d\d[T ][\d:.]+Z?"?[;\t]')
"""A log that a spreadsheet or a page saved with another mark between its columns."""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?$")
OF_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")
NO_PROTOCOL_LOG = "?"
LOG_NAME = re.compile(
    r"^(MSGTRKMA|MSGTRKMD|MSGTRKMS|MSGTRKM|MSGTRK|RECV|SEND|CONNECTLOG|AGENTLOG)(\d{8})(\d{2})?-(\d+)\.log$", re.I
)
GENERIC = {"transportroles", "logs", "v14", "v15", "exchange server", "microsoft", "program files", "exchange"}


@dataclass(frozen=True)
class Known:
    """What a look at a file gave before; it holds as long as size and time are the same.

    Attributes:
        size_bytes: Bytes.
        modified_us: Time of the last change, µs since 1970.
        format: Name of its format, None when it is not read.
        reason: Why it is not read, or what was assumed.
        head_hash: See `LogFile`.
    """

    size_bytes: int
    modified_us: int
    format: str | None
    reason: str | None
    head_hash: str = ""


@dataclass(frozen=True)
class LogFile:
    """A file seen, with what is known of it before it is read.

    Attributes:
        path: Absolute path.
        format: Its format, None when it is not read.
        server: Short upper-case host name from the folder or the caller, None when each row must say it.
        service: frontend, hub, delivery, submission or edge; None when each row must say it.
        reason: Why it is not read, or what was assumed.
        culture: Culture of local times in exports, where the caller gives it.
        member: Where it lies in an archive, for a file out of one.
        unpacked: Where the content lies, for a file out of an archive.
        size_bytes: Bytes.
        modified_ns: Time of the last change, ns since 1970.
        head_hash: Hashes of its first bytes, one beside the other: that of a file's beginning begins it.
        host: Machine the path is of, where several machines' logs come together and the path alone does not tell.
    """

    path: Path
    format: LogFormat | None
    server: str | None
    service: str | None
    reason: str | None
    size_bytes: int
    modified_ns: int
    is_failed: bool = False
    culture: str = ""
    member: archive.Member | None = None
    unpacked: Path | None = None
    head_hash: str = ""
    host: str = ""
    file_id: int = field(default=0)

    def __post_init__(self) -> None:
        digest = blake2b(self.address.as_posix().encode("utf-8", "surrogateescape"), digest_size=8).digest()
        object.__setattr__(self, "file_id", int.from_bytes(digest, "big") >> 1)

    @property
    def address(self) -> Path:
        """The path as the ledger has it."""
        return Path(f"//{self.host}/{self.path.as_posix().lstrip('/')}") if self.host else self.path

    @property
    def local(self) -> Path:
        """Where the content can be read."""
        return self.unpacked or self.path


def walk(paths: Iterable[str | os.PathLike[str]], apart: Path | None = None) -> tuple[list[Path], list[OSError]]:
    """Gives every file of the paths, sorted, each once, and the folders that could not be listed.

    A path with `*`, `?` or `[` that names no file is a pattern; `**` reaches into folders.

    Args:
        paths: Files, folders and patterns.
        apart: Folder that is not entered: the store's own.

    Raises:
        InputError: A path does not exist, or a pattern matches nothing.
    """
    found: dict[str, set[str]] = {}
    unlisted: list[OSError] = []
    entered: set[tuple[int, int]] = set()
    for given in paths:
        for place in _places(given):
            if not place.is_dir():
                found.setdefault(str(place.parent), set()).add(place.name)
                continue
            for folder, below, names in os.walk(place, onerror=unlisted.append, followlinks=True):
                state = os.stat(folder)  # noqa: PTH116, ten thousand times
                is_ours = apart is not None and folder == str(apart)
                # a link that leads back is entered once, and so is what two paths name
                if is_ours or (state.st_ino and (state.st_dev, state.st_ino) in entered):
                    below.clear()
                    continue
                entered.add((state.st_dev, state.st_ino))
                below.sort()
                found.setdefault(folder, set()).update(names)
    return [place / name for place in sorted(map(Path, found)) for name in sorted(found[str(place)])], unlisted


def _places(given: str | os.PathLike[str]) -> list[Path]:
    """Gives what a path or pattern names; one written with the backslashes of Windows is tried with slashes too.

    Raises:
        InputError: It names nothing.
    """
    text = os.fspath(given)
    for shown in dict.fromkeys((text, text.replace("\\", os.sep))):
        path = Path(shown).absolute()
        if path.exists():
            return [path]
        if set("*?[") & set(shown) and (matched := glob(str(path), recursive=True)):  # noqa: PTH207
            return [Path(name) for name in _once(matched)]
    hint = "check the spelling; point at a folder that holds logs"
    if OF_WINDOWS.match(text) and os.sep == "/":
        hint = "this is a path of Windows: give it as it is mounted on this machine"
    raise InputError(f"no file or folder '{text}'", hint=hint)


def _once(matched: Iterable[str]) -> list[str]:
    """Gives the shortest of the names that lead to one file, as a link that leads back makes many."""
    shortest: dict[str, str] = {}
    for name in sorted(matched, key=lambda name: (len(name), name)):
        shortest.setdefault(os.path.realpath(os.path.dirname(name)) + os.sep + os.path.basename(name), name)  # noqa: PTH119, PTH120
    return list(shortest.values())


def discover(
    paths: Iterable[str | os.PathLike[str]],
    server: str | None = None,
    service: str | None = None,
    culture: str = "",
    known: Mapping[str, Known] | None = None,
    apart: Path | None = None,
) -> list[LogFile]:
    """Recognises every file of the paths; of a known one only size and time are looked at.

    Args:
        paths: Files and folders.
        server: Server of all files, when the folders do not say it.
        service: Service of all SMTP logs, when the folders do not say it.
        culture: Culture of local times in exports that do not show it, e.g. `de-DE`.
        known: What was seen before, by path.
        apart: Folder that is not entered: the store's own.

    Raises:
        InputError: A path does not exist.
        UsageError: No such culture is known.
    """
    if culture:
        order_of(culture)
    paths_found, unlisted = walk(paths, apart)
    found = [
        LogFile(Path(error.filename), None, None, None, f"cannot be listed: {error.strerror}", 0, 0, is_failed=True)
        for error in unlisted
    ]
    known = known or {}
    with archive.SHELF.kept():
        found += [entry for path in paths_found for entry in _seen(path, server, service, known)]
    return [replace(entry, culture=culture) for entry in found] if culture else found


def check_any(files: Sequence[LogFile]) -> None:
    """Checks that there is a log to read.

    Raises:
        InputError: There is none; the first files are told with what they are instead.
    """
    if any(entry.format for entry in files):
        return
    unreadable = sum(entry.is_failed for entry in files)
    seen = f"looked at {count(len(files), 'file')}" + (f", {unreadable:,} of them unreadable" if unreadable else "")
    told = [f"{entry.path}: {entry.reason}" for entry in files[:TOLD_FILES]]
    told += [f"and {len(files) - TOLD_FILES:,} more"] if len(files) > TOLD_FILES else []
    shown = ("".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in line) for line in told)
    hint = "point at the folder that holds MessageTracking or ProtocolLog"
    raise InputError(f"no log files found ({seen})", hint="\n  ".join([hint, *shown]))


def _seen(path: Path, server: str | None, service: str | None, known: Mapping[str, Known]) -> list[LogFile]:
    """Recognises what stands under one path: a file, or the files of an archive."""
    if not str(path).isprintable() and (shown := escaped(path)) != str(path):
        reason = "its name is no UTF-8: rename it, or the folder that has such a name"
        return [LogFile(Path(shown), None, None, None, reason, 0, 0, is_failed=True)]
    if archive.is_archive(path):
        return _inside(path, server, service, known)
    return [recognise(path, server, service, known.get(str(path)))]


def escaped(path: Path) -> str:
    r"""Gives a path as text that can be stored: bytes that are no UTF-8 stand as \xNN."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _inside(path: Path, server: str | None, service: str | None, known: Mapping[str, Known]) -> list[LogFile]:
    """Recognises the files of an archive; an archive that cannot be opened stands for itself."""
    try:
        members = archive.members(path)
        if not members:
            return [
                LogFile(
                    path, None, None, None, "an archive without files", path.stat().st_size, path.stat().st_mtime_ns
                )
            ]
        return [_member(member, server, service, known.get(str(member.path))) for member in members]
    except InputError as error:
        state = path.stat()
        return [LogFile(path, None, None, None, error.what, state.st_size, state.st_mtime_ns, is_failed=True)]
    except OSError as error:
        return [LogFile(path, None, None, None, f"cannot be opened: {error.strerror}", 0, 0, is_failed=True)]


def _member(member: archive.Member, server: str | None, service: str | None, known: Known | None) -> LogFile:
    path, size, changed = member.path, member.size_bytes, member.modified_ns
    described: LogFormat | None = None
    why: str | None = "an archive inside an archive is not opened: unpack it"
    head_hash = ""
    if known and _is_same(known, size, changed):
        described, why, head_hash = _as_known(known)
    elif not archive.is_archive(Path(member.name)):
        try:
            head = archive.head(member, HEAD_BYTES)
        except OSError as error:
            reason = f"cannot be read: {error.strerror}"
            return LogFile(path, None, None, None, reason, size, changed, is_failed=True, member=member)
        described, why = recognise_content(head, path)
        head_hash = hash_head(head)
    return _found(path, described, server, service, why, size, changed, member=member, head_hash=head_hash)


def _found(
    path: Path, described: LogFormat | None, server: str | None, service: str | None, *details: Any, **more: Any
) -> LogFile:
    """Gives a file with the server and service that the caller or its folders say."""
    named = _short(server) or folder_server(path)
    return LogFile(path, described, named, service or folder_service(path, described), *details, **more)


def as_format(entry: LogFile, described: LogFormat) -> LogFile:
    """Gives a file as it is where another log begins in it."""
    return replace(entry, format=described, service=folder_service(entry.path, described) or entry.service)


def _is_same(known: Known, size_bytes: int, modified_ns: int) -> bool:
    return known.size_bytes == size_bytes and known.modified_us == modified_ns // 1000


def _as_known(known: Known) -> tuple[LogFormat | None, str | None, str]:
    return formats().get(known.format or ""), known.reason, known.head_hash


def _short(server: str | None) -> str | None:
    return server.split(".")[0].upper() if server else None


def recognise(path: Path, server: str | None = None, service: str | None = None, known: Known | None = None) -> LogFile:
    """Recognises one file by its first bytes; what is not an Exchange transport log gets the reason."""
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            return LogFile(path, None, None, None, "no regular file", 0, 0, is_failed=True)
        if known and _is_same(known, state.st_size, state.st_mtime_ns):
            described, reason, head_hash = _as_known(known)
        else:
            with path.open("rb") as stream:
                head = stream.read(HEAD_BYTES)
            described, reason = recognise_content(head, path)
            head_hash = hash_head(head)
    except OSError as error:
        return LogFile(path, None, None, None, f"cannot be opened: {error.strerror}", 0, 0, is_failed=True)
    return _found(path, described, server, service, reason, state.st_size, state.st_mtime_ns, head_hash=head_hash)


def hash_head(head: bytes) -> str:
    """Hashes what stands up to the end of the first row, then the first 64, 128, 256 … bytes, as many as there are.

    What two files have in common shows at a glance; it is empty before the first row ends.
    """
    at, end = 0, head.find(b"\n")
    while end >= 0 and (head[at : at + 1] == b"#" or not head[at:end].strip()):
        at, end = end + 1, head.find(b"\n", end + 1)
    if end < 0:
        return ""
    found, digest, at = blake2b(head[: end + 1], digest_size=5).hexdigest(), blake2b(digest_size=5), 0
    for end in HASHED_BYTES:
        if len(head) < end:
            break
        digest.update(head[at:end])
        found, at = found + digest.hexdigest(), end
    return found


def recognise_content(head: bytes, path: Path) -> tuple[LogFormat | None, str | None]:
    """Gives the format of a file's beginning and, where it has none, the reason."""
    if not head:
        return None, "empty file"
    if packed := foreign.packed(head):
        return None, packed
    text = head_text(head)
    lines = text.splitlines()
    content = [line for line in lines[:50] if line.strip() and not line.startswith("#")]
    for line in lines:
        if line.lower().startswith("#log-type:"):
            log_type = line.split(":", 1)[1].strip()
            described = by_log_type(log_type)
            if described and content and OTHER_MARK.match(content[0]):
                described = by_content(text, path.name) or described
            return described, None if described else f"another log: #Log-type is '{log_type[:80]}'"
        if line and not line.startswith("#") and line.strip():
            break
    # the text formats come between: below the header of an export a row can look like a log's, and a paste is broken
    first = next((recognise_row(line, path) for line in content[:1]), None)
    shown = None if first and len(head) == HEAD_BYTES else by_content(text, path.name)
    if shown:
        return shown, None
    found = first or next(filter(None, (recognise_row(line, path) for line in content[1:])), None)
    if found:
        return found, f"no #Log-type header: taken for {found.name} by its columns"
    if LOG_NAME.match(path.name) and not head.strip(b"\0\r\n "):
        return None, "holds NUL bytes only"
    return None, foreign.named(content) or "not an Exchange transport log or export"


def recognise_row(line: str, path: Path) -> LogFormat | None:
    """Recognises a row without header by its columns.

    Source: formats.md 1.5 and 1.6 (field lists), 4.1 (which side logs which connector name).
    """
    try:
        row = next(csv.reader([line]))
    except (csv.Error, StopIteration):
        return None
    if not TIME.match(row[0].strip()):
        return None
    known = formats()
    if len(row) == 9 and row[6] in ("+", "-", ">", "<", "*"):
        place = path.name.lower() + "|" + path.parent.name.lower().replace("-", "")
        if "smtpsend" in place or place.startswith("send"):
            return known["smtp_send"]
        if "smtpreceive" in place or place.startswith("recv") or "\\" in row[1]:
            return known["smtp_receive"]
        return known["smtp_send"]
    width, tracking = len(row), known["message_tracking"]
    if width in {len(names) for names in tracking.generations} and re.fullmatch(r"[A-Z]{3,30}", row[8].strip()):
        return tracking
    if width == 6 and row[4] in ("+", "-", ">") and not row[3].startswith('"'):
        return known["connectivity"]
    if width in (16, 20) and re.match(r"On[A-Z]", row[11]):
        return known["agent"]
    return None


def folder_server(path: Path) -> str | None:
    """Gives the server named by the folder above TransportRoles (`…/EX01/TransportRoles/Logs/…`), or None."""
    return _server_above(os.path.dirname(path))  # noqa: PTH120, ten thousand times


@lru_cache(maxsize=4096)
def _server_above(folder: str) -> str | None:
    parts = list(Path(folder).parts)
    lower = [part.lower() for part in parts]
    if "transportroles" not in lower:
        return None
    for part in reversed(parts[: lower.index("transportroles")]):
        if part.lower() in GENERIC or re.fullmatch(r"[a-zA-Z][$:]?\\?|program files.*", part, re.I):
            continue
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", part):
            return part.split(".")[0].upper()
        return None
    return None


def folder_service(path: Path, described: LogFormat | None) -> str | None:
    """Gives the service named by the folders (formats.md 1.2), else by a word in the file's name, else None."""
    if described is None or described.direction is None:
        return None
    placed = _service_above(os.path.dirname(path), described.direction)  # noqa: PTH120
    if placed != NO_PROTOCOL_LOG:
        return placed
    name = path.stem.lower()
    for word in ("frontend", "hub", "edge", "delivery", "submission"):
        if word in name:
            return word
    return None


@lru_cache(maxsize=4096)
def _service_above(folder: str, direction: str) -> str | None:
    lower = [part.lower() for part in Path(folder).parts]
    if "protocollog" in lower:
        place = lower.index("protocollog")
        above, below = lower[place - 1] if place else "", lower[place + 1 :]
        if above == "mailbox":
            if "delivery" in below:
                return "delivery"
            if "submission" in below:
                return "submission"
            return "delivery" if direction == "receive" else "submission"
        return {"frontend": "frontend", "hub": "hub", "edge": "edge", "logs": "hub"}.get(above)
    return NO_PROTOCOL_LOG
