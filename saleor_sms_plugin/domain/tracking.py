"""From a tracking number to the carrier's page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

_IS_URL = re.compile(r"^https?://\S+$", re.IGNORECASE)

#: (words in a shipping method's name, page with the number in place of {number}).
#: Each address is the one on the carrier's own public tracking page.
CARRIERS: tuple[tuple[str, str], ...] = (
    (r"\binpost\b|paczkomat", "https://inpost.pl/sledzenie-przesylek?number={number}"),
    (r"\bpocztex\b|poczta polska", "https://emonitoring.poczta-polska.pl/?numer={number}"),
    (r"\bdhl\b", "https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}"),
    (r"\bdpd\b", "https://www.dpdgroup.com/mydpd/my-parcels/track?parcelNumber={number}"),
    (r"\bgls\b", "https://gls-group.com/track/{number}"),
    (r"\bups\b", "https://www.ups.com/track?tracknum={number}"),
    (r"\bfedex\b", "https://www.fedex.com/fedextrack/?trknbr={number}"),
    (r"\busps\b", "https://tools.usps.com/go/TrackConfirmAction?tLabels={number}"),
    (r"\broyal mail\b", "https://www.royalmail.com/track-your-item#/tracking-results/{number}"),
    (r"\bevri\b|\bhermes\b", "https://www.evri.com/track/parcel/{number}"),
    (r"\bbrt\b|bartolini", "https://vas.brt.it/vas/sped_numspe_par.htm?sped_num={number}"),
    (r"poste italiane", "https://www.poste.it/cerca/index.html#/risultati-spedizioni/{number}"),
    (
        r"\bcorreos\b",
        "https://www.correos.es/es/es/herramientas/localizador/envios/detalle?tracking-number={number}",
    ),
    (r"colissimo|la poste", "https://www.laposte.fr/outils/suivre-vos-envois?code={number}"),
    (r"chronopost", "https://www.chronopost.fr/tracking-no-cms/suivi-page?listeNumerosLT={number}"),
    (r"mondial relay", "https://www.mondialrelay.fr/suivi-de-colis/?numeroExpedition={number}"),
    (r"\bpostnl\b", "https://jouw.postnl.nl/track-and-trace/{number}"),
    (r"\bbpost\b", "https://track.bpost.cloud/btr/web/#/search?itemCode={number}"),
)


def tracking_url(number: str, method_name: str, patterns: Mapping[str, str]) -> str | None:
    """The page that shows the parcel, None when nothing is known but the number.

    The number itself where it is an address; else the shop's pattern for the shipping method
    (``patterns``: lower-case method name, or ``*``, → address with ``{number}``); else that of a
    common carrier whose name is in the method's name.
    """
    number = number.strip()
    if not number:
        return None
    if _IS_URL.match(number):
        return number
    name = method_name.strip().lower()
    pattern = (
        patterns.get(name)
        or next((page for words, page in CARRIERS if re.search(words, name)), None)
        or patterns.get("*")
    )
    return pattern.replace("{number}", quote(number, safe="")) if pattern else None
