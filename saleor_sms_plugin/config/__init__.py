"""One channel's settings: the dashboard form, what it means, and what a save refuses."""

from __future__ import annotations

from .advanced import ALL_COUNTRIES, PhoneSource
from .checking import check, no_such_voucher
from .fields import (
    Field,
    configuration_structure,
    default_configuration,
    fields,
    send_field,
    text_field,
)
from .limits import FloodLimit
from .notices import notices
from .parsing import SmsConfig, parse
from .problems import Problem, problem
from .rows import fingerprint, mask, stored_values
from .texts import Text, sample_context

__all__ = [
    "ALL_COUNTRIES",
    "Field",
    "FloodLimit",
    "PhoneSource",
    "Problem",
    "SmsConfig",
    "Text",
    "check",
    "configuration_structure",
    "default_configuration",
    "fields",
    "fingerprint",
    "mask",
    "no_such_voucher",
    "notices",
    "parse",
    "problem",
    "sample_context",
    "send_field",
    "stored_values",
    "text_field",
]
