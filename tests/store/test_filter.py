"""A filter and its address."""

from __future__ import annotations

from mien.store.filter import Filter


def test_a_filter_is_an_address_and_back() -> None:
    wanted = Filter(run="r", trait="warm", took="chosen", sort="longest", after=24)
    address = {"run": "r", "trait": "warm", "took": "chosen", "sort": "longest", "after": 24}
    assert wanted.link() == address
    assert Filter.read({name: str(value) for name, value in wanted.link().items()}) == wanted
    assert wanted.link(trait="") == {name: value for name, value in address.items() if name != "trait"}


def test_what_an_address_holds_amiss_is_passed_over() -> None:
    odd = {"after": "²", "before": "9" * 30, "sort": "by luck"}
    assert Filter.read(odd) == Filter.read({}) == Filter()


def test_a_filter_from_its_first_trial_on() -> None:
    assert Filter(run="r", words="x", after=3, before=9).all == Filter(run="r", words="x")
