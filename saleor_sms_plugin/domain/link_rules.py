"""Countries whose networks take no links in texts, by the number's country.

Belgium: only registered addresses that do not redirect pass
(https://de.mailpro.com/faq/sms-regulierungen-belgien). Malaysia: no links since 1 September 2024.
Poland: addresses in texts over 160 characters are often blocked
(https://www.twilio.com/en/guidelines/pl/sms).
"""

from __future__ import annotations

from enum import StrEnum


class LinkRule(StrEnum):
    """What a country's networks do to a text with a link of ours."""

    ALLOWED = "allowed"
    ONE_SEGMENT = "one_segment"  #: a longer text must do without
    NEVER = "never"


_RULES = {"BE": LinkRule.NEVER, "MY": LinkRule.NEVER, "PL": LinkRule.ONE_SEGMENT}


def link_rule(country: str) -> LinkRule:
    """The rule of a country (ISO alpha-2)."""
    return _RULES.get(country, LinkRule.ALLOWED)
