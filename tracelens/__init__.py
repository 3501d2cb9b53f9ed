"""tracelens: Exchange transport logs as message paths with evidence."""

__version__ = "0.1.0"
