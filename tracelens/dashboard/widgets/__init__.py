"""Parts that several pages show. Every text from a log passes `plain` (or `markdown`) on its way to the page."""

from tracelens.dashboard.widgets.filters import choice, moment, page_number, pages, switch, text
from tracelens.dashboard.widgets.found import evidence, finding, findings, findings_of
from tracelens.dashboard.widgets.ground import coverage, extent, news
from tracelens.dashboard.widgets.links import address, go, link, open_message, open_session, tile
from tracelens.dashboard.widgets.mail import choose, gaps, hops, legs, message, messages
from tracelens.dashboard.widgets.states import empty_store, head, markdown, no_store, nothing, total_or_stop
from tracelens.dashboard.widgets.tables import columns, events, selected, table
from tracelens.dashboard.zone import local, stamp

__all__ = [
    "address",
    "choice",
    "choose",
    "columns",
    "coverage",
    "empty_store",
    "events",
    "evidence",
    "extent",
    "finding",
    "findings",
    "findings_of",
    "gaps",
    "go",
    "head",
    "hops",
    "legs",
    "link",
    "local",
    "markdown",
    "message",
    "messages",
    "moment",
    "news",
    "no_store",
    "nothing",
    "open_message",
    "open_session",
    "page_number",
    "pages",
    "selected",
    "stamp",
    "switch",
    "table",
    "text",
    "tile",
    "total_or_stop",
]
