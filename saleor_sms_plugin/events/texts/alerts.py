"""What staff read when the plugin itself needs them: GSM-7, by language, English first."""

from __future__ import annotations

from collections.abc import Mapping

#: {shop}: its name; {count}: events within the hour; {event}: the event's name in the catalogue
STORM: Mapping[str, str] = {
    "en": (
        "{shop}: {count} x {event} within an hour, far more than usual. Their texts are held. "
        "See sms_release and sms_cancel."
    ),
    "pl": (
        "{shop}: {count} x {event} w ciagu godziny, duzo wiecej niz zwykle. SMS-y o tym sa "
        "wstrzymane. Zob. sms_release i sms_cancel."
    ),
    "it": (
        "{shop}: {count} x {event} in un'ora, molto più del solito. Gli SMS relativi sono "
        "trattenuti. Vedi sms_release e sms_cancel."
    ),
    "de": (
        "{shop}: {count} x {event} in einer Stunde, viel mehr als sonst. Die SMS dazu werden "
        "zurückgehalten. Siehe sms_release und sms_cancel."
    ),
    "fr": (
        "{shop} : {count} x {event} en une heure, bien plus que d'habitude. Les SMS sont "
        "retenus. Voir sms_release et sms_cancel."
    ),
    "es": (
        "{shop}: {count} x {event} en una hora, mucho mas de lo normal. Los SMS quedan retenidos. "
        "Ver sms_release y sms_cancel."
    ),
}
