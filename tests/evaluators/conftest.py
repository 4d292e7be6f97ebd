"""What the tests of evaluators share."""

import pytest

from oversight_engine.evaluators.strata import Stratum
from tests.evaluators.questions import thresholds


@pytest.fixture
def stratum():
    with Stratum("thresholds", thresholds(40)) as stratum:
        yield stratum
