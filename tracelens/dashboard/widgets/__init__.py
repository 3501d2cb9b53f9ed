"""Parts that several pages show. Every text from a log passes `plain` (or `markdown`) on its way to the page."""

from tracelens.dashboard.widgets.attack import accounts, attackers, campaigns
from tracelens.dashboard.widgets.digest import changes, told, troubles, window
from tracelens.dashboard.widgets.filters import choice, moment, page_number, pages, switch, text
from tracelens.dashboard.widgets.folds import AS_TABLE, folded
from tracelens.dashboard.widgets.found import evidence, finding, findings, findings_of
from tracelens.dashboard.widgets.ground import coverage, extent, news
from tracelens.dashboard.widgets.links import (
    address,
    go,
    link,
    open_message,
    open_session,
    release,
    seek,
    settle,
    tile,
    written,
)
from tracelens.dashboard.widgets.listing import MESSAGE_ORDERS, SESSION_ORDERS, counted, more, options, paged, slower
from tracelens.dashboard.widgets.mail import gaps, hops, legs, messages
from tracelens.dashboard.widgets.plots import bars, lines, matrix, ranks, spread
from tracelens.dashboard.widgets.states import (
    cut,
    empty_store,
    extent_or_stop,
    head,
    markdown,
    no_store,
    nothing,
    short,
)
from tracelens.dashboard.widgets.tables import Opens, columns, events, picked, selected, table
from tracelens.dashboard.widgets.talk import LOGONS, OUTCOMES, SERVICES, conversation, sessions
from tracelens.dashboard.widgets.trouble import MISSED, domains, explained, reasons, replies
from tracelens.dashboard.zone import local, stamp

__all__ = [
    "AS_TABLE",
    "LOGONS",
    "MESSAGE_ORDERS",
    "MISSED",
    "OUTCOMES",
    "SERVICES",
    "SESSION_ORDERS",
    "Opens",
    "accounts",
    "address",
    "attackers",
    "bars",
    "campaigns",
    "changes",
    "choice",
    "columns",
    "conversation",
    "counted",
    "coverage",
    "cut",
    "domains",
    "empty_store",
    "events",
    "evidence",
    "explained",
    "extent",
    "extent_or_stop",
    "finding",
    "findings",
    "findings_of",
    "folded",
    "gaps",
    "go",
    "head",
    "hops",
    "legs",
    "lines",
    "link",
    "local",
    "markdown",
    "matrix",
    "messages",
    "moment",
    "more",
    "news",
    "no_store",
    "nothing",
    "open_message",
    "open_session",
    "options",
    "page_number",
    "paged",
    "pages",
    "picked",
    "ranks",
    "reasons",
    "release",
    "replies",
    "seek",
    "selected",
    "sessions",
    "settle",
    "short",
    "slower",
    "spread",
    "stamp",
    "switch",
    "table",
    "text",
    "tile",
    "told",
    "troubles",
    "window",
    "written",
]
