"""Replies that were cut before they showed whether they are reasoning."""

from __future__ import annotations

import asyncio

from mien.models.http.opening import Opening
from mien.models.http.replies import Reply

CUT = Reply(text="So, warm or curious", finish_reason="length")
WHOLE = Reply(text="Glad you asked.", finish_reason="stop")
CLOSED = Reply(text="Glad you asked.", reasoning="So.", unopened=True, finish_reason="stop")
CUT_CLOSED = Reply(text="Glad", reasoning="So.", unopened=True, finish_reason="length")
FAILED = Reply(failure="HTTP 500: oops", status=500)


def texts(*replies: Reply, opening: Opening | None = None) -> list[str]:
    """What each of the replies comes to, where all are under way and come in this order."""
    opening = opening or Opening({})

    async def call(reply: Reply, ready: asyncio.Event) -> str:
        with opening.asking():
            await ready.wait()
            return (await opening.heed(reply)).text

    async def main() -> list[str]:
        events = [asyncio.Event() for _ in replies]
        calls = [
            asyncio.create_task(call(reply, event)) for reply, event in zip(replies, events, strict=True)
        ]
        await asyncio.sleep(0)  # all are under way
        for event in events:
            event.set()
            await asyncio.sleep(0)
        return await asyncio.gather(*calls)

    return asyncio.run(main())


def test_other_replies_tell_what_a_cut_one_is() -> None:
    assert texts(CUT, FAILED, CLOSED, CUT) == ["", "", "Glad you asked.", ""]
    assert texts(CUT, CUT_CLOSED) == ["", "Glad"]
    assert texts(CUT, WHOLE, CUT) == [CUT.text, WHOLE.text, CUT.text]
    assert texts(WHOLE, CUT, CLOSED, CUT) == [WHOLE.text, CUT.text, CLOSED.text, ""]


def test_what_was_learnt_is_known_from_the_start() -> None:
    learnt: dict[str, str] = {}
    assert texts(CLOSED, opening=Opening(learnt)) == [CLOSED.text]
    assert texts(CUT, opening=Opening(learnt)) == [""]


def test_where_nothing_tells_it_is_an_answer() -> None:
    assert texts(CUT) == [CUT.text]
    assert texts(CUT, FAILED, CUT) == [CUT.text, "", CUT.text]


def test_a_call_that_is_given_up_keeps_nobody_waiting() -> None:
    async def main() -> str:
        opening = Opening({})

        async def call(reply: Reply | None) -> str:
            with opening.asking():
                if reply is None:
                    await asyncio.Event().wait()
                return (await opening.heed(reply or FAILED)).text

        never, held = asyncio.create_task(call(None)), asyncio.create_task(call(CUT))
        await asyncio.sleep(0)
        never.cancel()
        return await held

    assert asyncio.run(main()) == CUT.text
