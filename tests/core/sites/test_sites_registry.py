import pytest

from core.errors import InvalidInput
from core.sites import SITES, recognise, site_of


@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
def test_a_site_is_found_by_its_key_and_by_its_name_in_any_case(site):
    for name in (site.key, site.name, site.key.upper(), f" {site.name.lower()} "):
        assert site_of(name) is site


def test_a_name_that_is_no_sites_is_refused_with_the_keys_there_are():
    with pytest.raises(InvalidInput) as error:
        site_of("nowhere")
    (said,) = error.value.messages["site"]
    assert "'nowhere'" in said
    assert all(key in said for key in SITES)


@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
def test_a_salary_file_is_known_by_its_columns_in_any_order_and_with_more_of_them(site):
    assert recognise(["More", *reversed(site.salaries.columns)]) is site


@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
def test_without_one_of_its_columns_it_is_no_sites_salary_file(site):
    for absent in site.salaries.columns:
        assert recognise([name for name in site.salaries.columns if name != absent]) is None


def test_every_site_is_another():
    assert len({site.name for site in SITES.values()}) == len(SITES)
    for key, site in SITES.items():
        assert site.key == key
        others = [other for other in SITES.values() if other is not site]
        assert not any(set(site.salaries.columns) >= set(o.salaries.columns) for o in others)
