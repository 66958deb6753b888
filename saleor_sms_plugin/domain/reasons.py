"""Why a message waits, ended or was never sent: one word for programs, one sentence for people."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The word stored on a message row; ``sentence`` is what staff read."""

    # No usable number
    NO_PHONE = "no_phone"
    INVALID_NUMBER = "invalid_number"
    LANDLINE = "landline"
    PREMIUM_RATE = "premium_rate"
    NOT_MOBILE = "not_mobile"
    COUNTRY_NOT_ALLOWED = "country_not_allowed"
    NOT_A_TEST_NUMBER = "not_a_test_number"
    SENDER_NOT_ALLOWED = "sender_not_allowed"
    NUMBER_SUPPRESSED = "number_suppressed"
    NUMBER_ERASED = "number_erased"
    NO_CONSENT = "no_consent"
    NOT_CONFIRMED = "not_confirmed"
    OPTED_OUT = "opted_out"
    OPT_OUT_IN_REVIEW = "opt_out_in_review"
    NO_OPT_OUT_PATH = "no_opt_out_path"
    NO_ANSWER_PATH = "no_answer_path"
    FREQUENCY_CAP = "frequency_cap"
    COUNTRY_BUDGET = "country_budget"
    REQUEST_FLOOD = "request_flood"
    # The event needs no text
    SWITCHED_OFF = "switched_off"
    BEFORE_ACTIVATION = "before_activation"
    IMPORTED = "imported"
    REISSUED = "reissued"
    NOTIFY_DECLINED = "notify_declined"
    AWAITING_APPROVAL = "awaiting_approval"
    MERGED = "merged"
    ASKED_BEFORE = "asked_before"
    NOTHING_NEW = "nothing_new"
    DAILY_LIMIT = "daily_limit"
    STAGE_PASSED = "stage_passed"
    PAYMENT_UNCLEAR = "payment_unclear"
    STAFF_MATTER = "staff_matter"
    ONE_REMINDER = "one_reminder"
    DAILY_BUDGET = "daily_budget"
    # The world moved on while it waited
    PAID = "paid"
    PAYMENT_RUNNING = "payment_running"
    EXPIRED = "expired"
    ORDER_GONE = "order_gone"
    CHANNEL_GONE = "channel_gone"
    ORDER_CANCELLED = "order_cancelled"
    PARCEL_CANCELLED = "parcel_cancelled"
    REFUND_REVERSED = "refund_reversed"
    REFUNDED = "refunded"
    PERSON_ERASED = "person_erased"
    CANCELLED_BY_STAFF = "cancelled_by_staff"
    PURCHASED = "purchased"
    CART_CHANGED = "cart_changed"
    SUPERSEDED = "superseded"
    # It waits
    NIGHT = "night"
    MARKETING_HOURS = "marketing_hours"
    USUAL_HOUR = "usual_hour"
    DIGEST = "digest"
    NUMBER_FLOOD = "number_flood"
    STORM = "storm"
    OTHER_INSTALLATION = "other_installation"
    PROVIDER_ACCOUNT = "provider_account"
    OUT_OF_CREDIT = "out_of_credit"
    PROVIDER_DOWN = "provider_down"
    PROVIDER_BUSY = "provider_busy"
    CONFIGURATION = "configuration"
    SENDER_RATE = "sender_rate"
    RETRY = "retry"
    FAULT = "fault"
    # It waits, and no row says so: what is told while it is so
    STOPPED = "stopped"
    QUEUE = "queue"
    # It failed
    TEMPLATE = "template"
    TOO_LONG = "too_long"
    REJECTED = "rejected"
    RETRIES_EXHAUSTED = "retries_exhausted"
    NO_ANSWER = "no_answer"
    WORKER_DIED = "worker_died"
    NOT_DELIVERED = "not_delivered"

    @property
    def sentence(self) -> str:
        return SENTENCES[self]


SENTENCES: dict[Reason, str] = {
    Reason.NO_PHONE: "The order has no phone number.",
    Reason.INVALID_NUMBER: "The phone number is not a number that exists.",
    Reason.LANDLINE: "The phone number is a landline; landlines cannot receive texts.",
    Reason.PREMIUM_RATE: "The phone number is premium-rate or shared-cost; never texted.",
    Reason.NOT_MOBILE: "The phone number is not a mobile number.",
    Reason.COUNTRY_NOT_ALLOWED: "The number's country is not an allowed country of the channel.",
    Reason.NOT_A_TEST_NUMBER: "Test mode: the number is not in “Only text these numbers”.",
    Reason.SENDER_NOT_ALLOWED: "The configured sender cannot be used in the number's country.",
    Reason.NUMBER_SUPPRESSED: (
        "The number is on the list of numbers that are not texted (sms_suppressions)."
    ),
    Reason.NUMBER_ERASED: "The number's owner asked to be forgotten.",
    Reason.NO_CONSENT: "It is marketing in this country, and there is no consent to it.",
    Reason.NOT_CONFIRMED: "The consent still waits for its confirmation (double opt-in).",
    Reason.OPTED_OUT: "The person opted out of these texts.",
    Reason.OPT_OUT_IN_REVIEW: (
        "The person wrote something like an opt-out; staff have not decided on it yet."
    ),
    Reason.NO_OPT_OUT_PATH: (
        "A marketing text must say how to opt out, and neither this sender nor a link serves "
        "there: set opt_out_number (Advanced)."
    ),
    Reason.NO_ANSWER_PATH: (
        "The survey could not be answered: its sender takes no replies, and the text has no "
        "link to the page."
    ),
    Reason.FREQUENCY_CAP: "The person has had as many offers as are allowed in this time.",
    Reason.COUNTRY_BUDGET: "The day's budget for the country is used up.",
    Reason.REQUEST_FLOOD: "Far too many people were to be asked to confirm a consent at once.",
    Reason.SWITCHED_OFF: "The event, or the plugin in this channel, is switched off.",
    Reason.BEFORE_ACTIVATION: "It happened before the event was switched on.",
    Reason.IMPORTED: "The order was imported; old orders are not news.",
    Reason.REISSUED: "The order is a reissue of another one.",
    Reason.NOTIFY_DECLINED: "Staff chose not to notify the customer.",
    Reason.AWAITING_APPROVAL: "The parcel was not approved.",
    Reason.MERGED: "Another text says it already.",
    Reason.ASKED_BEFORE: "The person was asked for this confirmation already.",
    Reason.NOTHING_NEW: "The customer already has this tracking number.",
    Reason.DAILY_LIMIT: "The parcel already had a tracking text within a day.",
    Reason.STAGE_PASSED: "The parcel is further on already.",
    Reason.PAYMENT_UNCLEAR: (
        "Nobody said whether the payment went through; paying again could charge twice."
    ),
    Reason.STAFF_MATTER: "The shop's own request failed; that is for staff.",
    Reason.ONE_REMINDER: "The customer already had the one text there may be about this cart.",
    Reason.DAILY_BUDGET: (
        "The channel's texts for the day are used up (advanced: abandoned.daily_budget for "
        "reminders, budget.all for every text)."
    ),
    Reason.PAID: "It is paid, or the money is reserved.",
    Reason.PAYMENT_RUNNING: "Another attempt to pay is running.",
    Reason.EXPIRED: "It became too late for this text.",
    Reason.ORDER_GONE: "The order, or the cart, no longer exists.",
    Reason.CHANNEL_GONE: "The channel no longer exists.",
    Reason.ORDER_CANCELLED: "The order was cancelled meanwhile.",
    Reason.PARCEL_CANCELLED: "The parcel was cancelled meanwhile.",
    Reason.REFUND_REVERSED: "The refund is no longer on the order.",
    Reason.REFUNDED: "The order was refunded in full meanwhile.",
    Reason.PERSON_ERASED: "The person asked to be forgotten.",
    Reason.PURCHASED: "The cart became an order.",
    Reason.CART_CHANGED: "The cart was changed meanwhile.",
    Reason.SUPERSEDED: "The same person has a newer cart or order.",
    Reason.CANCELLED_BY_STAFF: "Staff ended it (sms_cancel).",
    Reason.NIGHT: "It is night at the recipient; it waits for the morning.",
    Reason.MARKETING_HOURS: "Marketing is not allowed at this hour; it waits for the next one.",
    Reason.USUAL_HOUR: "It waits for the hour in which the customer usually orders.",
    Reason.DIGEST: "It is night at the shop; staff get one digest in the morning.",
    Reason.NUMBER_FLOOD: "This number has had too many texts; it waits for its turn.",
    Reason.STORM: (
        "Far more than usual happened at once; it waits for staff (sms_release, sms_cancel)."
    ),
    Reason.OTHER_INSTALLATION: (
        "This database was copied from another installation, or the shop's address or key "
        "changed; save the plugin once to let it send."
    ),
    Reason.PROVIDER_ACCOUNT: "The provider refuses the account: check key and secret.",
    Reason.OUT_OF_CREDIT: "The provider account has no credit: top it up.",
    Reason.PROVIDER_DOWN: "The provider does not answer properly; it is tried again soon.",
    Reason.PROVIDER_BUSY: "The provider asked for a pause; it is called again after it.",
    Reason.CONFIGURATION: "The channel's configuration is not complete.",
    Reason.SENDER_RATE: "Its sender may send only so many a second; it waits for its turn.",
    Reason.RETRY: "The provider could not take it; it will be tried again.",
    Reason.FAULT: "An unexpected error, see the log; it will be tried again.",
    Reason.STOPPED: (
        "Nothing is sent: rate = 0 in Advanced. Set a rate above 0, or take the line out."
    ),
    Reason.QUEUE: "Its time has come; it goes out when it is its turn.",
    Reason.TEMPLATE: "The text could not be made from its template.",
    Reason.TOO_LONG: "The text is longer than allowed.",
    Reason.REJECTED: "The provider refused this message.",
    Reason.RETRIES_EXHAUSTED: "The provider could not take it, however often it was tried.",
    Reason.NO_ANSWER: (
        "The provider may have taken it but did not say so; never sent again by itself."
    ),
    Reason.WORKER_DIED: "The worker ended during the call; never sent again by itself.",
    Reason.NOT_DELIVERED: "The provider took it, but the phone did not get it.",
}
