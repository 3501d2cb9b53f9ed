"""What the store holds, where it is silent, what could not be read or asked: what these logs cannot tell."""

from __future__ import annotations

from tracelens.agreement import count
from tracelens.report.parts import Figure, Report, Section, are, over_time, wide
from tracelens.report.scope import LOGS, Scope, minute

MOST = 200


def build(scope: Scope) -> Report:
    """Gives the report."""
    import polars as pl

    held = scope.ask("report_coverage")
    silent = scope.ask("report_coverage_silence", limit=MOST)
    over = scope.ask("report_coverage_time")
    files, rejects, unasked = scope.ask("log_file", limit=MOST), scope.ask("reject", limit=MOST), scope.ask("rule_run")
    servers = sorted(set(held["server"].to_list()))
    missing = [
        f"{LOGS[log]} of {server}"
        for server in servers
        for log in LOGS
        if held.filter((pl.col("server") == server) & (pl.col("log") == log)).is_empty()
    ]
    rows = int(held["rows"].sum())
    sentences = [f"{count(rows, 'row')} of {count(len(servers), 'server')} in {count(scope.hours, 'hour')}."]
    if missing:
        sentences.append(f"Missing altogether: {', '.join(missing)}.")
    if silent.height:
        worst = silent.row(0, named=True)
        sentences.append(
            f"Longest silence: {worst['server']} {worst['service']} {LOGS[worst['log']]},"
            f" {count(worst['hours'], 'hour')} from {minute(worst['silent_from'])} UTC."
        )
    sentences.append(
        f"{count(rejects.height, 'line')}{' or more' if rejects.height == MOST else ''} could not be read,"
        f" {count(files.height, 'file')} {are(files.height)} not whole or foreign."
    )
    if unasked.height:
        sentences.append(
            f"{count(unasked.height, 'rule')} could not be evaluated: their answer is not 'nothing found'."
        )
    sections = [
        Section(
            "Hours with rows",
            held.with_columns((pl.col("hours") / scope.hours).alias("hours_share")),
            key=("log", "server", "service"),
            measure="rows",
        ),
        Section("Rows over time", wide(over), over_time(over, "bars")),
        Section(
            "Silences",
            silent,
            note="No row between two hours with rows: nothing happened, logging was off, or files are missing.",
        ),
        Section("Files not read to the end, foreign, or with rejects", files, note="Of the whole store."),
        Section("Lines that could not be read", rejects, note="Of the whole store."),
        Section("Rules not evaluated", unasked.select("rule_id", "missing"), note="Of the whole store."),
    ]
    figures = [Figure("rows", rows), Figure("servers", len(servers)), Figure("silences", silent.height)]
    return scope.report("Coverage", sentences, sections, tuple(LOGS), figures=figures)
