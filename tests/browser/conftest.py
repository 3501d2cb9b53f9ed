"""One dashboard over the sample store, one browser, and a reader who counts clicks."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tracelens.pipeline import ingest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ROOT = Path(__file__).parents[2]
PATIENCE_MS = 30_000
ROW_HEIGHT = 35
ARGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the sample logs, for the browser alone: stories add to it."""
    folder = tmp_path_factory.mktemp("browser") / "store"
    ingest([ROOT / "sample_logs"], folder, workers=1)
    return folder


@pytest.fixture(scope="session")
def address(store: Path) -> Iterator[str]:
    """The address of a dashboard over that store."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {"port": str(port), "address": "127.0.0.1", "headless": "true", "fileWatcherType": "none"}
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    for name, value in options.items():
        command += [f"--server.{name}", value]
    environment = os.environ | {"TRACELENS_STORE": str(store), "PYTHONWARNINGS": ""}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            wait_until_healthy(server, f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def wait_until_healthy(server: subprocess.Popen[bytes], address: str) -> None:
    """Waits until the dashboard answers its health page."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, "streamlit has ended"
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the dashboard does not answer")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    tool = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not Path(CHROMIUM).exists():
        pytest.skip("no Chromium here: apt-get install chromium")
    with tool.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield opened
        opened.close()


class Reader:
    """Somebody at the dashboard who counts how often they click or press Enter."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address, self.clicks = page, address, 0

    def open(self, path: str, title: str) -> None:
        """Opens an address."""
        self.page.goto(f"{self.address}/{path}")
        self.sees(title)

    def sees(self, heading: str) -> None:
        """Waits for a heading, and until the page is drawn."""
        self.page.get_by_role("heading", name=heading, exact=True).first.wait_for(timeout=PATIENCE_MS)
        self.page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=PATIENCE_MS)

    def click(self, what: Locator) -> None:
        """Clicks once."""
        what.click()
        self.clicks += 1

    def goes(self, link: str, heading: str) -> None:
        """Clicks a link; sees where it leads."""
        self.click(self.page.get_by_role("link", name=link).first)
        self.sees(heading)

    def turns(self, text: str) -> None:
        """Clicks a text that opens another view of the page."""
        self.click(self.page.get_by_role("button", name=text).first)

    def tab(self, name: str) -> None:
        """Clicks a tab."""
        self.click(self.page.get_by_role("tab", name=name, exact=True))

    def types(self, label: str, text: str) -> None:
        """Types a text and presses Enter."""
        box = self.page.get_by_label(label)
        box.fill(text)
        box.press("Enter")
        self.clicks += 1

    def picks(self, key: str, row: int = 0) -> None:
        """Selects a row of the table of that key."""
        table = self.page.locator(f".st-key-{key}").get_by_test_id("stDataFrame")
        table.wait_for(timeout=PATIENCE_MS)
        self.click_cell(table, 18, row)

    def click_cell(self, table: Locator, x: int, row: int) -> None:
        """Clicks into a row of a table, that many pixels from its left."""
        table.click(position={"x": x, "y": 52 + ROW_HEIGHT * row})
        self.clicks += 1

    def cells(self, text: str) -> Locator:
        """Gives the cells of tables that hold exactly a text; they stand in a table's canvas, for readers of screens."""
        return self.page.locator("td[role=gridcell]", has_text=re.compile(f"^{re.escape(text)}$"))


@pytest.fixture(scope="session")
def profile(browser: Browser) -> Iterator[BrowserContext]:
    """One profile for all stories: its cache spares each of them the loading of Streamlit."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def reader(profile: BrowserContext, address: str) -> Iterator[Reader]:
    """A reader whose browser may only talk to the dashboard, and who must not meet an error."""
    page = profile.new_page()
    page.set_default_timeout(PATIENCE_MS)
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).hostname or ""))
    yield Reader(page, address)
    assert page.get_by_test_id("stException").count() == 0
    page.close()
    assert asked <= {"127.0.0.1", ""}
