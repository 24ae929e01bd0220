"""The form of a base judge: chosen by instructed answers, and one for all runs of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import mien
from mien.errors import Notice, UsageError
from mien.measurement.rejudge import second_opinion
from mien.store.store import Store
from tests.measurement.planted import TRAITS, measure

if TYPE_CHECKING:
    from mien.runs.run import Run
    from mien.testing import ScriptedServer

PLANTED = {"label": 0.55, "word": 0.65, "told": 0.95}


def by_base(server: ScriptedServer, **choices: Any) -> Run:
    settings = {"traits": TRAITS, "rounds": 4} | choices
    return mien.measure(server.model, judge=f"base:{server.url}#judge", **settings)


def test_the_best_on_instructed_answers_reads_the_run_and_all_others_of_the_store(
    server: ScriptedServer,
) -> None:
    server.configure(base_accuracy=PLANTED)
    with pytest.warns(Notice, match=r"read by told, the best of its forms \(label \d+%, word"):
        run = by_base(server)
    (judge,) = run.judges
    assert (judge.name, judge.model) == (f"base:{server.url}#judge", f"base:told:{server.url}#judge")
    assert run.profile().provenance.reads.endswith("the likelihoods of the response under the options")
    server.configure(base_accuracy={"told": 0.5})
    again = by_base(server, name="again", seed=1, check_judge=0)  # nothing is chosen anew
    assert again.judges[0].model == judge.model


def test_its_choice_owes_nothing_to_the_run_under_test(server: ScriptedServer) -> None:
    server.configure(base_accuracy=PLANTED)
    run = measure(server)
    label = f"base:{server.url}#judge"
    with pytest.raises(UsageError, match=r"the store holds none of .* or name the form: base:label:http"):
        second_opinion(run, label)
    measure(server, instrument="instructed", rounds=12)
    server.reset_log()
    with pytest.warns(Notice, match="read by told, the best"):
        second_opinion(run, label, check_judge=60)
    assert set(server.counts().by_role) == {"judge"}
    with Store(run.path) as store:
        assert [judge.name for judge in store.judges(store.run(run.name).id)] == [server.judge, label]


@pytest.mark.parametrize("check", [0, None])
def test_one_that_cannot_be_chosen_is_refused(server: ScriptedServer, check: int | None) -> None:
    server.configure(base_accuracy=dict.fromkeys(PLANTED, 0.5))
    why = "leave out --check-judge 0, or name the form" if check == 0 else "no better than by guessing"
    with pytest.raises(UsageError, match=why):
        by_base(server, check_judge=check)
