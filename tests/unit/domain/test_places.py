"""Places: states and zones from what an address says."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from saleor_sms_plugin.domain import places
from saleor_sms_plugin.domain.places import AREAS, SPLITS, area_of, zones_near
from saleor_sms_plugin.domain.quiet_hours import zones_of

EAST, CENTRAL, MOUNTAIN = "America/New_York", "America/Chicago", "America/Denver"
PACIFIC = "America/Los_Angeles"


@pytest.mark.parametrize(
    ("country", "area", "postal_code", "code"),
    [
        ("US", "TX", "", "TX"),
        ("US", " texas ", "", "TX"),
        ("US", "US-TX", "", "TX"),
        ("US", "N.Y.", "", "NY"),
        ("US", "Washington", "", "WA"),
        ("US", "Washington, D.C.", "", "DC"),
        ("US", "", "75001-1234", "TX"),
        ("US", "", "06390", "CT"),
        ("US", "", "96799", "AS"),
        ("US", "FL", "10001", "FL"),
        ("US", "somewhere", "", ""),
        ("US", "", "09001", ""),  # the forces abroad
        ("CA", "Québec", "", "QC"),
        ("CA", "CA-ON", "", "ON"),
        ("CA", "", "v6b 1a1", "BC"),
        ("AU", "New South Wales", "", "NSW"),
        ("AU", "", "2600", "ACT"),
        ("AU", "", "0800", "NT"),
        ("PL", "mazowieckie", "00-001", ""),
    ],
)
def test_the_state_from_its_code_its_name_or_the_post_code(
    country: str, area: str, postal_code: str, code: str
) -> None:
    """As addresses say it, whatever case, accents and points."""
    assert area_of(country, area, postal_code) == code


@pytest.mark.parametrize(
    ("area", "postal_code", "zones"),
    [
        ("FL", "33101", (EAST,)),
        ("FL", "32501", (CENTRAL,)),
        ("FL", "32456", (CENTRAL, EAST)),
        ("FL", "", (CENTRAL, EAST)),
        ("TX", "75001", (CENTRAL,)),
        ("TX", "79901", (MOUNTAIN,)),
        ("TX", "79855", (CENTRAL, MOUNTAIN)),
        ("TN", "38103", (CENTRAL,)),
        ("TN", "37902", (EAST,)),
        ("KY", "40202", (EAST,)),
        ("KY", "42001", (CENTRAL,)),
        ("IN", "46204", (EAST,)),
        ("IN", "46402", (CENTRAL,)),
        ("ND", "58102", (CENTRAL,)),
        ("ND", "58601", (CENTRAL, MOUNTAIN)),
        ("SD", "57104", (CENTRAL,)),
        ("SD", "57701", (MOUNTAIN,)),
        ("NE", "68102", (CENTRAL,)),
        ("NE", "69361", (MOUNTAIN,)),
        ("KS", "66101", (CENTRAL,)),
        ("KS", "67735", (CENTRAL, MOUNTAIN)),
        ("ID", "83702", (MOUNTAIN,)),
        ("ID", "83814", (PACIFIC,)),
        ("OR", "97201", (PACIFIC,)),
        ("OR", "97914", (MOUNTAIN, PACIFIC)),
        ("MI", "48201", (EAST,)),
        ("MI", "49938", (CENTRAL, EAST)),
        ("AK", "99501", ("America/Adak", "America/Anchorage")),
        ("AK", "99701", ("America/Anchorage",)),
        ("AZ", "85001", ("America/Phoenix",)),
        ("AZ", "86515", (MOUNTAIN, "America/Phoenix")),
        ("HI", "", ("Pacific/Honolulu",)),
        ("NY", "", (EAST,)),
        ("", "10001", (EAST,)),
        ("NY", "90001", (PACIFIC, EAST)),  # a slip: both
        ("", "", ()),
        ("nowhere", "00000", ()),
    ],
)
def test_zones_in_the_united_states(area: str, postal_code: str, zones: tuple[str, ...]) -> None:
    """The state's zones, narrowed by the post code where two zones share the state."""
    assert set(zones_near("US", area, postal_code)) == set(zones)


@pytest.mark.parametrize(
    ("country", "area", "postal_code", "zones"),
    [
        ("ES", "", "28001", {"Europe/Madrid"}),
        ("ES", "", "38001", {"Atlantic/Canary"}),
        ("PT", "", "1000-001", {"Europe/Lisbon"}),
        ("PT", "", "9000-001", {"Atlantic/Madeira"}),
        ("PT", "", "9500-001", {"Atlantic/Azores"}),
        ("FR", "", "75001", {"Europe/Paris"}),
        ("FR", "", "97400", {"Indian/Reunion"}),
        ("FR", "", "98800", {"Pacific/Noumea"}),
        ("FR", "", "", {"Europe/Paris"}),
        ("CA", "ON", "M5V 2T6", {"America/Toronto"}),
        ("CA", "Saskatchewan", "",
         {"America/Regina", "America/Edmonton", "America/Winnipeg"}),
        ("AU", "WA", "6000", {"Australia/Perth"}),
        ("AU", "", "2880", {"Australia/Broken_Hill"}),
        ("PL", "mazowieckie", "00-001", {"Europe/Warsaw"}),
    ],
)  # fmt: skip
def test_zones_elsewhere(country: str, area: str, postal_code: str, zones: set[str]) -> None:
    """Islands and overseas parts by their post codes; a country of one zone stays what it is."""
    assert set(zones_of(country, "", area, postal_code)) == zones


@pytest.mark.parametrize("country", ["MX", "BR", "RU"])
def test_other_wide_countries_keep_all_their_zones(country: str) -> None:
    """Nothing narrows them down."""
    assert zones_of(country, "", "Any", "12345") == zones_of(country)
    assert len(zones_of(country)) > 3


def test_every_zone_of_the_tables_exists() -> None:
    """And so do the clocks of each."""
    named = {zone for areas in AREAS.values() for area in areas.values() for zone in area.zones}
    named |= {zone for table in SPLITS.values() for zones in table.values() for zone in zones}
    assert all(ZoneInfo(zone) for zone in named)


@pytest.mark.parametrize("country", ["US", "CA", "AU"])
def test_the_tables_do_not_contradict_each_other(country: str) -> None:
    """No post code belongs to two states; a split is between zones of its state."""
    begins = [b for area in AREAS[country].values() for b in places._beginnings(area.posts)]
    assert len(begins) == len(set(begins))
    splits = [b for posts in SPLITS[country] for b in places._beginnings(posts)]
    assert len(splits) == len(set(splits))
    for posts, zones in SPLITS[country].items():
        for begin in places._beginnings(posts):
            state = area_of(country, "", begin)
            assert set(zones) <= set(AREAS[country][state].zones), begin
