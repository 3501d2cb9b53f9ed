"""Shared by the tests of the pipeline."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tracelens.detect import Rulebook, rulebook


@pytest.fixture(scope="module")
def few_rules() -> Iterator[Rulebook]:
    """Three rules in place of all, where a test is about files and stores: an ingest takes a third of the time."""
    book = rulebook()
    few = Rulebook(book.signatures, book.rules[:3])
    with pytest.MonkeyPatch.context() as patch:
        for name in ("tracelens.pipeline.rulebook", "tracelens.lakeside.rulebook", "tracelens.detect.rulebook"):
            patch.setattr(name, lambda *_: few)
        yield few
