"""Stories in a real browser: open the sample store, search a message, see its path."""

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
from urllib.parse import urlsplit

import pytest

from tracelens import store as stores
from tracelens.pipeline import ingest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
pytestmark = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium here: apt-get install chromium")

ROOT = Path(__file__).parents[2]
ARGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the sample logs."""
    folder = tmp_path_factory.mktemp("browser") / "store"
    ingest([ROOT / "sample_logs"], folder)
    return folder


@pytest.fixture(scope="module")
def address(store: Path) -> Iterator[str]:
    """The address of a dashboard over that store."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        "--server.port",
        str(port),
        "--server.headless",
        "true",
    ]
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


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    """A browser page that may only talk to the dashboard."""
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        opened = browser.new_page(viewport={"width": 1280, "height": 900})
        opened.set_default_timeout(30_000)
        asked: set[str] = set()
        opened.on("request", lambda request: asked.add(urlsplit(request.url).hostname or ""))
        yield opened
        browser.close()
        assert asked <= {"127.0.0.1", ""}


def shot(page: Page, name: str) -> None:
    """Keeps a picture where TRACELENS_SHOTS says."""
    if folder := os.environ.get("TRACELENS_SHOTS"):
        page.set_viewport_size({"width": 1280, "height": 2000})
        page.wait_for_load_state("networkidle")
        expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
        expect(page.get_by_test_id("stAppSkeleton")).to_have_count(0)
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def heading(page: Page, name: str) -> None:
    """Waits for a heading."""
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible(timeout=30_000)


def settled(page: Page) -> None:
    """Waits until the page's script has run and no element of the run before is left."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=30_000)
    expect(page.locator('[data-stale="true"]')).to_have_count(0)


def test_from_the_overview_to_a_message_and_its_path(page: Page, address: str, store: Path) -> None:
    message = stores.ask(
        store,
        "select * from message where not is_noise and hop_count > 2 and message_id is not null order by message_key",
    ).row(0, named=True)
    page.goto(address)
    heading(page, "Overview")
    heading(page, "Coverage")
    shot(page, "overview")
    page.get_by_role("link", name="Messages").click()
    heading(page, "Messages")
    page.get_by_label("Message-ID").fill(message["message_id"])
    page.get_by_label("Message-ID").press("Enter")
    expect(page.get_by_text("1 message, newest first")).to_be_visible(timeout=30_000)
    assert "message_id=" in page.url
    settled(page)
    shot(page, "messages")
    page.get_by_test_id("stDataFrame").first.click(position={"x": 18, "y": 52})
    heading(page, "Path")
    heading(page, "Log rows")
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=30_000)
    expect(page.locator(".js-plotly-plot").first).to_contain_text(re.compile(r"1 (receive|submit)"))
    assert f"message={message['message_key']}" in page.url
    shot(page, "path")
    page.reload()
    heading(page, "Path")


@pytest.mark.parametrize(("name", "title"), [("relay", "Relay"), ("proxy", "Proxy failures"), ("overview", "Overview")])
def test_each_page_has_an_address_of_its_own(page: Page, address: str, name: str, title: str) -> None:
    page.goto(f"{address}/{name}")
    heading(page, title)
    heading(page, "Findings")
    expect(page.get_by_test_id("stException")).to_have_count(0)
    shot(page, name)


def test_a_deep_link_leads_to_the_path(page: Page, address: str, store: Path) -> None:
    key = stores.ask(store, "select message_key from message where hop_count > 2 order by message_key limit 1")[0, 0]
    page.goto(f"{address}/message?message={key}")
    heading(page, "Path")
    heading(page, "Recipients")
