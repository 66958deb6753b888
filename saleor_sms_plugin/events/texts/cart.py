"""The common frame of the reminders about a cart, in whatever language."""

from __future__ import annotations


def reminder(words: str, *, code: str, until: str, colon: str = ":") -> str:
    """The template: *words* with the cart's link, the voucher where there is one, the opt-out.

    *code* and *until* are the words before the voucher's code and before its last day.
    """
    return (
        f"{{{{ shop.name }}}}{colon} {words}"
        f"{{% if checkout.recovery_url %}}{colon} {{{{ checkout.recovery_url }}}}"
        "{% else %}.{% endif %}"
        f"{{% if voucher.code %}} {code} {{{{ voucher.code }}}}"
        f"{{% if voucher.valid_until %}} {until} {{{{ voucher.valid_until | sms_date: 'short' }}}}"
        "{% endif %}.{% endif %}"
        "{% if opt_out.text %} {{ opt_out.text }}{% endif %}"
    )
