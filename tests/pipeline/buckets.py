"""Object storage for tests, on loopback: a small server that speaks S3, with credentials and folders as markers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from localbucket import S3Error, S3Handler

KEY, SECRET, BUCKET = "AKIAEXAMPLE", "made-up", "mail"


class Bucket:
    """A bucket that is served.

    Attributes:
        folder: Where the server keeps its objects.
        asked: Method and key of each request that was answered.
        most_reads: Reads of segments that are answered; further ones fail.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder / BUCKET
        self.port = port
        self.asked: list[tuple[str, str]] = []
        self.most_reads: int | None = None

    def uri(self, prefix: str = "lake", key: str = KEY) -> str:
        return f"s3://{key}:{SECRET}@{BUCKET}/{prefix}?endpoint_override=127.0.0.1:{self.port}&scheme=http"

    def segments_read(self) -> list[str]:
        return [key for method, key in self.asked if method == "GET" and "/segments/" in key]

    def is_read_enough(self) -> bool:
        return self.most_reads is not None and len(self.segments_read()) >= self.most_reads


@contextmanager
def bucket(folder: Path) -> Iterator[Bucket]:
    """Serves an empty bucket until the block ends."""

    class Handler(S3Handler):
        data_root = folder

        def log_message(self, format: str, *words: Any) -> None:
            return

        def _dispatch(self, action: Any) -> None:
            def checked(name: str, key: str) -> None:
                if f"Credential={KEY}/" not in self.headers.get("Authorization", ""):
                    self._read_body()
                    raise S3Error(HTTPStatus.FORBIDDEN, "InvalidAccessKeyId", "The access key does not exist.")
                if self.command == "GET" and "/segments/" in key and served.is_read_enough():
                    raise S3Error(HTTPStatus.FORBIDDEN, "AccessDenied", "Access denied.")
                served.asked.append((self.command, key))
                if self.command == "PUT" and key.endswith("/"):  # the marker of a folder, which is one on disk
                    self._read_body()
                    self._send(HTTPStatus.OK, headers={"ETag": '"0"'})
                else:
                    action(name, key)

            super()._dispatch(checked)

    (folder / BUCKET).mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served = Bucket(folder, server.server_port)
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
