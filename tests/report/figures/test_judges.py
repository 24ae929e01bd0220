"""Judges that cannot be checked."""

from __future__ import annotations

import pytest

from mien.errors import UsageError
from mien.report import figures
from mien.stats.agreement.inter_rater import Rater, Responses, agreement


def test_a_judge_that_read_alone_is_refused() -> None:
    alone = agreement(
        [Rater("j", ["0", "1"])], Responses(clusters=[0, 1], categories=[""] * 2, lengths=[1, 1])
    )
    with pytest.raises(
        UsageError, match=r"r: a judge that read alone, .* cannot be checked; have another read"
    ):
        figures.judges([figures.Judged("r", alone, [], None)])
