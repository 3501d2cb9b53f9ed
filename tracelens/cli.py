"""The command line: `tracelens …`. Results go to stdout, talk to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tracelens import __version__
from tracelens.errors import InputError, QueryError, TracelensError, UsageError

if TYPE_CHECKING:
    import polars as pl

    from tracelens.pipeline import Account

FORMATS = ("table", "csv", "json", "jsonl", "parquet")
SEVERITIES = ("info", "low", "medium", "high", "critical")
Command = TypeVar("Command", bound=Callable[..., Any])


class Group(click.Group):
    """Turns errors of tracelens into one line on stderr and their exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except TracelensError as error:
            click.echo(f"tracelens: {error}", err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("tracelens: interrupted; the store shows its last published state", err=True)
            ctx.exit(130)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def main() -> None:
    """Where a message went, who refused it, who relays, why proxying fails: from Exchange logs."""


def store_option(command: Command) -> Command:
    """Adds --store."""
    text = "Folder of the store; else TRACELENS_STORE, else ./tracelens-store."
    return click.option("--store", type=click.Path(path_type=Path), default=None, help=text)(command)


def format_option(command: Command) -> Command:
    """Adds --format."""
    text = "Form of the result."
    return click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help=text)(
        command
    )


def chosen(store: Path | None) -> Path:
    """Gives the store to use."""
    from tracelens.config import setting

    return store or Path(setting("store"))


def put(result: bytes | str) -> None:
    """Writes a result to stdout as it is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(result.encode() if isinstance(result, str) else result)
    sys.stdout.buffer.flush()


def put_frame(frame: pl.DataFrame, form: str) -> None:
    """Writes a frame to stdout."""
    from tracelens.render import FORMATS as WRITERS

    put(WRITERS[form](frame))


def cut(shown: int, count: int, option: str) -> None:
    """Says on stderr that a result is cut."""
    if shown < count:
        click.echo(f"showing {shown:,} of {count:,}; more with {option}", err=True)


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@store_option
@click.option("--server", help="Server of files whose folders do not say it.")
@click.option(
    "--service",
    type=click.Choice(["frontend", "hub", "delivery", "submission", "edge"]),
    help="Service of SMTP logs whose folders do not say it.",
)
@click.option("--memory-limit", help="Memory limit of DuckDB while building, e.g. 512MB.")
@click.option("--workers", type=click.IntRange(1, 64), help="Reading processes; else the number of cores.")
@click.option(
    "--wait", type=click.FloatRange(0), default=60, show_default=True, help="Seconds to wait for another ingest."
)
@click.option(
    "--rules", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Folder with further rules."
)
@click.option("--verbose", is_flag=True, help="List every skipped file.")
@format_option
def ingest(
    paths: tuple[Path, ...],
    store: Path | None,
    server: str | None,
    service: str | None,
    memory_limit: str | None,
    workers: int | None,
    wait: float,
    rules: Path | None,
    verbose: bool,
    form: str,
) -> None:
    """Read log files and folders into the store."""
    account = run_ingest(
        paths,
        chosen(store),
        server=server,
        service=service,
        memory_limit=memory_limit,
        workers=workers,
        wait_s=wait,
        rules=rules,
    )
    if form == "table":
        put_account(account, chosen(store), verbose)
        return
    import polars as pl

    put_frame(pl.from_dicts(account.kinds) if account.kinds else pl.DataFrame(), form)


def run_ingest(paths: tuple[Path, ...], store: Path, *, rules: Path | None = None, **options: Any) -> Account:
    """Reads logs with progress on stderr."""
    from tracelens.config import rule_params, setting
    from tracelens.pipeline import ingest as read_in
    from tracelens.progress import shown

    options["memory_limit"] = options.get("memory_limit") or setting("memory_limit")
    workers = options.get("workers") or setting("workers")
    options["workers"] = int(workers) if workers else None
    folder = rules or setting("rules")
    with shown() as tell:
        return read_in(
            paths,
            store,
            rule_dirs=[Path(folder)] if folder else [],
            rule_params=rule_params(),
            on_progress=tell,
            **options,
        )


def put_account(account: Account, store: Path, verbose: bool = False) -> None:
    """Writes the closing account of an ingest."""
    from tracelens.story import account_text

    put(account_text(account.kinds, account.skipped, account.failed, verbose))
    news = f"{account.new_files} files read, {account.known_files} known" if account.new_files else "nothing new"
    put(f"{news}; store {store}, generation {account.generation}, {account.seconds:.1f} s\n")


@main.command()
@click.argument("message_id", required=False, default="")
@click.option("--network-message-id", default="", help="Network message-id (GUID) of one copy.")
@click.option("--sender", default="", help="Part of the sender's address.")
@click.option("--recipient", default="", help="Part of a recipient's address.")
@click.option("--subject", default="", help="Part of the subject.")
@click.option("--since", type=click.DateTime(), help="Not before this UTC time.")
@click.option("--until", type=click.DateTime(), help="Before this UTC time.")
@click.option("--noise", is_flag=True, help="Health probes too.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Longest list to choose from.")
@click.option("--raw", is_flag=True, help="Print the log rows behind the hops, with file and line.")
@store_option
@format_option
def trace(
    message_id: str,
    network_message_id: str,
    sender: str,
    recipient: str,
    subject: str,
    since: datetime | None,
    until: datetime | None,
    noise: bool,
    limit: int,
    raw: bool,
    store: Path | None,
    form: str,
) -> None:
    """Show the path of one message; several that match: a list to choose from.

    MESSAGE_ID may be a part of it, a network message-id or a message_key.
    """
    from tracelens import query, render, story

    folder = chosen(store)
    if not any((message_id, network_message_id, sender, recipient, subject, since, until)):
        raise UsageError("nothing to look for", hint="give a message-id, --sender, --recipient, --subject or --since")
    texts = {
        "message_id": network_message_id or message_id,
        "sender": sender,
        "recipient": recipient,
        "subject": subject,
    }
    found = query.search(folder, **texts, since=since, until=until, noise=noise or bool(message_id), limit=limit)
    if found.is_empty():
        raise QueryError("no message matches", str(folder), not_found_hint(folder))
    if found.height > 1:
        columns = [
            "first_at",
            "status",
            "sender_address",
            "recipient_count",
            "hop_count",
            "message_subject",
            "message_key",
        ]
        put_frame(found.select(columns) if form == "table" else found.drop("found_count"), form)
        count = found["found_count"][0]
        cut(found.height, count, "--limit")
        click.echo(f"{count:,} messages match; choose one: tracelens trace MESSAGE_KEY", err=True)
        return
    path = query.path(folder, found["message_key"][0], with_rows=raw)
    if form == "table":
        put(
            story.path_text(
                path, f"tracelens trace {quoted(path.message['message_key'])} --raw --store {quoted(str(folder))}"
            )
        )
    elif form == "json":
        put(render.dump({name: getattr(path, name) for name in ("message", "hops", "legs", "gaps", "rows")}))
    else:
        put_frame(query.ask(folder, "hop", message=path.message["message_key"]), form)


def not_found_hint(folder: Path) -> str:
    """Says what the store covers, so that `not found` can be judged."""
    from tracelens import query

    held = query.ask(folder, "holding")
    if held.is_empty():
        return "the store holds no rows"
    first, last = min(held["first_hour"].to_list()), max(held["last_hour"].to_list())
    servers = ", ".join(sorted(set(held["server"].to_list())))
    return f"the store holds {first} to {last} UTC of {servers}; what it covers: tracelens status"


def quoted(text: str) -> str:
    """Gives a text as one word of a command line."""
    import shlex

    return shlex.quote(text)


@main.command()
@click.argument("key")
@click.option(
    "--silence",
    type=click.FloatRange(0),
    default=5,
    show_default=True,
    help="Mark silences of at least this many seconds.",
)
@store_option
@format_option
def session(key: str, silence: float, store: Path | None, form: str) -> None:
    """Show one SMTP conversation, by session_key or session-id."""
    from tracelens import query, story

    found, rows = query.conversation(chosen(store), key)
    if form == "table":
        put(story.conversation_text(found, rows, int(silence * 1000)))
        return
    put_frame(query.ask(chosen(store), "conversation", key=found["session_key"]), form)


@main.command()
@click.option("--class", "class_", default="", help="Only this class: relay, proxy, ...")
@click.option("--rule", default="", help="Only this rule.")
@click.option(
    "--severity", type=click.Choice(SEVERITIES), default="info", show_default=True, help="From this severity up."
)
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="At most this many.")
@store_option
@format_option
def findings(class_: str, rule: str, severity: str, limit: int, store: Path | None, form: str) -> None:
    """Show what is wrong, with what to rule out and what to do."""
    from tracelens import query, story

    folder = chosen(store)
    found = query.ask(folder, "finding", severity=severity, limit=limit + 1, rule=rule, kind=class_)
    cut(limit, found.height, "--limit")
    found = found.head(limit)
    if form == "table":
        put(story.finding_text(found.to_dicts(), query.ask(folder, "rule_run").to_dicts()))
        return
    put_frame(found, form)


@main.command()
@store_option
@format_option
def rules(store: Path | None, form: str) -> None:
    """Show what was asked of the logs, what was found, and what could not be asked."""
    from tracelens import query

    put_frame(query.ask(chosen(store), "rule"), form)


@main.command()
@click.argument("query_text", metavar="QUERY")
@click.option(
    "--timeout", type=click.FloatRange(0.1), default=300, show_default=True, help="Seconds before it is stopped."
)
@store_option
@format_option
def sql(query_text: str, timeout: float, store: Path | None, form: str) -> None:
    """Answer one SELECT on the locked store; QUERY `-` is read from stdin."""
    from tracelens.store import ask

    text = sys.stdin.read() if query_text == "-" else query_text
    put_frame(ask(chosen(store), text, timeout_s=timeout), form)


@main.command()
@click.argument("table", required=False, default="")
@store_option
@format_option
def schema(table: str, store: Path | None, form: str) -> None:
    """Describe the tables of the store, or the columns of one."""
    from tracelens import query

    found = query.describe(chosen(store), table)
    if form == "table" and not table:
        found = found.group_by("table_name", "table_doc", maintain_order=True).agg(
            found["column_name"].alias("columns")
        )
        put_frame(found.with_columns(columns=found["columns"].list.join(", ")), form)
        return
    put_frame(found.drop("table_doc", "table_name") if form == "table" else found, form)


@main.command()
@click.option("--rejects", is_flag=True, help="List lines that could not be read.")
@click.option("--files", is_flag=True, help="List files left out, unfinished or with rejects.")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="At most this many rows.")
@store_option
@format_option
def status(rejects: bool, files: bool, limit: int, store: Path | None, form: str) -> None:
    """Show coverage, ledger and rejects."""
    from tracelens import query

    folder = chosen(store)
    if rejects or files:
        found = query.ask(folder, "reject" if rejects else "log_file", limit=limit + 1)
        cut(limit, found.height, "--limit")
        put_frame(found.head(limit), form)
        return
    held = query.ask(folder, "holding")
    if form != "table":
        put_frame(held, form)
        return
    put(f"Store {folder}\n\nLedger\n")
    put_frame(query.ask(folder, "account"), form)
    put("\nCoverage (hours with rows per server and log; no rows may mean no log or no traffic)\n")
    put_frame(held, form)


@main.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="New folder to write to.")
@click.option("--messages", type=click.IntRange(1), default=1000, show_default=True, help="Messages that come in.")
@click.option("--servers", type=click.IntRange(1, 40), default=2, show_default=True, help="Exchange servers.")
@click.option("--days", type=click.IntRange(1), default=1, show_default=True, help="Days.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option("--start", default="2026-03-02", show_default=True, help="First day.")
@click.option(
    "--version",
    "release",
    type=click.Choice(["2013", "2016", "2019", "SE"]),
    default="2019",
    show_default=True,
    help="Exchange version.",
)
@click.option(
    "--hours", type=(int, int), default=(6, 20), show_default=True, help="First and last hour of the working day."
)
@click.option("--no-troubles", is_flag=True, help="Plant no troubles.")
def simulate(
    out: Path,
    messages: int,
    servers: int,
    days: int,
    seed: int,
    start: str,
    release: str,
    hours: tuple[int, int],
    no_troubles: bool,
) -> None:
    """Write the logs of a made-up estate, and truth.parquet beside them."""
    from tracelens.simulate import simulate as write

    done = write(out, messages, servers, days, seed, start, not no_troubles, release, hours)
    put(f"{done.files} files, {done.rows:,} rows, {done.bytes:,} bytes in {out}\n")
    put(f"truth.parquet: {done.hops:,} hops, {done.legs:,} legs, {done.troubles:,} troubles\n")


@main.command()
@store_option
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True, help="Port on loopback.")
def serve(store: Path | None, port: int) -> None:
    """Show the dashboard on 127.0.0.1."""
    run_dashboard(chosen(store), port)


def run_dashboard(store: Path, port: int = 8501) -> None:
    """Runs the dashboard until it is stopped."""
    import importlib.util
    import os
    import subprocess

    if importlib.util.find_spec("streamlit") is None:
        raise UsageError("the dashboard is not installed", hint="pip install 'tracelens[ui]'")
    command = [sys.executable, "-m", "streamlit", "run", str(Path(__file__).with_name("dashboard") / "app.py")]
    options = {
        "server.address": "127.0.0.1",
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "server.showEmailPrompt": "false",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
    }
    for name, value in options.items():
        command += [f"--{name}", value]
    click.echo(f"dashboard of {store} on http://127.0.0.1:{port} (stop it with Ctrl+C)", err=True)
    environment = os.environ | {"TRACELENS_STORE": str(store.absolute())}
    code = subprocess.run(command, env=environment, check=False).returncode
    if code:
        raise TracelensError(
            f"the dashboard ended with code {code}", hint=f"is port {port} in use? choose another with --port"
        )


@main.command()
@click.option(
    "--store",
    type=click.Path(path_type=Path),
    default=Path("tracelens-demo"),
    show_default=True,
    help="Folder of the store.",
)
@click.option("--serve/--no-serve", default=None, help="Open the dashboard, or do not ask.")
def demo(store: Path, serve: bool | None) -> None:
    """Read the sample logs, show the account, the findings and one path, and offer the dashboard."""
    from tracelens import query, story

    logs = samples(store)
    put(f"1. Reading the logs of a made-up estate: {logs}\n\n")
    put_account(run_ingest((logs,), store), store)
    put(f"\n2. What is wrong: tracelens findings --severity medium --store {quoted(str(store))}\n\n")
    worst = query.ask(store, "finding", kind="", rule="", severity="medium", limit=100)
    put(story.finding_text(worst.to_dicts(), query.ask(store, "rule_run").to_dicts()))
    key = query.ask(store, "showcase").to_dicts()[0]["message_key"]
    put(f"\n3. One message's path: tracelens trace {quoted(key)} --store {quoted(str(store))}\n\n")
    put(story.path_text(query.path(store, key), f"tracelens trace {quoted(key)} --raw --store {quoted(str(store))}"))
    put(f"\n4. The dashboard: tracelens serve --store {quoted(str(store))}\n")
    if serve is None and sys.stdin.isatty():
        serve = click.confirm("Open it now?", default=False, err=True)
    if serve:
        run_dashboard(store)


def samples(store: Path) -> Path:
    """Gives the sample logs: TRACELENS_SAMPLES, ./sample_logs, the checkout's; else writes some beside the store."""
    import os

    from tracelens.simulate import simulate as write

    places = [Path("sample_logs"), Path(__file__).parents[1] / "sample_logs"]
    if named := os.environ.get("TRACELENS_SAMPLES"):
        if not Path(named).is_dir():
            raise InputError("TRACELENS_SAMPLES is no folder", named)
        return Path(named)
    for place in places:
        if place.is_dir():
            return place
    made = store.with_name(store.name + "-logs")
    if not made.exists():
        write(made, messages=80, servers=2)
    return made
