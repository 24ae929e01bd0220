"""A scripted model and its judge in this process: items are asked of them without a server or a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from mien.store.records import Answered, Asked
from mien.types import Call

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mien.evals.conduct import Place
    from mien.evals.item import Item
    from mien.types import Request


class Player(Protocol):
    """Plays the model's part and the judge's."""

    def respond(self, said: Sequence[str], body: bytes) -> str | None: ...

    def judge(self, text: str, body: bytes) -> str | None: ...


class Model:
    """A model in this process, as a judge asks one."""

    name = model = "scripted"
    address, places, supports_schema = "here", ("here",), False

    def __init__(self, player: Player) -> None:
        self.learnt: dict[str, str] = {}
        self._player = player

    async def complete(self, request: Request) -> Call:
        text = request.messages[-1]["content"]
        chosen = self._player.judge(text, text.encode())
        return Call(key="k", endpoint="here", model="scripted", text=f"<choice>{chosen}</choice>")


class Heard:
    """Asks a scripted model, and keeps what it answers."""

    def __init__(self, player: Player, item: Item) -> None:
        self.answers: list[Answered] = []
        self._player, self._item = player, item

    async def answer(self, place: Place, request: Request) -> Call:
        said = [message["content"] for message in request.messages]
        text = self._player.respond(said, f"{said} {place.sample}".encode())
        assert text is not None
        self._keep(place, "", text)
        return Call(key="k", endpoint="here", model="scripted", text=text)

    async def reading(self, place: Place, reader: str, read: Any) -> str:
        verdict = await read(lambda model, request: model.complete(request))
        self._keep(place, reader, "", verdict.chosen)
        return verdict.chosen

    def _keep(self, place: Place, reader: str, text: str, chosen: str = "") -> None:
        asked = Asked(1, self._item.key, *place, reader, "k", chosen)
        self.answers.append(Answered(asked, text, "stop", ""))
