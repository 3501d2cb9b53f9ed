#!/usr/bin/env python3
"""Medians of first paint and of a filter change for each page of the dashboard, in a real browser.

    python benchmarks/dashboard.py --store STORE [--runs 5] [--page relay]

First paint: from the address to the page's title with its script done, in a new visit each time; the store's answers
are cached from the second visit on, so the first is told apart. Filter change: the choice of a server, to the page
drawn anew, each time another server or none. The bars are 2 s and 1 s on a store of 10 GB of logs. Beside them, where
the system tells, stands the CPU time of the dashboard's own process for a visit and for a change: on a machine with
other work, the clock tells mostly of that.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from tracelens import query  # noqa: E402
from tracelens.dashboard import page_files, page_title  # noqa: E402

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGS = "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-sync --no-first-run".split()
PATIENCE_MS = 120_000
PAINT_BAR_S, CHANGE_BAR_S = 2.0, 1.0
SETTLED_MS = 1500
DRAWN = """title => [...document.querySelectorAll("h1, h2, h3")].some(part => part.innerText === title)
    && document.querySelector("[data-testid=stApp]").dataset.testScriptState === "notRunning\""""
WATCH = """() => {
    const app = document.querySelector("[data-testid=stApp]");
    let isRunning = false;
    window.began = window.ended = 0;
    addEventListener("click", () => { window.began ||= performance.now(); }, {capture: true, once: true});
    new MutationObserver(() => {
        const state = app.dataset.testScriptState;
        if (state === "running") isRunning = true;
        else if (isRunning && window.began) window.ended = performance.now();
    }).observe(app, {attributes: true, attributeFilter: ["data-test-script-state"]});
}"""


def serve(store: Path) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true", "--server.fileWatcherType", "none"]
    environment = os.environ | {"TRACELENS_STORE": str(store.absolute())}
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return server, address
        except OSError:
            time.sleep(0.1)
    server.terminate()
    raise SystemExit("the dashboard does not answer")


def cpu_s(server: subprocess.Popen[bytes]) -> float:
    """Gives the CPU time of the dashboard's process so far; 0 where the system does not tell."""
    told = Path(f"/proc/{server.pid}/stat")
    if not told.exists():
        return 0.0
    user, system = told.read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def drawn(page: Page, title: str) -> None:
    """Waits for the title and until the script has run; looked at each frame, as Playwright's own looks come rarer and rarer."""
    page.wait_for_function(DRAWN, arg=title, polling="raf", timeout=PATIENCE_MS)


def paint(browser: Browser, address: str, title: str) -> float:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    began = time.monotonic()
    page.goto(address)
    drawn(page, title)
    spent = time.monotonic() - began
    page.close()
    return spent


def changes(browser: Browser, address: str, title: str, servers: list[str], runs: int) -> list[float]:
    """Chooses servers in turn in an open page, first answers included; empty where the page has no such choice."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    drawn(page, title)
    box = page.get_by_role("combobox", name="Server", exact=True)
    page.wait_for_timeout(3000)  # widgets come one by one
    spent = []
    for at in range(runs if box.count() else 0):
        box.first.click()
        option = page.get_by_role("option", name=servers[at % len(servers)], exact=True)
        option.wait_for(timeout=PATIENCE_MS)
        page.evaluate(WATCH)
        option.click()
        page.wait_for_function("() => window.ended", polling="raf", timeout=PATIENCE_MS)
        page.wait_for_timeout(SETTLED_MS)  # a choice may make the script run more than once
        spent.append(page.evaluate("() => window.ended - window.began") / 1000)
    page.close()
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--page", action="append", help="only this page; may be repeated")
    options = parser.parse_args()
    servers = query.ask(options.store, "server")["server"].to_list()
    server, root = serve(options.store)
    try:
        with sync_playwright() as tool:
            browser = tool.chromium.launch(executable_path=CHROMIUM, args=ARGS)
            paint(browser, f"{root}/ingest", "Ingest")  # the server's imports are none of a page's doing
            print(
                f"{'page':<14}{'first visit':>12}{'first paint':>12}{'CPU':>6}{'change':>9}{'CPU':>6}   bars {PAINT_BAR_S} s, {CHANGE_BAR_S} s"
            )
            for name, path in page_files().items():
                if options.page and name not in options.page:
                    continue
                title = page_title(path)
                first = paint(browser, f"{root}/{name}", title)
                began = cpu_s(server)
                others = [paint(browser, f"{root}/{name}", title) for _ in range(options.runs)]
                between = cpu_s(server)
                changed = changes(browser, f"{root}/{name}", title, servers, options.runs)
                middle = statistics.median(others)
                change = statistics.median(changed) if changed else None
                late = " late" if middle > PAINT_BAR_S or (change or 0) > CHANGE_BAR_S else ""
                painted_cpu = (between - began) / options.runs
                change_cpu = (cpu_s(server) - between) / options.runs  # with the visit before the first change
                told = f"{change:9.2f}{change_cpu:6.2f}" if change is not None else f"{'':15}"
                print(f"{name:<14}{first:12.2f}{middle:12.2f}{painted_cpu:6.2f}{told}{late}", flush=True)
            browser.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
