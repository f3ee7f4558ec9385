import csv
import re

from core.lineups import LineupRules, best_by_value
from core.slate import read_salaries, write_upload


def test_an_upload_file_read_back_is_what_draftkings_accepts(shared):
    for path in (shared / "data" / "dk_raw").glob("*.csv"):
        slate = read_salaries(path.read_bytes())
        salary = {driver.driver_id: driver.salary_usd for driver in slate.drivers}
        name = {driver.driver_id: driver.name for driver in slate.drivers}
        rules = LineupRules(tuple(int(usd) for usd in slate.salaries_usd), 6, 50_000)
        lineups = best_by_value(slate.salaries_usd, rules, 150).lineups
        text = write_upload(slate, lineups)
        header, *lines = csv.reader(text.splitlines())
        assert header == ["D"] * 6
        assert len(lines) == 150
        read = set()
        for line, lineup in zip(lines, lineups, strict=True):
            cells = [re.fullmatch(r"(.+) \((\d+)\)", cell).groups() for cell in line]
            ids = [driver_id for _, driver_id in cells]
            assert len(set(ids)) == 6
            assert [name[driver_id] for driver_id in ids] == [called for called, _ in cells]
            assert sum(salary[driver_id] for driver_id in ids) <= 50_000
            assert set(ids) == {slate.drivers[int(place)].driver_id for place in lineup}
            assert [salary[i] for i in ids] == sorted((salary[i] for i in ids), reverse=True)
            read.add(frozenset(ids))
        assert len(read) == 150


def test_a_name_that_holds_a_comma_or_a_quote_survives(salary_file):
    name = '"Smith, ""Smitty"" Jr."'
    slate = read_salaries(
        salary_file(6, changes={0: {"name": name}}).replace(f"{name} (40000)".encode(), b"both")
    )
    lineup = best_by_value(slate.salaries_usd, LineupRules((1,) * 6, 6, 6), 1).lineups
    _, line = csv.reader(write_upload(slate, lineup).splitlines())
    assert line[0] == 'Smith, "Smitty" Jr. (40000)'
