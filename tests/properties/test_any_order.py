"""Logs that come in pieces, in any order, half-written at times, give the store that they give when read at once."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pipeline.stores import an_hour, differences
from tracelens import store
from tracelens.errors import InputError
from tracelens.pipeline import ingest

pytestmark = pytest.mark.usefixtures("few_rules")


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return an_hour(tmp_path_factory.mktemp("estate"))


@pytest.mark.slow
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_logs_that_come_in_pieces_and_in_any_order_give_the_store_of_one_reading(
    estate: Path, data: st.DataObject
) -> None:
    whole = {path.relative_to(estate): path.read_bytes() for path in sorted(estate.rglob("*.LOG"))}
    names = list(whole)
    with tempfile.TemporaryDirectory() as place:
        logs, grown = Path(place) / "logs", Path(place) / "grown"
        there = dict.fromkeys(names, 0)
        for last in [False] * data.draw(st.integers(1, 2), "readings before the last") + [True]:
            for name in names:
                # a log that has begun grows by any number of bytes, to the middle of a line as well
                part = len(whole[name]) if last else data.draw(st.integers(there[name], len(whole[name])), str(name))
                if part > there[name]:
                    (logs / name).parent.mkdir(parents=True, exist_ok=True)
                    (logs / name).write_bytes(whole[name][:part])
                    there[name] = part
            order = data.draw(st.permutations([name for name in names if there[name]]), "order")
            try:
                ingest([logs / name for name in order], grown, workers=1)
            except InputError:
                assert not last
        ingest([logs], Path(place) / "once", workers=1)
        assert store.ask(grown, "select count(*) from message").item() > 0
        assert differences(grown, Path(place) / "once") == {}
