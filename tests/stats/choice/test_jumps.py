"""A spike and a slab, against numerical integration."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.integrate
import scipy.stats

from mien.stats.choice.jumps import SEEN, SHARE, Jumps


@pytest.mark.parametrize(("seen", "noise"), [(0.1, 0.5), (2.0, 0.3), (-4.0, 1.0)])
def test_moments_are_those_of_the_posterior(seen, noise):
    size, share = 2.0, 0.1
    jumps = Jumps(np.array([seen]), np.array([noise]), size, share)

    def moment(k):
        def density(e):
            return scipy.stats.norm.pdf(seen, e, np.sqrt(noise)) * scipy.stats.norm.pdf(e, 0, np.sqrt(size))

        slab = share * scipy.integrate.quad(lambda e: e**k * density(e), -15, 15)[0]
        spike = (1 - share) * scipy.stats.norm.pdf(seen, 0, np.sqrt(noise))
        return slab + (spike if k == 0 else 0), slab

    total, slab = moment(0)
    mean, second = (moment(k)[0] / total for k in (1, 2))
    assert jumps.chance[0] == pytest.approx(slab / total)
    assert jumps.mean[0] == pytest.approx(mean)
    assert jumps.variance[0] == pytest.approx(second - mean**2)
    equivalent = jumps.equivalent[0]
    assert equivalent / (equivalent + noise) * seen == pytest.approx(mean)
    normal = equivalent * noise / (equivalent + noise)
    assert jumps.excess[0] == pytest.approx(second - mean**2 - normal)
    assert jumps.departure[0] == pytest.approx(seen / np.sqrt(noise))


def test_the_share_is_where_em_stays_and_grows_with_what_stands_out():
    noise, quiet = np.full(40, 0.2), np.random.default_rng(0).normal(size=40) * np.sqrt(0.2)
    loud = quiet + np.repeat([4.0, 0.0], 20)
    few, many = (Jumps.found(seen, noise, 4.0) for seen in (quiet, loud))
    assert few.share < SHARE < 0.15 < many.share < 20 / 40
    expected = (SHARE * SEEN + many.chance.sum()) / (SEEN + 40)
    assert many.share == pytest.approx(expected, rel=1e-6)
