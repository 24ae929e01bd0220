"""Labelling in a real browser, by keyboard; driven through Chromium's own debugging protocol."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from test_viewer import make_store, viewing

from mien.store import Store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--remote-debugging-port=0", "--remote-allow-origins=*", "about:blank"),
)


class Tab:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self.complaints: list[str] = []
        self.requested: list[str] = []

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._ids)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            message = json.loads((await self._socket.receive(timeout=20)).data)
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            match message["method"]:
                case "Log.entryAdded" | "Runtime.exceptionThrown":
                    self.complaints.append(json.dumps(message["params"]))
                case "Network.requestWillBeSent":
                    self.requested.append(message["params"]["request"]["url"])

    async def evaluate(self, expression: str) -> Any:
        return (await self.ask("Runtime.evaluate", expression=expression))["result"].get("value")

    async def until(self, expression: str) -> None:
        for _ in range(200):
            if await self.evaluate(expression) is True:
                return
            await asyncio.sleep(0.05)
        pytest.fail(f"never came: {expression}; {await self.evaluate('document.body.innerText')}")

    async def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            await self.ask(
                "Input.dispatchKeyEvent", type=kind, key=key, text=key if kind == "keyDown" else ""
            )


async def drive(address: str, profile: Path, act: Callable[[Tab, str], Awaitable[None]]) -> Tab:
    assert BROWSER
    process = await asyncio.create_subprocess_exec(
        BROWSER,
        *FLAGS,
        f"--user-data-dir={profile}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        port_file = profile / "DevToolsActivePort"
        for _ in range(400):
            if port_file.exists() and port_file.read_text().count("\n"):
                break
            await asyncio.sleep(0.05)
        port = port_file.read_text().splitlines()[0]
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json") as response:
                pages = [page for page in await response.json() if page["type"] == "page"]
            async with session.ws_connect(pages[0]["webSocketDebuggerUrl"]) as socket:
                tab = Tab(socket)
                for domain in ("Page", "Runtime", "Log", "Network"):
                    await tab.ask(f"{domain}.enable")
                await act(tab, address)
                return tab
    finally:
        process.kill()
        await process.wait()


async def label(tab: Tab, address: str) -> None:
    await tab.ask("Page.navigate", url=f"{address}label?run=before&person=Ana")
    await tab.until("document.readyState === 'complete' && !!window.htmx")
    assert await tab.evaluate("document.body.innerText.includes('You read')") is False
    for key, read in (("1", 1), ("n", 2), ("r", 3)):
        await tab.press(key)
        await tab.until(f"document.body.innerText.includes('{read} of 22 labelled by Ana')")
        assert await tab.evaluate("document.body.innerText.includes('You read')") is True
    await tab.press("u")
    await tab.until("document.body.innerText.includes('2 of 22 labelled by Ana')")
    before = await tab.evaluate("document.querySelector('.answers [name=trial]').value")
    await tab.press("s")
    await tab.until(f"document.querySelector('.answers [name=trial]').value !== '{before}'")
    for number in range(1, 22):
        await tab.ask("Page.navigate", url=f"{address}trial?run=before&id=t{number}")
        await tab.until(f"document.title.startsWith('Trial {number + 1} ')")
    await tab.ask("Page.navigate", url=address)
    await tab.until("document.title.startsWith('Runs') && !!window.htmx")


def test_labelling_by_keyboard(tmp_path: Path) -> None:
    store = tmp_path / "mien.db"
    make_store(store)
    with viewing(store) as viewer:
        tab = asyncio.run(drive(viewer.address, tmp_path / "browser", label))
        assert tab.complaints == []
        assert tab.requested
        assert {url for url in tab.requested if not url.startswith(viewer.address)} == set()
    with Store(store, read_only=True) as opened:
        labels = [chosen for _, _, chosen in opened.labels(1)]
    assert len(labels) == 2
    assert labels.count("neither") == 1
