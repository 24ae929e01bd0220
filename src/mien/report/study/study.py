"""A study in Python: from its file to what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mien.errors import notify
from mien.evals.study import evaluated
from mien.measurement.session import Session
from mien.measurement.study.forecast import require_priced
from mien.measurement.study.registration import registered
from mien.measurement.study.study import load_study
from mien.measurement.study.work import carry_out, prepare
from mien.models.inprocess.loading import Hardware
from mien.models.usage import Limits
from mien.report.study.results import Results, require_drawable

if TYPE_CHECKING:
    from collections.abc import Callable

    from mien.measurement.study.progress import StudyProgress


def study(
    file: str | Path,
    *,
    store: str | Path | None = None,
    folder: str | Path | None = None,
    limits: Limits = Limits(),
    hardware: Hardware = Hardware(),
    on_progress: Callable[[StudyProgress], None] | None = None,
) -> Results:
    """Carry a study out, or go on with it; calls that the store holds are not made again.

    Args:
        file: a study's YAML file, or a built-in study's name.
        store: the store's file; default: ``MIEN_STORE`` or ``mien.db``.
        folder: where its report is to be written; None for none.
        limits: concurrency, rates and budget; where they hold no budget, the file's counts.
        hardware: where and how models in this process run.
        on_progress: called a few times a second, and at the end of each stage of a run.

    Returns:
        What came of it: its ``runs`` by label, the ``panel`` of its models, its ablations and gates, and
        whether it is ``complete``. A run whose endpoint gave up is among those that are not.

    Raises:
        UsageError: the file, or something that it names, cannot be used; before the first call.
    """
    laid_out = load_study(file)
    require_drawable(laid_out)
    session = Session(store, limits=limits, hardware=hardware)
    prepare(laid_out, session)
    require_priced(laid_out, session)
    found = registered(laid_out, session.path)
    changed = [f"has {found.difference}"] if found and found.changed else []
    notify(f"study {laid_out.name}", [*laid_out.warnings, *changed])
    beside = [one.beside for one in evaluated(laid_out)]
    progress = carry_out(laid_out, session, beside=beside, on_progress=on_progress)
    for failure, labels in progress.failures.items():
        notify(f"study {laid_out.name}", [f"gave up {', '.join(labels)}: {failure}"])
    results = Results(laid_out, session.path)
    if folder is not None:
        from mien.report.study.folder import write

        write(results, Path(folder))
    return results
