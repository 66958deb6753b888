"""The table: one row per place, what was read about it, and when.

It is no legal advice. Where no source was found the cautious default holds, and the note says
so. No row lets offers go out before 09:00 or after 20:00, whatever its law allows.
A state's row says only what differs from its country's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..consent import Basis
from .rule import (
    CountsAs,
    DoubleOptIn,
    Links,
    Rule,
    SenderNames,
    SoftOptIn,
    StopScope,
)
from .week import parse_week

CHECKED = dt.date(2026, 11, 21)

_EU = "http://www.twobirds.com/en/news/articles/2004/email-marketing-in-the-eupti"
_HOURS = "https://help.klaviyo.com/hc/en-us/articles/4408737146651"
_US_STATES = "https://klaviyo.com/uk/glossary/what-is-mini-tcpa"
_ONETEXT = "https://docs.onetext.com/compliance/quiet-hours"
_CART_DE = "https://planit.legal/en/direct-marketing-existing-customer-privilege"

DEFAULT = Rule(
    place="default",
    name="any other place",
    note="Nothing is known of this place. Caution: express consent, Monday to Saturday from "
    "09:00 to 20:00.",
    sources=(_EU, _HOURS),
    checked=CHECKED,
    sender_names=SenderNames.YES,
    links=Links.ALLOWED,
    stop_scope=StopScope.AS_ASKED,
    cancel_words=False,
    consent=Basis.EXPRESS,
    cart_consent=Basis.EXPRESS,
    double_opt_in=DoubleOptIn.OPTIONAL,
    cart_double_opt_in=DoubleOptIn.OPTIONAL,
    soft_opt_in=SoftOptIn.NEVER,
    hours=parse_week("Mon-Sat 09:00-20:00"),
    holidays=frozenset(),
    cap=None,
    cart_texts=None,
    cart_within=None,
    footer_first_text=False,
    carrier_confirms_stop=False,
    checkout_payment_failed=CountsAs.SERVICE,
    review_working_days=5,
    requires_opt_out_code=False,
)


def _country(place: str, name: str, note: str, *sources: str, **changes: Any) -> Rule:
    return replace(DEFAULT, place=place, name=name, note=note, sources=sources, **changes)


def _state(of: Rule, code: str, name: str, note: str, *sources: str, **changes: Any) -> Rule:
    return replace(of, place=f"{of.place}-{code}", name=name, note=note, sources=sources, **changes)


_US = _country(
    "US", "United States",
    "Offers need written consent that no purchase depends on; each one outside 08:00 to 21:00 "
    "costs $500 to $1,500, and we keep to 09:00 to 20:00. Carriers take one reminder of a cart, "
    "within 48 hours, after a double opt-in that names such reminders. Any wish to stop ends "
    "everything and must be followed within 10 working days. A number is needed as sender.",
    "https://natlawreview.com/article/new-class-action-threat-tcpa-quiet-hours-and-marketing-messages",
    "https://optinfix.com/blog/text-message-opt-in-laws-2026-federal-state-rules",
    "https://compliancepoint.com/marketing-compliance/"
    "fccs-consent-revocation-rule-language-analysis-and-compliance-insights",
    "https://www.listrak.com/blog/leveraging-text-messaging-for-shopping-cart-abandonment",
    "https://usshortcodedirectory.com/ctia-short-code-monitoring-handbook",
    sender_names=SenderNames.NO,
    stop_scope=StopScope.EVERYTHING,
    cancel_words=True,
    consent=Basis.EXPRESS_WRITTEN,
    cart_consent=Basis.EXPRESS_WRITTEN,
    cart_double_opt_in=DoubleOptIn.REQUIRED,
    hours=parse_week("Mon-Sun 09:00-20:00"),
    cart_texts=1,
    cart_within=48,
    footer_first_text=True,
    checkout_payment_failed=CountsAs.MARKETING,
    review_working_days=10,
)  # fmt: skip

_ROWS = (
    _US,
    _state(
        _US, "FL", "Florida",
        "Offers from 08:00 to 20:00, and at most 3 in 24 hours.",
        _ONETEXT, _US_STATES,
        "https://buckleyfirm.com/blog/2023-06-07/"
        "florida-tightens-restrictions-phone-and-text-solicitations",
        cap=3,
    ),
    _state(
        _US, "OK", "Oklahoma",
        "Offers from 08:00 to 20:00, and at most 3 in 24 hours.",
        _ONETEXT, _US_STATES,
        cap=3,
    ),
    _state(
        _US, "WA", "Washington",
        "Offers from 08:00 to 20:00: our own hours keep that.",
        _ONETEXT, _US_STATES,
    ),
    _state(
        _US, "TX", "Texas",
        "Monday to Saturday 09:00 to 21:00, on Sunday not before noon, for who lives there, "
        "whatever their number. The seller may have to register with a bond of $10,000: ask a "
        "lawyer.",
        "https://www.foster.com/newsroom-alerts-texas-expands-telemarketing-law-to-cover-"
        "text-messagesms-marketing-what-companies-need-to-know",
        "https://springboardlegal.com/texas-text-message-marketing",
        "https://www.bloomreach.com/en/blog/texas-senate-bill-140",
        hours=parse_week("Mon-Sat 09:00-20:00, Sun 12:00-20:00"),
    ),
    _state(
        _US, "MD", "Maryland",
        "Offers from 08:00 to 20:00, and at most 3 about one thing in 24 hours.",
        _US_STATES,
        "https://www.wmar2news.com/local/law-to-prevent-spam-calls-takes-effect-first-of-the-year",
        cap=3,
    ),
    _state(
        _US, "NJ", "New Jersey",
        "At most 3 offers in 24 hours.",
        _US_STATES,
        cap=3,
    ),
    _country(
        "CA", "Canada",
        "Consent may be implied for 2 years after a purchase, where somebody of the shop signs "
        "that off. The hours are those for calls, kept for texts out of caution. A wish to stop "
        "must be followed within 10 working days. A number is needed as sender.",
        "http://www.crtc.gc.ca/eng/trules-reglest.htm",
        "https://texty.pro/casl-text-message-compliance",
        "https://developer.vonage.com/en/opt-out-assist/technical-details",
        sender_names=SenderNames.NO,
        stop_scope=StopScope.EVERYTHING,
        cancel_words=True,
        soft_opt_in=SoftOptIn.ON_SIGN_OFF,
        hours=parse_week("Mon-Fri 09:00-20:00, Sat-Sun 10:00-18:00"),
        footer_first_text=True,
        checkout_payment_failed=CountsAs.MARKETING,
        review_working_days=10,
    ),
    _country(
        "GB", "United Kingdom",
        "Consent for texts apart from other ways to reach somebody; soft opt-in for own "
        "customers where somebody of the shop signs it off. No law names hours: Monday to "
        "Saturday is caution.",
        "https://ico.org.uk/for-organisations/guide-to-pecr/"
        "guidance-on-direct-marketing-using-electronic-mail/",
        "https://dpnetwork.org.uk/electronic-communications",
        soft_opt_in=SoftOptIn.ON_SIGN_OFF,
    ),
    _country(
        "IE", "Ireland",
        "As in the whole EU; names as senders must be in ComReg's registry since 3 October 2025. "
        "No law names hours: Monday to Saturday is caution.",
        _EU,
        "https://irishtimes.com/business/2025/06/05/"
        "comreg-plans-overhaul-of-sms-text-message-system-to-help-block-scammers",
        sender_names=SenderNames.REGISTERED,
        soft_opt_in=SoftOptIn.ON_SIGN_OFF,
    ),
    _country(
        "FR", "France",
        "No offers on Sundays and public holidays, nor at night; the strictest operator says "
        "20:00 to 08:00, and Saturday 10:00 to 18:00. Good Friday and 26 December, holidays in "
        "Alsace and Moselle, count everywhere. Each offer carries STOP and the number that the "
        "provider gives (36xxx).",
        "https://support.callr.com/hc/en-us/articles/115000858183",
        "https://help.goacoustic.com/hc/en-us/articles/360043722874",
        "https://support.twilio.com/hc/en-us/articles/1260803521969",
        "https://developers.brevo.com/reference/transactional-sms-1",
        soft_opt_in=SoftOptIn.ON_SIGN_OFF,
        hours=parse_week("Mon-Fri 09:00-20:00, Sat 10:00-18:00"),
        holidays=frozenset({"FR-57"}),
        requires_opt_out_code=True,
    ),
    _country(
        "IT", "Italy",
        "Offers by text always need consent, and asking for it by text is an offer itself; the "
        "Garante takes double opt-in as the minimum. None from 22:00 to 08:00 and on Sundays. "
        "Names as senders are registered with AGCOM.",
        "https://www.dgrs.it/lapplicazione-in-italia-della-disciplina-del-soft-spam-e-"
        "linterpretazione-dei-paesi-europei-unanalisi-comparata/",
        "https://dirittoaldigitale.com/?p=10921",
        "https://www.twilio.com/en/guidelines/it/sms",
        "https://www.agcom.it/node/1149",
        sender_names=SenderNames.REGISTERED,
        double_opt_in=DoubleOptIn.DEFAULT,
        cart_double_opt_in=DoubleOptIn.DEFAULT,
    ),
    _country(
        "PL", "Poland",
        "Consent beforehand, from consumers and companies; no soft opt-in. Operators often block "
        "links in texts of more than 160 characters. No law names hours: Monday to Saturday is "
        "caution.",
        "https://radcaprawny.kirp.pl/archiwum/praktyka/"
        "zakaz-cold-callingu-w-prawie-komunikacji-elektronicznej",
        "https://kbzlegal.pl/prawo-komunikacji-elektronicznej-a-zgody-marketingowe",
        "https://www.twilio.com/en/guidelines/pl/sms",
        links=Links.ONE_SEGMENT,
    ),
    _country(
        "DE", "Germany",
        "A reminder of a cart is an offer (OLG Duesseldorf, I-20 U 155/16), and so is word of a "
        "payment that failed before there is an order. Soft opt-in for who has bought, where "
        "somebody of the shop signs it off. No law names hours: Monday to Saturday is caution.",
        _CART_DE, _EU,
        soft_opt_in=SoftOptIn.ON_SIGN_OFF,
        checkout_payment_failed=CountsAs.MARKETING,
    ),
    _country(
        "AT", "Austria",
        "Taken like Germany. No law names hours: Monday to Saturday is caution.",
        _EU, _CART_DE,
        soft_opt_in=SoftOptIn.ON_SIGN_OFF,
        checkout_payment_failed=CountsAs.MARKETING,
    ),
    _country(
        "ES", "Spain",
        "As in the whole EU; names as senders must be in the CNMC's register. No law names "
        "hours for texts: Monday to Saturday is caution.",
        _EU,
        "https://www.telecomregistration.com/cnmc-alias-registration-spain.html",
        sender_names=SenderNames.REGISTERED,
        soft_opt_in=SoftOptIn.ON_SIGN_OFF,
    ),
    _country(
        "BE", "Belgium",
        "Networks let only registered links pass that do not lead on, so texts have none. No law "
        "names hours: Monday to Saturday is caution.",
        _EU,
        "https://de.mailpro.com/faq/sms-regulierungen-belgien",
        links=Links.NEVER,
        soft_opt_in=SoftOptIn.ON_SIGN_OFF,
    ),
    _country(
        "AU", "Australia",
        "Consent, and a way to stop that works within 5 working days without a login. The hours "
        "and national holidays are those for calls, kept for texts out of caution. Names as "
        "senders are registered since 1 July 2026.",
        "https://natan.com.au/e-marketing-unsubscribe-laws-clarified/",
        "https://www.donotcall.gov.au/consumers/consumer-overview/industry-standards/",
        "https://www.bandwidth.com/support/en/articles/12823112",
        sender_names=SenderNames.REGISTERED,
        hours=parse_week("Mon-Fri 09:00-20:00, Sat 09:00-17:00"),
        holidays=frozenset({"AU"}),
    ),
    _country(
        "MY", "Malaysia",
        "Links and numbers to call back are blocked in every text since 1 September 2024. "
        "Nothing else is known: the cautious default.",
        "https://soyacincau.com/?p=402029",
        "https://help.clicksend.com/article/97cskdj6x3-malaysia",
        links=Links.NEVER,
    ),
)  # fmt: skip

#: By place: "US", "US-TX"; the default is not among them.
ROWS: Mapping[str, Rule] = {row.place: row for row in _ROWS}

#: Countries of their own code that are under another's law.
UNDER: Mapping[str, str] = {
    **dict.fromkeys(("PR", "VI", "GU", "AS", "MP"), "US"),
    **dict.fromkeys(("GF", "GP", "MQ", "RE", "YT", "BL", "MF", "PM"), "FR"),
}

#: The calendar of public holidays where a country's own is too small.
CALENDARS: Mapping[str, str] = {"FR": "FR-57"}
