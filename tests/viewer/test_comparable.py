"""Which runs are offered to be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.store.records import JudgeRecord, RunInfo
from mien.store.schema import connect_read_only
from mien.store.store import Store
from mien.types import Call, Prompt, Trait, Trial, Verdict
from mien.viewer import App, Guard
from mien.viewer.comparable import answered, by_prompts, by_traits
from mien.viewer.pages.arena import _Arena

if TYPE_CHECKING:
    from pathlib import Path

    from mien.store.records import RunRecord


def add(
    store: Store,
    name: str,
    *,
    traits: str = "ab",
    prompt: str = "p",
    response: bool = True,
    read: bool = True,
) -> RunRecord:
    made = RunInfo(
        name=name,
        model="m",
        instrument="inventory" if name == "rated" else "revealed",
        protocol="{}",
        design="d",
        seed=0,
        traits=tuple(map(Trait, traits)),
    )
    run = store.add_run(made, [Trial("t0", 0, ("a", "b"), Prompt(prompt, f"{prompt}?"))])
    store.add_judge(run.id, JudgeRecord(name="j", model="j", settings="{}"))
    if response:
        store.put_call(Call(key=name, endpoint="e", model="m", text="hi"))
        store.put_response(run.id, "t0", name)
    if read:
        store.put_verdict(run.id, Verdict(trial="t0", judge="j", chosen="a"))
    return run


def test_what_has_the_same_traits_or_answered_the_same_prompts(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    with Store(path) as store:
        runs = [
            add(store, "one"),
            add(store, "two"),
            add(store, "unread", read=False),
            add(store, "table", response=False),
            add(store, "elsewhere", prompt="q"),
            add(store, "others", traits="abc"),
            add(store, "rated"),
        ]
    db = connect_read_only(path, lock_timeout=5)
    assert by_traits(db, runs[0], runs) == ["two", "table", "elsewhere"]
    assert by_traits(db, runs[-1], runs) == []
    assert by_prompts(db, runs[0], runs) == ["two", "unread", "others", "rated"]
    assert [run.name for run in answered(db, runs)] == [run.name for run in runs if run.name != "table"]
    db.close()
    app = App(path, Guard())
    arena = _Arena(app)
    page = arena.page({})
    assert "selected>others</option>" in page
    assert "selected>rated</option>" in page
    first, second = page.split('<select name="b">')
    assert "<option>elsewhere</option>" in first
    assert "elsewhere" not in second
    assert "no other run that answered those of elsewhere" in arena.page({"a": "elsewhere"})
    app.search.close()
