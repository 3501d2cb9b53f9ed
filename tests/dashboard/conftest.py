"""Stores for the pages: none, empty, and the sample estate."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tracelens.pipeline import ingest

ROOT = Path(__file__).parents[2]
HEADER = """#Software: Microsoft Exchange Server\r
#Version: 15.02.1118.007\r
#Log-type: SMTP Receive Protocol Log\r
#Date: 2026-03-02T06:00:00.000Z\r
#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r
"""


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that has read one log without rows, and a configuration."""
    folder = tmp_path_factory.mktemp("empty")
    logs = folder / "logs" / "EX01" / "TransportRoles" / "Logs" / "FrontEnd" / "ProtocolLog" / "SmtpReceive"
    logs.mkdir(parents=True)
    (logs / "RECV2026030206-1.LOG").write_text(HEADER, encoding="utf-8", newline="")
    domain = "Name       : All\nDomainName : *\nDomainType : ExternalRelay\nDefault    : False\n"
    (folder / "logs" / "accepted-domains.txt").write_text(domain, encoding="utf-8")
    ingest([folder / "logs"], folder / "store")
    return folder / "store"


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Shows one page over a store, with query parameters."""

    def run(store: Path, page: str, more: dict[str, str] | None = None, **query: str) -> AppTest:
        query |= more or {}
        monkeypatch.setenv("TRACELENS_STORE", str(store))
        monkeypatch.setattr(sys, "argv", ["app.py"])
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        if "zone" in query:  # belongs to the frame, which is there from the first page on
            at.query_params["zone"] = query["zone"]
        at.run()
        assert not at.exception  # the bare address, with its zone
        for name, value in query.items():
            at.query_params[name] = value
        return at.switch_page(f"tracelens/dashboard/pages/{page}.py").run()

    return run


@pytest.fixture
def show_root(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], AppTest]:
    """Shows what a visitor of the bare address sees."""

    def run(store: Path) -> AppTest:
        monkeypatch.setenv("TRACELENS_STORE", str(store))
        monkeypatch.setattr(sys, "argv", ["app.py"])
        return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()

    return run
