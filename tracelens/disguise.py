"""Log folders with every name replaced, in their own format: same files, lines, columns, quotes and line ends."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tracelens.archive import is_archive
from tracelens.charset import encoding
from tracelens.discover import LOG_NAME, LogFile, folder_server, recognise, walk
from tracelens.errors import UsageError
from tracelens.formats import LogFormat
from tracelens.read import CHUNK_BYTES, STARTS_ROW, WELL_FORMED, join_continuation
from tracelens.scrub import Scrub, fields
from tracelens.wording import words

NATIVE = ("message_tracking", "smtp_receive", "smtp_send")
KEPT_HEADERS = ("#software:", "#version:", "#log-type:", "#date:", "#fields:")
FIELD = re.compile(r'"(?:[^"]|"")*"|[^,]*')
LONGEST_ROW = 200
FOLDERS = frozenset(
    "transportroles logs log frontend hub mailbox edge protocollog smtpreceive smtpsend delivery submission "
    "messagetracking program files v14 v15 recv send txt csv".split()
)  # fmt: skip
LOG_PREFIX = re.compile(r"(?:recv|send|msgtrk(?:ma|md|ms|m)?)\d*", re.IGNORECASE)
Change = Mapping[str, Callable[[str], str]]
WIDTHS = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}


@dataclass
class Done:
    """What was written.

    Attributes:
        files: Files written: original and copy.
        rows: Rows whose fields were replaced one by one.
        odd_lines: Lines that are no rows, with every word replaced.
        skipped: Files left out, with the reason.
    """

    files: list[tuple[Path, Path]] = field(default_factory=list)
    rows: int = 0
    odd_lines: int = 0
    skipped: list[tuple[Path, str]] = field(default_factory=list)


def disguise(paths: Sequence[Path], out: Path, scrub: Scrub) -> Done:
    """Copies the logs of the paths to a new folder with their names replaced; other files are left out.

    Raises:
        InputError: A path does not exist.
        UsageError: The folder is not empty or holds the logs, or two files would become one.
    """
    out = out.absolute()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"'{out}' is not an empty folder", hint="name a new one with --out")
    for given in paths:
        if out == Path(given).absolute() or Path(given).absolute() in out.parents:
            raise UsageError(f"'{out}' is inside '{given}'", hint="write to a folder beside the logs")
    done = Done()
    taken: dict[Path, Path] = {}
    change = fields(scrub)
    plan: list[tuple[LogFile, Path]] = []
    for given in paths:
        found, unlisted = walk([given])
        done.skipped += [(Path(error.filename), f"cannot be listed: {error.strerror}") for error in unlisted]
        for path in found:
            log_file = recognise(path)
            if why := unfit(log_file):
                done.skipped.append((path, why))
                continue
            target = out / place(path, Path(given).absolute(), scrub)
            if taken.setdefault(target, path) != path:
                raise UsageError(
                    f"'{path}' and '{taken[target]}' would both become '{target}'", hint="give one path at a time"
                )
            plan.append((log_file, target))
    for log_file, target in {str(entry[0].path): entry for entry in plan}.values():
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            copy(log_file, target, scrub, change, done)
        except UnicodeDecodeError as error:
            target.unlink()
            done.skipped.append((log_file.path, f"cannot be read as {error.encoding}: {error.reason}"))
            continue
        done.files.append((log_file.path, target))
    return done


def unfit(log_file: LogFile) -> str:
    """Gives why a file is left out, empty when it is not."""
    if is_archive(log_file.path):
        return "an archive: unpack it first"
    if log_file.format is None:
        return log_file.reason or "not an Exchange transport log"
    return "" if log_file.format.name in NATIVE else f"another log: {log_file.format.name}"


def place(path: Path, given: Path, scrub: Scrub) -> Path:
    """Gives where a file goes below the new folder: from the given path on, or from the folder of its server."""
    parts = path.parts
    lower = [part.lower() for part in parts]
    root = len(given.parts) if given != path else len(parts) - 1
    server_at = -1
    if (server := folder_server(path)) is not None:
        above = range(lower.index("transportroles") - 1, -1, -1)
        server_at = next(at for at in above if parts[at].split(".")[0].upper() == server)
        root = min(root, server_at)
    if "protocollog" in lower[:-1]:
        root = min(root, max(lower.index("protocollog") - 1, 1))
    return Path(
        *(
            scrub.tokens.host(part) if at == server_at else named(part, scrub)
            for at, part in enumerate(parts)
            if at >= root
        )
    )


def named(part: str, scrub: Scrub) -> str:
    """Gives the name of a file or folder with the words that are not those of Exchange replaced."""
    if LOG_NAME.match(part):
        return part
    known = words() | FOLDERS

    def kept(word: str) -> bool:
        return word.isdigit() or len(word) < 2 or word.lower() in known or bool(LOG_PREFIX.fullmatch(word))

    pieces = re.split(r"([\W_]+)", part)
    return "".join(piece if at % 2 or kept(piece) else scrub.tokens.label(piece) for at, piece in enumerate(pieces))


def copy(log_file: LogFile, target: Path, scrub: Scrub, change: Change, done: Done) -> None:
    """Writes one log with its names replaced.

    Raises:
        OSError: A file cannot be read or written.
        UnicodeDecodeError: It is not in the encoding that it begins in.
    """
    described = log_file.format
    assert described is not None
    pages = Pages(described, scrub, change, done)
    with log_file.path.open("rb") as stream, target.open("xb") as result:
        head = stream.read(CHUNK_BYTES)
        name, _ = encoding(head)
        has_feeds = b"\n" in head or b"\r" not in head  # as the reader of logs judges it
        stream.seek(0)
        if name == "utf-8" and has_feeds:
            for piece in pages.changed(line.decode("utf-8", "surrogateescape") for line in stream):
                result.write(piece.encode("utf-8", "surrogateescape"))
            return
        # all others are rare and read whole: a line feed is not one byte there, or ends no line
        content = stream.read()
        whole = len(content) - len(content) % WIDTHS.get(name, 1)
        keep = "surrogateescape" if name == "utf-8" else "surrogatepass"
        text = content[:whole].decode(name, keep)
        end = "\n" if "\n" in text else "\r"
        for piece in pages.changed(iter(re.findall(f"[^{end}]*{end}|[^{end}]+$", text))):
            result.write(piece.encode(name, keep))
        result.write(content[whole:])


class Pages:
    """Changes the lines of one file."""

    def __init__(self, described: LogFormat, scrub: Scrub, change: Change, done: Done) -> None:
        self._described = described
        self._scrub = scrub
        self._done = done
        self._change = change
        self._names: tuple[str, ...] = ()

    def changed(self, lines: Iterator[str]) -> Iterator[str]:
        """Gives the lines with names replaced, each with its own end."""
        ahead: deque[str] = deque()
        first = True
        while line := ahead.popleft() if ahead else next(lines, ""):
            bom = "\ufeff" if first and line.startswith("\ufeff") else ""
            first = False
            body, end = ended(line[len(bom) :])
            if body.startswith("#"):
                yield bom + self._header(body) + end
                continue
            if not body.strip():
                yield line
                continue
            new = self._row(body)
            if new is None and body.count('"') % 2 and is_row(body):
                while len(ahead) < LONGEST_ROW - 1 and (more := next(lines, "")):
                    ahead.append(more)
                new, end = self._continued(line, end, ahead)
            if new is None:
                self._done.odd_lines += 1
                new = self._odd(body)
            else:
                self._done.rows += 1
            yield bom + new + end

    def _header(self, body: str) -> str:
        key = body.partition(":")[0].lower() + ":"
        if key == "#fields:":
            names = tuple(name.strip().lower() for name in body.partition(":")[2].split(",") if name.strip())
            if names[:1] == ("date-time",):
                self._names = names
        return body if key in KEPT_HEADERS else self._scrub.strict(body)

    def _row(self, body: str) -> str | None:
        if not is_row(body) or not WELL_FORMED.fullmatch(body):
            return None
        return self._replaced(body)

    def _replaced(self, body: str) -> str | None:
        """Replaces field by field; None where the row has not the columns of its header."""
        parts = split(body)
        if not self._names:
            known = self._described.generations
            self._names = next((names for names in known if len(names) == len(parts)), ())
        names = self._names
        if len(parts) != len(names):
            return None
        values = {name: unquoted(part) for name, part in zip(names, parts, strict=True)}
        new = []
        for name, part in zip(names, parts, strict=True):
            value = values[name]
            if not value:
                new.append(part)
                continue
            if name == "data":
                made = self._scrub.said(value, values.get("context", ""))
            else:
                made = self._change.get(name, self._scrub.text)(value)
            new.append('"' + made.replace('"', '""') + '"' if part.startswith('"') else made)
        return ",".join(new)

    def _continued(self, line: str, end: str, ahead: deque[str]) -> tuple[str | None, str]:
        """Takes a row with line breaks inside quotes; the lines it uses leave `ahead`."""
        raw = [text.rstrip("\n").encode("utf-8", "surrogateescape") for text in (line, *ahead)]
        row, used = join_continuation(raw, 0, len(self._names))
        if row is None:
            return None, end
        body, last_end = ended("".join([line, *(ahead[at] for at in range(used - 1))]))
        new = self._replaced(body)
        if new is None:
            return None, end
        for _ in range(used - 1):
            ahead.popleft()
        return new, last_end

    def _odd(self, body: str) -> str:
        found = STARTS_ROW.match(body.encode("utf-8", "surrogateescape"))
        start = found.end() if found else 0
        return body[:start] + self._scrub.strict(body[start:])


def is_row(body: str) -> bool:
    """Tells whether a line begins as a row does."""
    return STARTS_ROW.match(body[:64].encode("utf-8", "surrogateescape")) is not None


def ended(line: str) -> tuple[str, str]:
    """Gives a line and its end, apart."""
    body = line.rstrip("\n")
    body = body.rstrip("\r")
    return body, line[len(body) :]


def split(body: str) -> list[str]:
    """Gives the fields of a well-formed row as they are written, quotes and all."""
    parts, at = [], 0
    while True:
        found = FIELD.match(body, at)
        assert found is not None
        parts.append(found.group())
        at = found.end()
        if at >= len(body):
            return parts
        at += 1
        if at == len(body):
            return [*parts, ""]


def unquoted(part: str) -> str:
    """Gives the value of a field as it is written."""
    return part[1:-1].replace('""', '"') if len(part) > 1 and part.startswith('"') else part
