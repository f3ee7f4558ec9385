"""The words that a request chooses among are those of the rooms that give them their meaning."""

from core.contest import SizeTier
from core.field.estimators import ARCHETYPES, MEMBERS, METHODS, HybridOwnershipEstimator
from core.portfolio.limits import DEFAULT_MAX_DRIVER_EXPOSURE, DEFAULT_MAX_TEAM_EXPOSURE
from core.race import Regime
from web.schemas import choices
from web.schemas.optimize import OptimizeSchema


def test_words_are_spelt_as_their_rooms_spell_them() -> None:
    assert tuple(tier.value for tier in SizeTier) == choices.SIZE_TIERS
    assert [kind.name.lower() for kind in Regime if kind.value] == list(choices.REGIMES)
    assert tuple(ARCHETYPES) == choices.ARCHETYPES
    assert MEMBERS == choices.ESTIMATORS
    assert METHODS == choices.ENSEMBLE_METHODS
    for normalization in choices.NORMALIZATIONS:
        HybridOwnershipEstimator(normalize_to=normalization).check_parameters()


def test_defaults_that_a_room_sets_are_described_as_it_sets_them() -> None:
    fields = OptimizeSchema().fields
    described = {name: fields[name].metadata["default"] for name in fields if "exposure" in name}
    assert described == {
        "max_driver_exposure": DEFAULT_MAX_DRIVER_EXPOSURE,
        "min_driver_exposure": 0.0,
        "max_team_exposure": DEFAULT_MAX_TEAM_EXPOSURE,
    }
