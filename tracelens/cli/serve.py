"""`tracelens serve`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tracelens.admission import login
from tracelens.cli.shared import chosen, store_option
from tracelens.errors import TracelensError, UsageError


@click.command()
@store_option
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True, help="Port.")
@click.option(
    "--address",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; other than loopback it asks for a login: set TRACELENS_PASSWORD.",
)
def serve(store: Path | None, port: int, address: str) -> None:
    """Show the dashboard on 127.0.0.1."""
    run_dashboard(chosen(store), port, address)


def run_dashboard(store: Path, port: int = 8501, address: str = "127.0.0.1") -> None:
    """Runs the dashboard until it is stopped.

    Raises:
        UsageError: Streamlit is not installed, or others could reach the address without a login.
    """
    import importlib.util
    import os
    import signal
    import subprocess

    if importlib.util.find_spec("streamlit") is None:
        raise UsageError("the dashboard is not installed", hint="pip install 'tracelens[ui]'")
    login(address)
    script = Path(__file__).parents[1] / "dashboard" / "start" / "app.py"
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    options = {
        "server.address": address,
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "server.showEmailPrompt": "false",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": "false",
        "theme.baseFontSize": "14",
        "theme.light.primaryColor": "#1f6f8b",
        "theme.dark.primaryColor": "#5fb3cf",
    }
    for name, value in options.items():
        command += [f"--{name}", value]
    click.echo(
        f"dashboard of {store} on http://{f'[{address}]' if ':' in address else address}:{port} (stop it with Ctrl+C)",
        err=True,
    )
    environment = os.environ | {"TRACELENS_STORE": str(store.absolute())}
    with subprocess.Popen(command, env=environment) as server:
        was = signal.signal(signal.SIGTERM, lambda *_: server.terminate())  # else Streamlit would go on without us
        try:
            code = server.wait()
        finally:
            server.terminate()
            signal.signal(signal.SIGTERM, was)
    if code:
        raise TracelensError(
            f"the dashboard ended with code {code}", hint=f"is port {port} in use? choose another with --port"
        )
