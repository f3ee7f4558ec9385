import csv
from importlib import resources

import pytest

from core.errors import InvalidInput
from core.slate import TrackType, find_track, read_salaries, track_named_in

CATALOGUE = [
    row["track_id"]
    for row in csv.DictReader(
        (resources.files("core.slate") / "tracks.csv").read_text(encoding="utf-8").splitlines()
    )
]


def test_every_configuration_of_the_catalogue_is_known(shared):
    with (shared / "data" / "tracks.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["track_id"]: row for row in csv.DictReader(file)}
    assert sorted(CATALOGUE) == sorted(rows)
    for track_id, row in rows.items():
        track = find_track(track_id)
        assert track.track_id == track_id
        assert track.length_mi == float(row["length_mi"])
        assert (track.track_type is TrackType.ROAD) == (row["road_course"] == "True")
        assert 20 <= track.race_laps <= 600


def test_every_track_is_found_by_what_it_is_called():
    for track in map(find_track, CATALOGUE):
        assert find_track(track.name) == track
        assert find_track(track.name.upper()) == track


@pytest.mark.parametrize(
    ("called", "track_id", "kind"),
    [
        ("Kansas", "kansas", TrackType.INTERMEDIATE),
        ("bristol", "bristol_concrete", TrackType.SHORT),
        ("Daytona", "daytona_oval", TrackType.SUPERSPEEDWAY),
        ("Atlanta", "atlanta_post_2022", TrackType.SUPERSPEEDWAY),
        ("COTA", "cota_short", TrackType.ROAD),
        ("Charlotte", "charlotte_oval", TrackType.INTERMEDIATE),
        ("Charlotte Roval", "charlotte_roval_v2", TrackType.ROAD),
        ("las-vegas", "las_vegas", TrackType.INTERMEDIATE),
        ("Phoenix", "phoenix_post_2018f", TrackType.SHORT),
        ("Texas", "texas_post_2017", TrackType.INTERMEDIATE),
        ("Sonoma", "sonoma_short", TrackType.ROAD),
        ("Aut\u00f3dromo Hermanos Rodr\u00edguez", "mexico_city", TrackType.ROAD),
    ],
)
def test_a_plain_name_means_the_configuration_raced_now(called, track_id, kind):
    assert find_track(called).track_id == track_id
    assert find_track(called).track_type is kind


@pytest.mark.parametrize(
    ("called", "nearest"),
    [("Kanzas", "kansas"), ("brsitol", "bristol_concrete"), ("Taladega", "talladega_oval")],
)
def test_an_unknown_track_is_refused_with_the_nearest_matches(called, nearest):
    with pytest.raises(InvalidInput) as error:
        find_track(called)
    assert nearest in error.value.messages["track_id"][0]


@pytest.mark.parametrize("called", ["", "Monaco Grand Prix circuit", "../../etc/passwd"])
def test_a_name_near_to_none_is_refused_with_examples(called):
    with pytest.raises(InvalidInput, match=r"no known track; (for example|the nearest)"):
        find_track(called)


def test_the_track_stands_in_the_name_of_every_real_salary_file(shared):
    named = {path.stem: track_named_in(path.stem) for path in (shared / "data/dk_raw").glob("*")}
    assert {stem.partition("_")[2]: track.track_id for stem, track in named.items()} == {
        "2023-02-26_auto-club": "auto_club_2mi",
        "2023-03-05_las-vegas": "las_vegas",
        "2023-03-12_phoenix": "phoenix_post_2018f",
        "2023-03-19_atlanta": "atlanta_post_2022",
        "2023-03-26_cota": "cota_short",
        "2023-04-02_richmond": "richmond",
        "2026-03-01_cota": "cota_short",
        "2026-03-15_las-vegas": "las_vegas",
        "2026-03-22_darlington": "darlington",
        "2026-03-29_martinsville": "martinsville",
    }


def test_a_real_race_name_says_the_track_of_its_file_or_none(shared):
    for path in (shared / "data" / "dk_raw").glob("*.csv"):
        said = track_named_in(read_salaries(path.read_bytes()).race_name)
        assert said in (None, track_named_in(path.stem))


@pytest.mark.parametrize(
    ("race", "track_id"),
    [
        ("DuraMAX Texas Grand Prix Powered by RelaDyne", "cota_short"),
        ("EchoPark Automotive Grand Prix", "cota_short"),
        ("Autotrader EchoPark Automotive 500", "texas_post_2017"),
        ("Coca-Cola 600", "charlotte_oval"),
        ("Bank of America ROVAL 400", "charlotte_roval_v2"),
        ("Cook Out Southern 500", "darlington"),
        ("Go Bowling at The Glen", "watkins_glen"),
        ("DAYTONA 500", "daytona_oval"),
        ("Food City Dirt Race at Bristol Dirt", "bristol_dirt"),
        ("Chicagoland 400", "chicagoland_oval"),
        ("Pennzoil 400 presented by Jiffy Lube", None),
        ("Cook Out 400", None),
        ("DKSalaries (3)", None),
    ],
)
def test_a_sponsors_race_name_says_the_track_only_where_it_holds_its_name(race, track_id):
    track = track_named_in(race)
    assert (track.track_id if track else None) == track_id
