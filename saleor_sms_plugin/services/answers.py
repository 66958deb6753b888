"""Answers: texts to one person that no event of the shop causes, rendered when they are made."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping

from ..domain import phone_numbers, rendering
from ..domain.transitions import MessageStatus
from ..events.answers import ANSWERS, answer_for
from ..events.catalogue import ANSWER_PRIORITY, PRIORITIES, Purpose
from ..events.texts import BUILT_IN, built_in
from ..exceptions import TemplateError
from ..models import Message
from ..ports import Ports, Voucher
from .channels import Channel
from .context import build_context

logger = logging.getLogger(__name__)

LASTS = dt.timedelta(minutes=5)  #: whoever wrote does not wait for longer


def send(
    name: str,
    number: str,
    channel: Channel,
    ports: Ports,
    *,
    language: str = "",
    urls: Mapping[str, str] | None = None,
    voucher: Voucher | None = None,
    lasts: dt.timedelta = LASTS,
) -> Message:
    """The answer waits for the next run, in the number's country's own form; returns its row.

    ``urls`` and ``voucher`` fill its variables. The door refuses it as any other text to that
    number, but for opt-outs: who wrote is answered. Call it under writer access.
    """
    country = phone_numbers.country_of(number)
    name = answer_for(name, country)
    body, found = _written(name, language or language_of(country), channel, urls or {}, voucher)
    now = ports.clock.now()
    purpose = ANSWERS[name].purpose
    return Message.objects.create(
        event_name=name,
        channel_id=channel.id,
        channel_slug=channel.slug,
        purpose=purpose,
        priority=PRIORITIES[purpose] if purpose is Purpose.MARKETING else ANSWER_PRIORITY,
        recipient=number,
        country=country,
        language=found,
        body=body,
        status=MessageStatus.QUEUED,
        due_at=now,
        not_before=now,
        expires_at=now + lasts,
        created_at=now,
    )


def language_of(country: str) -> str:
    """The country's main language that there are texts in, else English."""
    return next((each for each in languages_of(country) if each in BUILT_IN), "en")


def languages_of(country: str) -> tuple[str, ...]:
    """The country's official languages (CLDR), the one most people speak first."""
    from babel.languages import get_official_languages

    return tuple(get_official_languages(country, de_facto=True))


def _written(
    name: str,
    language: str,
    channel: Channel,
    urls: Mapping[str, str],
    voucher: Voucher | None,
) -> tuple[str, str]:
    """The words and their language; a mistake in the owner's text withholds no answer."""
    chosen = channel.config.text(name, language)
    try:
        return _rendered(chosen.source, chosen.language, channel, urls, voucher), chosen.language
    except TemplateError as error:
        logger.warning("%s cannot be written, the built-in text is sent: %s", chosen.field, error)
        found, source = built_in(name, language)
        return _rendered(source, found, channel, urls, voucher), found


def _rendered(
    source: str,
    language: str,
    channel: Channel,
    urls: Mapping[str, str],
    voucher: Voucher | None,
) -> str:
    context = build_context(channel, None, language, {}, urls, voucher)
    return rendering.compile(source).render(context, locale=language)
