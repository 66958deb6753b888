"""Rendering: what a template may do, what it costs, and what it can never do."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from decimal import Decimal

import pytest

from saleor_sms_plugin.domain.rendering import MAX_SOURCE, Template, compile, validate
from saleor_sms_plugin.domain.segments import is_gsm7, measure
from saleor_sms_plugin.exceptions import TemplateError

CONTEXT: dict[str, dict[str, object]] = {
    "shop": {"name": "Łąka & Synowie", "contact": None},
    "order": {
        "number": "100-25",
        "total_amount": Decimal("1299.90"),
        "currency": "PLN",
        "item_count": 3,
        "created_at": dt.datetime(2026, 10, 1, 15, 30, tzinfo=dt.UTC),
        "gift": True,
    },
    "customer": {"first_name": "Zoë\n\u202eŻ", "note": "{{ order.number }}{% if x %}"},
}
VARIABLES = {f"{group}.{name}" for group, values in CONTEXT.items() for name in values}


def render(source: str, locale: str = "en") -> str:
    return compile(source).render(CONTEXT, locale=locale)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ shop.name }}: order {{ order.number }}.", "Laka & Synowie: order 100-25."),
        ("{% if shop.contact %}Call {{ shop.contact }}{% else %}Bye{% endif %}", "Bye"),
        ("[{{ shop.contact }}]", "[]"),
        ("[{{ shop.contact | default: 'us' }}]", "[us]"),
        ("{% if order.total_amount > 1000 %}big{% endif %}", "big"),
        ("{% case order.currency %}{% when 'PLN' %}zl{% else %}?{% endcase %}", "zl"),
        ("{{ order.total_amount }} {{ order.gift }} {{ order.item_count }}", "1299.90 true 3"),
        ("{{ order.total_amount | times: 2 | plus: 0.2 }}", "2600.0"),
        ("{% assign p = order.number | split: '-' %}{{ p[0] }}/{{ p[1] }}/{{ p[2] }}", "100/25/"),
        ("{% if shop.contact %}{% assign q = 1 %}{% endif %}[{{ q }}]", "[]"),
        ("{% for i in (1..3) %}{{ i }}{% unless forloop.last %},{% endunless %}{% endfor %}",
         "1,2,3"),
        ("{% comment %} ł {% endcomment %}{% # ł %}{{ shop.name }}", "Laka & Synowie"),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
        ("{{ customer.note }}", "{{ order.number }}{% if x %}"),
        ("{{ order.number | replace: '-', '/' | append: '!' }}", "100/25!"),
        ("{{ order.created_at }}", "Oct 1, 2026"),
    ],
)  # fmt: skip
def test_liquid(source: str, text: str) -> None:
    """Liquid as shop owners know it, on plain values; nil reads as nothing."""
    assert render(source) == text


def test_the_template_decides_the_alphabet() -> None:
    """GSM-7 words fold the values; one other letter of the owner's own leaves them alone."""
    cheap, dear = "Hi {{ shop.name }}", "Cześć {{ shop.name }}"
    assert (compile(cheap).gsm7, render(cheap)) == (True, "Hi Laka & Synowie")
    assert (compile(dear).gsm7, render(dear)) == (False, "Cześć Łąka & Synowie")


@pytest.mark.parametrize(
    ("source", "gsm7"),
    [
        ("{{ shop.name | default: 'Łąka' }}", False),
        ("{% assign x = 'ł' %}{{ x }}", False),
        ("{% capture x %}ł{% endcapture %}", False),
        ("{% if shop.name == 'Łąka' %}a{% endif %}", True),
        ("{% comment %}ł{% endcomment %}a", True),
        ("a\u00a0b\u202fc\t", True),
        ("“a”", False),
    ],
)
def test_the_owners_words(source: str, gsm7: bool) -> None:
    """Words to be read count, also in quotes; comparisons, comments and odd spaces do not."""
    assert compile(source).gsm7 is gsm7


def test_conditions_see_the_true_value() -> None:
    """Folding is for the phone; a comparison sees what the shop stored."""
    assert render("{% if shop.name contains 'Łąka' %}yes{% endif %}") == "yes"


@pytest.mark.parametrize("words", ["Hi", "Cześć"])
def test_values_stay_on_one_line(words: str) -> None:
    """A value brings no line, no control and no bidi character into any text."""
    text = render(words + "\n{{ customer.first_name }}|")
    assert text == words + ("\nZoe Z|" if words == "Hi" else "\nZoë Ż|")


def test_layout() -> None:
    """No space around the text or at lines' ends, at most one blank line, Unix line ends."""
    assert render("\r\n a \r\n \r\n\r\n\r\n b\u00a0c\r\n") == "a\n\n b c"


@pytest.mark.parametrize(
    ("source", "locale", "text"),
    [
        ("{{ order.total_amount | sms_money: order.currency }}", "pl", "1 299,90 PLN"),
        ("{{ order.total_amount | sms_money: 'EUR' }}", "de", "1.299,90 €"),
        ("{{ order.total_amount | sms_money: 'EUR' }}", "fr", "1 299,90 €"),
        ("{{ order.total_amount | times: 2 | sms_money: 'GBP' }}", "en-gb", "£2,599.80"),
        ("[{{ shop.contact | sms_money: 'EUR' }}]", "en", "[]"),
        ("{{ order.created_at | sms_date }}", "pl", "1 paz 2026"),
        ("ś {{ order.created_at | sms_date }}", "pl", "ś 1 paź 2026"),
        ("{{ order.created_at | sms_date: 'short' }}", "de", "01.10.26"),
        ("{{ order.created_at | sms_date: 'h:mm a' }}", "en", "3:30 PM"),
        ("[{{ shop.contact | sms_date }}]", "en", "[]"),
        ("{{ shop.name | shorten: 8 }}", "en", "Laka..."),
        ("ś {{ shop.name | shorten: 8 }}", "en", "ś Łąka..."),
        ("{{ '€€€€€' | shorten: 9 }}", "en", "€€€..."),
        ("[{{ shop.contact | shorten: 8 }}]", "en", "[]"),
    ],
)
def test_our_filters(source: str, locale: str, text: str) -> None:
    """Money, dates and lengths in the reader's language, in letters the text can afford."""
    assert render(source, locale) == text


@pytest.mark.parametrize(
    ("source", "message", "line", "column"),
    [
        ("a\n {% if shop.name %}", "expected tag endif, found the end", 2, 20),
        ("a\n{{ order.number | }}", "expected word", 2, 4),
        ("a\n{{ order.number", "expected '}}', found the end", 2, 1),
        ("{{ order number }}", "found word", 1, 10),
        ("a\n  {{ order.number | upcas }}", "no filter “upcas”. Did you mean upcase?", 2, 21),
        ("{{ order.created_at | date: '%d' }}", "Did you mean sms_date?", 1, 23),
        ("{% include 'x' %}", "unexpected tag 'include'", 1, 4),
        ("{% render 'x' %}", "unexpected tag 'render'", 1, 4),
        ("{% extends 'x' %}", "unexpected tag 'extends'", 1, 4),
        ("{% liquid assign a = 1 %}", "unexpected tag 'liquid'", 1, 4),
        ("{% tablerow a in (1..3) %}{% endtablerow %}", "unexpected tag 'tablerow'", 1, 4),
        ("a" * (MAX_SOURCE + 1), "5,001 characters; at most 5,000", None, None),
    ],
)
def test_syntax_errors_have_a_place(
    source: str, message: str, line: int | None, column: int | None
) -> None:
    """A wrong template is refused before it is stored, with line and column from 1."""
    with pytest.raises(TemplateError) as error:
        compile(source)
    assert message in str(error.value)
    assert (error.value.line, error.value.column) == (line, column)


def test_errors_count_from_the_sections_line() -> None:
    """The second language's errors name the field's line, also on a repeated compile."""
    for _ in range(2):
        with pytest.raises(TemplateError) as error:
            compile("a\n{{ order.number | }}", first_line=7)
        assert (error.value.line, error.value.column) == (8, 4)
    with pytest.raises(TemplateError) as error:
        validate("a\n{{ order.nummer }}", VARIABLES, first_line=7)
    assert (error.value.line, error.value.column) == (8, 4)


@pytest.mark.parametrize(
    ("source", "message", "line", "column"),
    [
        ("a\n{{ order.nmber }}", "“order.nmber” in this text. Did you mean order.number?", 2, 4),
        ("{{ now }}", "“now”", 1, 4),
        ("{{ order }}", "“order”", 1, 4),
        ("{{ order.number.size }}", "Did you mean order.number?", 1, 4),
        ("{{ order[shop.name] }}", "“order[shop.name]”", 1, 4),
        ("{% for x in order %}{{ x }}{% endfor %}", "“order”", 1, 13),
        ("{% if nope.x %}a{% endif %}", "“nope.x”", 1, 7),
        ("{% if shop.name %}{% if order.x == 1 %}{% endif %}{% endif %}", "“order.x”", 1, 25),
        ("{{ 'a' | append: order.x }}", "“order.x”", 1, 18),
        ("{{ mine }}{% assign mine = 1 %}", "“mine”", 1, 4),
        ("{% assign order = 1 %}", "my_order", 1, 11),
    ],
)
def test_unknown_variables(source: str, message: str, line: int, column: int) -> None:
    """A name that is not the event's is found at save, also where it would never render."""
    with pytest.raises(TemplateError) as error:
        validate(source, VARIABLES)
    assert message in str(error.value)
    assert (error.value.line, error.value.column) == (line, column)


def test_valid_templates_pass() -> None:
    """What the event offers and what the text assigns itself is known."""
    validate(
        "{% assign p = order.number | split: '-' %}{{ p.first }}{{ order['number'] }}"
        "{% for x in p %}{{ x }}{{ forloop.index }}{% endfor %}{{ order.gift }}",
        VARIABLES,
    )
    assert compile("{{ order.number }}{% if shop.name %}{% endif %}").variables == {
        "order.number",
        "shop.name",
    }


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ order.nope }}", "order.nope is not among"),
        ("{% if nope %}{% endif %}", "nope"),
        ("{{ order.nope | default: 'x' }}", "order.nope"),
        ("{{ now }}{{ today }}", "now"),
        ("{{ order }}", "group of values"),
        ("{{ order.number.__class__ }}", "is not among"),
        ("{{ order.created_at.year }}", "is not among"),
        ("{{ order.total_amount.real }}", "is not among"),
        ("{{ 'x' | sms_money: 'EUR' }}", "sms_money: use it on a number"),
        ("{{ order.number | sms_date }}", "sms_date"),
        ("{{ order.created_at | sms_date: '%d' }}", "such as d MMM HH:mm"),
        ("{{ order.number | shorten }}", "shorten: 40"),
        ("{{ order.item_count | divided_by: 0 }}", "divide by 0"),
        ("{% break %}", "unexpected 'break'"),
    ],
)
def test_what_cannot_be_rendered(source: str, message: str) -> None:
    """A text with a value that is not there, or of another kind, is not sent with a hole."""
    with pytest.raises(TemplateError, match=message.replace("(", r"\(")):
        render(source)


GROW = "{% assign a = 'aaaaaaaaaa' %}{% for i in (1..50) %}{% assign a = a | FILTER %}{% endfor %}"


@pytest.mark.parametrize(
    "source",
    [
        GROW.replace("FILTER", "append: a"),
        GROW.replace("FILTER", "prepend: a"),
        GROW.replace("FILTER", "replace: 'a', a"),
        GROW.replace("FILTER", "replace: '', a"),
        GROW.replace("FILTER", "replace_first: 'a', a | append: a"),
        GROW.replace("FILTER", "split: '' | join: a"),
        GROW.replace("FILTER", "url_encode | append: a"),
        GROW.replace("'aaaaaaaaaa'", "9").replace("FILTER", "times: a"),
        "{% assign a = 'aaaaaaaaaa' %}{% for i in (1..50) %}{% capture a %}{{ a }}{{ a }}"
        "{% endcapture %}{% endfor %}",
        GROW.replace("50", "10").replace("FILTER", "append: a")
        + "".join(f"{{% assign b{n} = a %}}" for n in range(20)),
        "{% for i in (1..1000000000) %}a{% endfor %}",
        "{% for i in (1..1000000000) reversed %}a{% endfor %}",
        "{% for i in (1..order.item_count) %}a{% endfor %}",
        "{{ (1..1000000000) | join }}",
        "{% assign a = (1..1000000000) %}{{ a.size }}",
        "{% for i in (1..100) %}{% for j in (1..100) %}a{% endfor %}{% endfor %}",
        "{% for i in (1..100) %}{{ '" + "a" * 500 + "' }}{% endfor %}",
        "{{ '1e999999999' | sms_money: 'EUR' }}",
        "{{ 'nan' | sms_money: 'EUR' }}",
        "{{ 9" + "9" * 4000 + " | times: 2 }}",
        "{% if a %}" * 40 + "{% endif %}" * 40,
        "{{ " + "a[" * 1000 + "]" * 1000 + " }}",
        "{% if " + "true and " * 500 + "true %}a{% endif %}",
        "{{ " + "(" * 1000 + " }}",
        "{{" * 500,
        "{% raw %}" * 200,
        "{% for i in (1..100) %}"
        + ("{{ order.number | append: '" + "a" * 1000 + "' | upcase | size }}") * 4
        + "{% endfor %}",
        "{% for i in (1..100) %}{% for j in (1..10) %}"
        + "{% assign a = i | sms_money: 'EUR' %}" * 100
        + "{% endfor %}{% endfor %}",
        "\ud800",
    ],
)  # fmt: skip
def test_hostile_templates_end_in_an_error(source: str) -> None:
    """Whatever is built to hang or to swell is refused, at compile or by a limit."""
    with pytest.raises(TemplateError):
        render(source)


ROUNDS = "{% for a in (1..10) %}{% for b in (1..99) %}BODY{% endfor %}{% endfor %}"
LONG = (
    "{% assign s = 'aaaaaaaaaa' %}{% for i in (1..10) %}{% assign s = s | append: s %}{% endfor %}"
    "{% assign p = s | split: '' %}"
)


@pytest.mark.parametrize(
    "body",
    [
        "{% if a == b or a > b or a == 4 %}{% assign x = a %}{% endif %}" * 60,
        "{% case a %}" + "{% when 99, 98, 97, 96, 95 %}" * 100 + "{% endcase %}",
        "".join(f"{{% assign x{n} = a %}}" for n in range(200)),
        "{% capture c %}" + "{{ a }}" * 500 + "{% endcapture %}",
        "{% capture c %}{{ s }}{% endcapture %}",
        "{% if s contains a %}{% endif %}" * 100,
        "{% if p == p %}{% endif %}" * 100,
        "{% for q in p limit: 1 offset: 9000 %}{% endfor %}" * 50,
    ],
)
def test_what_rounds_do_is_counted(body: str) -> None:
    """Conditions, assignments and values put in, too: long before a worker hangs."""
    with pytest.raises(TemplateError, match="has too much to do"):
        render(LONG + ROUNDS.replace("BODY", body))


def test_an_ordinary_loop_is_far_from_the_limit() -> None:
    """A list of a hundred, each with conditions and filters of its own."""
    body = (
        "{% if i > 3 and i != 5 %}{{ i | times: 2 }}{% unless forloop.last %}, {% endunless %}"
        "{% assign sum = sum | plus: i %}{% endif %}"
    )
    text = render("{% assign sum = 0 %}{% for i in (1..100) %}" + body + "{% endfor %} {{ sum }}")
    assert text.startswith("8, 12, 14")
    assert text.endswith("200 5039")


def test_a_variable_written_again_counts_once() -> None:
    """What a text keeps is what its variables hold now."""
    source = "{% assign a = 'aaaaaaaaaa' %}" + "{% assign a = a | append: a %}" * 10
    assert render(source + "{% assign b = a %}" * 60 + "{{ b | size }}") == "10240"


def test_objects_are_out_of_reach() -> None:
    """A value that is no plain one is never touched: neither its attributes nor its text."""

    class Trap:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(name)

        def __str__(self) -> str:
            raise AssertionError

        def __getitem__(self, key: object) -> object:
            raise AssertionError

    for source in ("{{ order.trap }}", "{{ order.trap.name }}", "{{ order.trap[0] }}"):
        with pytest.raises(TemplateError):
            compile(source).render({"order": {"trap": Trap()}})


def test_compiling_twice_gives_the_same_template() -> None:
    """Templates are kept: a worker parses each text once."""
    assert compile("kept {{ order.number }}") is compile("kept {{ order.number }}")
    assert isinstance(compile("kept"), Template)


def test_a_rendered_text_is_what_was_measured() -> None:
    """A GSM-7 template with Polish values costs one segment."""
    text = render(
        "{{ shop.name }}: otrzymalismy zamowienie {{ order.number }} na "
        "{{ order.total_amount | sms_money: order.currency }}.",
        "pl",
    )
    assert text == "Laka & Synowie: otrzymalismy zamowienie 100-25 na 1 299,90 PLN."
    assert is_gsm7(text)
    assert measure(text).segment_count == 1


def test_liquid_is_imported_at_the_first_compile_only() -> None:
    """Importing the module costs no third of a second."""
    code = (
        "import sys, saleor_sms_plugin.domain.rendering as r;"
        "assert not {'liquid', 'babel', 'phonenumbers'} & set(sys.modules);"
        "r.compile('a'); assert 'liquid' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
