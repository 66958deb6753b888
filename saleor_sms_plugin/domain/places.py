"""Where a person is: state and time zones, from what an address says.

A state is read from its code or its name, else from the post code. Zones come from the state
and from the post code; where they leave several, all of them are possible. Rows name the zones
that clocks there follow today. Sources: states and the beginnings of their post codes,
https://en.wikipedia.org/wiki/List_of_ZIP_Code_prefixes,
https://en.wikipedia.org/wiki/Postal_codes_in_Canada,
https://en.wikipedia.org/wiki/Postcodes_in_Australia; zones, 49 CFR part 71
(https://www.ecfr.gov/current/title-49/subtitle-A/part-71) and the zone tables of the IANA
(https://www.iana.org/time-zones).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

_T = TypeVar("_T")

_EASTERN, _CENTRAL = "America/New_York", "America/Chicago"
_MOUNTAIN, _PACIFIC = "America/Denver", "America/Los_Angeles"
_ARIZONA, _ATLANTIC = "America/Phoenix", "America/Halifax"
_ALASKA, _ALEUTIANS = "America/Anchorage", "America/Adak"


@dataclass(frozen=True)
class Place:
    """What is known of where somebody is; "" for what is not."""

    country: str = ""  #: of the address, ISO alpha-2
    area: str = ""  #: state or province, as the address says it
    postal_code: str = ""
    number: str = ""  #: E.164


@dataclass(frozen=True)
class Area:
    """A state or a province: its name, its zones, and how its post codes begin."""

    name: str
    zones: tuple[str, ...]
    posts: str  #: beginnings, and ranges of them: "733 750-799"


def _area(name: str, posts: str, *zones: str) -> Area:
    return Area(name, zones, posts)


AREAS: Mapping[str, Mapping[str, Area]] = {
    "US": {
        "AL": _area("Alabama", "350-369", _CENTRAL),
        "AK": _area("Alaska", "995-999", _ALASKA, _ALEUTIANS),
        "AZ": _area("Arizona", "850-865", _ARIZONA, _MOUNTAIN),
        "AR": _area("Arkansas", "716-729", _CENTRAL),
        "CA": _area("California", "900-961", _PACIFIC),
        "CO": _area("Colorado", "800-816", _MOUNTAIN),
        "CT": _area("Connecticut", "060-069", _EASTERN),
        "DE": _area("Delaware", "197-199", _EASTERN),
        "DC": _area("District of Columbia", "200 202-205", _EASTERN),
        "FL": _area("Florida", "320-339 341-349", _EASTERN, _CENTRAL),
        "GA": _area("Georgia", "300-319 398-399", _EASTERN),
        "HI": _area("Hawaii", "967-968", "Pacific/Honolulu"),
        "ID": _area("Idaho", "832-838", _MOUNTAIN, _PACIFIC),
        "IL": _area("Illinois", "600-629", _CENTRAL),
        "IN": _area("Indiana", "460-479", _EASTERN, _CENTRAL),
        "IA": _area("Iowa", "500-528", _CENTRAL),
        "KS": _area("Kansas", "660-679", _CENTRAL, _MOUNTAIN),
        "KY": _area("Kentucky", "400-427", _EASTERN, _CENTRAL),
        "LA": _area("Louisiana", "700-714", _CENTRAL),
        "ME": _area("Maine", "039-049", _EASTERN),
        "MD": _area("Maryland", "206-219", _EASTERN),
        "MA": _area("Massachusetts", "010-027 055", _EASTERN),
        "MI": _area("Michigan", "480-499", _EASTERN, _CENTRAL),
        "MN": _area("Minnesota", "550-567", _CENTRAL),
        "MS": _area("Mississippi", "386-397", _CENTRAL),
        "MO": _area("Missouri", "630-658", _CENTRAL),
        "MT": _area("Montana", "590-599", _MOUNTAIN),
        "NE": _area("Nebraska", "680-693", _CENTRAL, _MOUNTAIN),
        "NV": _area("Nevada", "889-898", _PACIFIC, _MOUNTAIN),
        "NH": _area("New Hampshire", "030-038", _EASTERN),
        "NJ": _area("New Jersey", "070-089", _EASTERN),
        "NM": _area("New Mexico", "870-884", _MOUNTAIN),
        "NY": _area("New York", "005 100-149", _EASTERN),
        "NC": _area("North Carolina", "270-289", _EASTERN),
        "ND": _area("North Dakota", "580-588", _CENTRAL, _MOUNTAIN),
        "OH": _area("Ohio", "430-459", _EASTERN),
        "OK": _area("Oklahoma", "730-732 734-749", _CENTRAL),
        "OR": _area("Oregon", "970-979", _PACIFIC, _MOUNTAIN),
        "PA": _area("Pennsylvania", "150-196", _EASTERN),
        "RI": _area("Rhode Island", "028-029", _EASTERN),
        "SC": _area("South Carolina", "290-299", _EASTERN),
        "SD": _area("South Dakota", "570-577", _CENTRAL, _MOUNTAIN),
        "TN": _area("Tennessee", "370-385", _EASTERN, _CENTRAL),
        "TX": _area("Texas", "733 750-799 885", _CENTRAL, _MOUNTAIN),
        "UT": _area("Utah", "840-847", _MOUNTAIN),
        "VT": _area("Vermont", "050-054 056-059", _EASTERN),
        "VA": _area("Virginia", "201 220-246", _EASTERN),
        "WA": _area("Washington", "980-994", _PACIFIC),
        "WV": _area("West Virginia", "247-268", _EASTERN),
        "WI": _area("Wisconsin", "530-549", _CENTRAL),
        "WY": _area("Wyoming", "820-831", _MOUNTAIN),
        "AS": _area("American Samoa", "96799", "Pacific/Pago_Pago"),
        "GU": _area("Guam", "969", "Pacific/Guam"),
        "MP": _area("Northern Mariana Islands", "9695", "Pacific/Guam"),
        "PR": _area("Puerto Rico", "006-007 009", "America/Puerto_Rico"),
        "VI": _area("Virgin Islands", "008", "America/Puerto_Rico"),
    },
    "CA": {
        "AB": _area("Alberta", "T", "America/Edmonton"),
        "BC": _area("British Columbia", "V", "America/Vancouver", "America/Dawson_Creek",
                    "America/Creston", "America/Fort_Nelson", "America/Edmonton"),
        "MB": _area("Manitoba", "R", "America/Winnipeg"),
        "NB": _area("New Brunswick", "E", "America/Moncton"),
        "NL": _area("Newfoundland and Labrador", "A", "America/St_Johns", "America/Goose_Bay"),
        "NS": _area("Nova Scotia", "B", _ATLANTIC),
        "NT": _area("Northwest Territories", "X", "America/Inuvik"),
        "NU": _area("Nunavut", "X0A-X0C", "America/Iqaluit", "America/Rankin_Inlet",
                    "America/Cambridge_Bay", "America/Atikokan"),
        "ON": _area("Ontario", "K-N P", "America/Toronto", "America/Winnipeg",
                    "America/Atikokan"),
        "PE": _area("Prince Edward Island", "C", _ATLANTIC),
        "QC": _area("Quebec", "G H J", "America/Toronto", _ATLANTIC, "America/Blanc-Sablon"),
        "SK": _area("Saskatchewan", "S", "America/Regina", "America/Edmonton",
                    "America/Winnipeg"),
        "YT": _area("Yukon", "Y", "America/Whitehorse"),
    },
    "AU": {
        "ACT": _area("Australian Capital Territory", "02 260 261 29", "Australia/Sydney"),
        "NSW": _area("New South Wales", "1 2", "Australia/Sydney", "Australia/Broken_Hill",
                     "Australia/Lord_Howe"),
        "NT": _area("Northern Territory", "08 09", "Australia/Darwin"),
        "QLD": _area("Queensland", "4 9", "Australia/Brisbane"),
        "SA": _area("South Australia", "5", "Australia/Adelaide"),
        "TAS": _area("Tasmania", "7", "Australia/Hobart", "Antarctica/Macquarie"),
        "VIC": _area("Victoria", "3 8", "Australia/Melbourne"),
        "WA": _area("Western Australia", "6", "Australia/Perth", "Australia/Eucla"),
    },
}  # fmt: skip

#: Country → beginnings of post codes (and ranges) → the zones there. States that two zones
#: share, and parts of a country far from the rest of it.
SPLITS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "US": {
        # Florida, Tennessee, Kentucky, Indiana, Michigan: eastern and central
        "320-323 326-339 341-349 374 376 378-379 400 402-418": (_EASTERN,),
        "325 370-372 375 380-385 420-424 463-464 476-477": (_CENTRAL,),
        "324 373 377 401 425-427 465 469 475 479 498-499": (_EASTERN, _CENTRAL),
        "460-462 466-468 470-474 478 480-497": (_EASTERN,),
        # The Dakotas, Nebraska, Kansas, Texas: central and mountain
        "570-574 580-584 587 660-676 679 680-689 733 750-797": (_CENTRAL,),
        "577 693 799 885": (_MOUNTAIN,),
        "575-576 585-586 588 677-678 690-692 798": (_CENTRAL, _MOUNTAIN),
        # Idaho, Oregon, Nevada: mountain and pacific
        "832-834 836-837": (_MOUNTAIN,),
        "838 889-897 970-978": (_PACIFIC,),
        "835 898 979": (_MOUNTAIN, _PACIFIC),
        # Arizona (the Navajo Nation keeps summer time), Alaska
        "850-859 863-864": (_ARIZONA,),
        "860 865": (_ARIZONA, _MOUNTAIN),
        "995": (_ALASKA, _ALEUTIANS),
        "996-999": (_ALASKA,),
    },
    "CA": {
        "K-N": ("America/Toronto",),
        "H J G1-G3 G5-G9": ("America/Toronto",),
        "G4T": (_ATLANTIC,),
        "V2-V9": ("America/Vancouver",),
    },
    "AU": {
        "1 20-27": ("Australia/Sydney",),
        "2880": ("Australia/Broken_Hill",),
        "2898": ("Australia/Lord_Howe",),
        "60-63": ("Australia/Perth",),
    },
    "ES": {
        "01-34 36-37 39-50": ("Europe/Madrid",),
        "35 38": ("Atlantic/Canary",),
        "51-52": ("Africa/Ceuta",),
    },
    "PT": {
        "1-8": ("Europe/Lisbon",),
        "90-94": ("Atlantic/Madeira",),
        "95-99": ("Atlantic/Azores",),
    },
    "FR": {
        "01-95": ("Europe/Paris",),
        "971": ("America/Guadeloupe",),
        "972": ("America/Martinique",),
        "973": ("America/Cayenne",),
        "974": ("Indian/Reunion",),
        "975": ("America/Miquelon",),
        "976": ("Indian/Mayotte",),
        "977 978": ("America/Guadeloupe",),
        "986": ("Pacific/Wallis",),
        "987": ("Pacific/Tahiti", "Pacific/Marquesas", "Pacific/Gambier"),
        "988": ("Pacific/Noumea",),
    },
}

_ALSO = {"US": {"WASHINGTONDC": "DC"}}


def area_of(country: str, area: str, postal_code: str = "") -> str:
    """The code of the state or province ("TX"), from its code or name, else from the post code.

    "" where neither tells, or where the country's states make no difference here.
    """
    if country not in AREAS:
        return ""
    said = _letters(area).removeprefix(country if "-" in area else "")
    return _codes(country).get(said, "") or _longest(_areas_by_post(country), postal_code) or ""


def zones_near(country: str, area: str = "", postal_code: str = "") -> tuple[str, ...]:
    """The zones that are possible in this part of the country, sorted; () where nothing tells.

    Where state and post code contradict each other, those of both.
    """
    areas = AREAS.get(country, {})
    stated = areas.get(area_of(country, area))
    by_post: tuple[str, ...] | None = _longest(_zones_by_post(country), postal_code)
    if by_post is None and (code := area_of(country, "", postal_code)):
        by_post = areas[code].zones
    by_area = stated.zones if stated else None
    if by_area is None or by_post is None:
        return tuple(sorted(by_area or by_post or ()))
    common = set(by_area) & set(by_post)
    return tuple(sorted(common or {*by_area, *by_post}))


def _letters(text: str) -> str:
    """The letters of *text* in upper case, without accents, points and spaces."""
    plain = unicodedata.normalize("NFKD", text).upper()
    return "".join(char for char in plain if "A" <= char <= "Z")


@cache
def _codes(country: str) -> Mapping[str, str]:
    """A state's code or name, as ``_letters`` → its code."""
    names = {_letters(area.name): code for code, area in AREAS[country].items()}
    return names | {code: code for code in AREAS[country]} | _ALSO.get(country, {})


@cache
def _areas_by_post(country: str) -> Mapping[str, str]:
    return {
        beginning: code
        for code, area in AREAS.get(country, {}).items()
        for beginning in _beginnings(area.posts)
    }


@cache
def _zones_by_post(country: str) -> Mapping[str, tuple[str, ...]]:
    return {
        beginning: zones
        for posts, zones in SPLITS.get(country, {}).items()
        for beginning in _beginnings(posts)
    }


def _beginnings(posts: str) -> Iterator[str]:
    """Each beginning that "733 750-752 G1-G3 K-N" stands for."""
    for part in posts.split():
        first, _, last = part.partition("-")
        if not last:
            yield first
        elif first.isdigit():
            for number in range(int(first), int(last) + 1):
                yield f"{number:0{len(first)}}"
        else:
            for char in range(ord(first[-1]), ord(last[-1]) + 1):
                yield first[:-1] + chr(char)


def _longest(table: Mapping[str, _T], postal_code: str) -> _T | None:
    """What the longest known beginning of the post code stands for, None where none is known."""
    code = re.sub(r"[^0-9A-Z]", "", postal_code.upper())
    lengths = range(min(len(code), 5), 0, -1)
    return next((table[code[:length]] for length in lengths if code[:length] in table), None)
