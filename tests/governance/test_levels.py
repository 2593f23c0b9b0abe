"""Which compatibility level a subject gets, beside the one that holds now."""

import pytest

from pragma_contracts.governance.levels import LevelRule


@pytest.mark.parametrize(
    ("now", "wanted", "gets"),
    [
        pytest.param(None, "BACKWARD_TRANSITIVE", "BACKWARD_TRANSITIVE", id="there is none"),
        pytest.param("NONE", "BACKWARD_TRANSITIVE", "BACKWARD_TRANSITIVE", id="nothing is promised"),
        pytest.param("BACKWARD", "BACKWARD_TRANSITIVE", "BACKWARD_TRANSITIVE", id="it promises more"),
        pytest.param("FULL", "FULL_TRANSITIVE", "FULL_TRANSITIVE", id="it promises more of both"),
        pytest.param("BACKWARD_TRANSITIVE", "BACKWARD_TRANSITIVE", None, id="it is right"),
        pytest.param("FULL_TRANSITIVE", "BACKWARD_TRANSITIVE", None, id="a stricter one stays"),
        pytest.param("FULL", "BACKWARD_TRANSITIVE", None, id="one that promises something else stays"),
        pytest.param("FORWARD", "BACKWARD_TRANSITIVE", None, id="the other direction stays"),
        pytest.param("SOMETHING_NEW", "FULL_TRANSITIVE", None, id="one that nobody knows stays"),
        pytest.param("NONE", "keep", None, id="keep does not raise"),
        pytest.param(None, "keep", None, id="keep sets none"),
    ],
)
def test_a_level_is_raised_and_never_lowered_unasked(now: str | None, wanted: str, gets: str | None) -> None:
    assert LevelRule(wanted).level_for(now) == gets


@pytest.mark.parametrize("now", ["FULL_TRANSITIVE", "FULL", "FORWARD", "SOMETHING_NEW"])
def test_a_level_is_lowered_when_that_is_asked_for(now: str) -> None:
    assert LevelRule("BACKWARD_TRANSITIVE", lower=True).level_for(now) == "BACKWARD_TRANSITIVE"
    assert LevelRule("BACKWARD_TRANSITIVE").is_lower_than(now)
