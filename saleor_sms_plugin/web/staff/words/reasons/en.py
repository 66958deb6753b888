"""Reasons in English: the engine's sentences, but where a page knows better what to do."""

from __future__ import annotations

from collections.abc import Mapping

from .....domain.reasons import SENTENCES as ENGINE
from .....domain.reasons import Reason

SENTENCES: Mapping[Reason, str] = {
    **ENGINE,
    Reason.COUNTRY_NOT_ALLOWED: (
        "The number's country is not one that this channel texts. To text it, add it to "
        "“Allowed countries” in the plugin's settings."
    ),
    Reason.NOT_A_TEST_NUMBER: (
        "Only test numbers are texted now, and this is none of them. Empty “Only text these "
        "numbers” in the plugin's settings to text customers."
    ),
    Reason.SENDER_NOT_ALLOWED: (
        "Your sender cannot be used in the number's country. Set another one for it in the "
        "plugin's settings."
    ),
    Reason.NUMBER_SUPPRESSED: "The number is on your list of numbers that are never texted.",
    Reason.OPT_OUT_IN_REVIEW: (
        "The person wrote something like “no more texts”. Decide on it under Replies."
    ),
    Reason.NO_OPT_OUT_PATH: (
        "An offer must say how to end it, and this one could not. Set opt_out_number in the "
        "plugin's Advanced settings."
    ),
    Reason.SWITCHED_OFF: "This text, or the whole channel, is switched off.",
    Reason.PAYMENT_UNCLEAR: (
        "Nobody said whether the payment went through; paying again could charge twice. Look at "
        "the payment."
    ),
    Reason.DAILY_BUDGET: (
        "The channel's texts for the day are used up. The limits are abandoned.daily_budget and "
        "budget.all in the plugin's Advanced settings."
    ),
    Reason.CANCELLED_BY_STAFF: "Staff decided not to send it.",
    Reason.STORM: (
        "Far more than usual happened at once. Look at it under Held, and release or cancel it."
    ),
    Reason.OTHER_INSTALLATION: (
        "This is a copy of a shop, or the shop's address or key changed. If this is the real "
        "shop, save the plugin's settings once."
    ),
    Reason.PROVIDER_ACCOUNT: (
        "The provider refuses your account. Check key and secret under Start."
    ),
    Reason.OUT_OF_CREDIT: "Your account at the provider has no credit. Top it up.",
    Reason.CONFIGURATION: "Something is missing in the channel's settings. Look under Start.",
    Reason.FAULT: "Something went wrong here; it is tried again. The server's log says what.",
    Reason.TEMPLATE: "The text could not be made. Mend it under Texts.",
    Reason.TOO_LONG: "The text is longer than allowed. Shorten it under Texts.",
    Reason.REJECTED: "The provider refused this message. Check number and sender.",
    Reason.RETRIES_EXHAUSTED: (
        "The provider could not take it, however often it was tried. You may send it again."
    ),
    Reason.NO_ANSWER: (
        "The provider may have taken it but did not say so. It is not sent again by itself, so "
        "that nobody reads it twice."
    ),
    Reason.WORKER_DIED: (
        "The server stopped in the middle of sending. It may have gone out; it is not sent again "
        "by itself."
    ),
    Reason.NOT_DELIVERED: (
        "The provider took it, but the phone did not get it. It may be off, or the number wrong."
    ),
}
