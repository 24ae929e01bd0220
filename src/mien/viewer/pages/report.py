"""Report: what `mien report` writes of one run or two, packed, to be downloaded."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mien.errors import UsageError

if TYPE_CHECKING:
    from aiohttp import web
    from multidict import MultiMapping

    from mien.viewer.app import App


def routes(app: App) -> list[web.RouteDef]:
    """Where it is found."""

    def packed(query: MultiMapping[str], file: IO[bytes]) -> str:
        runs = query.getall("run", [])
        with app.reading() as (store, _):
            names = [store.run(name).name for name in runs]
        if not names:
            raise UsageError("say of which run the report is to be")
        judge = [f"--judge={query['judge']}"] if query.get("judge") else []
        with tempfile.TemporaryDirectory(prefix="mien-report-") as folder:
            # By a process of its own: fitting and drawing would keep all other pages waiting.
            command = [
                sys.executable,
                "-m",
                "mien.cli",
                "report",
                f"--output={folder}",
                f"--store={app.store}",
            ]
            done = subprocess.run(
                [*command, *judge, "--", *names],
                capture_output=True,
                text=True,
                encoding="utf-8",
                check=False,
            )
            if done.returncode:
                raise UsageError(done.stderr.strip())
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for path in sorted(Path(folder).rglob("*")):
                    archive.write(path, path.relative_to(folder))
        return f"report {' '.join(names)}.zip"

    return [app.file("/report.zip", packed, content_type="application/zip")]
