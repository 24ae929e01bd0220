from __future__ import annotations

from dataclasses import replace

import pytest

from mien.errors import UsageError
from mien.stats.profiles import Provenance, rate, require_same_traits
from tests.stats.profiles.tables import table


def test_profiles_of_other_traits_are_named_with_a_trait_that_one_of_them_lacks():
    one, two = (rate(table(), Provenance(run=run)) for run in ("old", "new"))
    require_same_traits([])
    require_same_traits([one])
    require_same_traits([one, two])
    other = replace(two, traits=(*two.traits[:-1], "zany"))
    with pytest.raises(UsageError, match=r"old and new rate different traits: 'hasty' is in .* \(2 such\)"):
        require_same_traits([one, two, other])
