"""Which estimators there are, and which of them an ensemble combines."""

from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.field.estimators import (
    MEMBERS,
    HybridOwnershipEstimator,
    from_json,
    members,
    shipped_ownership_model,
    to_json,
)
from core.field.estimators.members import ESTIMATORS
from tests.core.field.made_up_contests import Contests, made_up_contests

TWO = ("salary_skill", "historical")


@pytest.fixture(scope="module")
def contests() -> Contests:
    return made_up_contests()


@pytest.fixture(scope="module")
def of_two(contests: Contests) -> HybridOwnershipEstimator:
    return HybridOwnershipEstimator(n_bootstrap=3, members=TWO).fit(*contests.rows)


def test_every_file_of_the_folder_is_an_estimator_s_but_the_base_s_own() -> None:
    files = Path(members.__file__).parent.glob("[!_]*.py")
    assert {file.stem for file in files} - {"member"} == set(ESTIMATORS)
    assert all(each.__module__.endswith(f".{name}") for name, each in ESTIMATORS.items())


def test_the_shipped_ensemble_combines_the_estimators_combined_by_default() -> None:
    assert shipped_ownership_model().members == MEMBERS
    assert HybridOwnershipEstimator().members == MEMBERS
    assert set(MEMBERS) <= set(ESTIMATORS)


def test_an_ensemble_combines_the_estimators_it_names(
    contests: Contests, of_two: HybridOwnershipEstimator
) -> None:
    alone = [
        ESTIMATORS[name]().fit(*contests.rows).predict(contests.x, contests.groups) for name in TWO
    ]
    mixed = of_two.predict(contests.x, contests.groups)
    assert mixed == pytest.approx((alone[0] + alone[1]) / 2.0)
    assert of_two.member_weights() == dict.fromkeys(TWO, 0.5)


def test_a_document_names_the_estimators_of_its_ensemble(
    contests: Contests, of_two: HybridOwnershipEstimator
) -> None:
    rebuilt = from_json(to_json(of_two))
    assert rebuilt.members == TWO
    predicted = rebuilt.predict(contests.x, contests.groups)
    assert (predicted == of_two.predict(contests.x, contests.groups)).all()


def test_learning_on_needs_a_prior_of_the_same_estimators(
    contests: Contests, of_two: HybridOwnershipEstimator
) -> None:
    again = HybridOwnershipEstimator(n_bootstrap=3, members=TWO).fit(*contests.rows, prior=of_two)
    assert again.slates_ == 2 * of_two.slates_
    with pytest.raises(InvalidInput, match="prior: combines salary_skill, historical; give one"):
        HybridOwnershipEstimator().fit(*contests.rows, prior=of_two)


@pytest.mark.parametrize("names", [(), ("oracle",), ("historical", "historical"), "historical"])
def test_members_that_are_no_estimators_are_refused(names: tuple[str, ...] | str) -> None:
    with pytest.raises(InvalidInput, match=r"members: .* give one or more of historical, "):
        HybridOwnershipEstimator(members=names).check_parameters()
