"""The common frame of the question how an order was, in whatever language."""

from __future__ import annotations


def question(words: str, *, reply: str, page: str, colon: str = ":") -> str:
    """The template: *words* ask, *reply* says how to answer by text, *page* stands before the
    address where the sender takes no replies."""
    return (
        f"{{{{ shop.name }}}}{colon} {words}"
        f"{{% if survey.url %}} {page}{colon} {{{{ survey.url }}}}{{% else %}} {reply}{{% endif %}}"
        "{% if opt_out.text %} {{ opt_out.text }}{% endif %}"
    )
