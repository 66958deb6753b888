"""Consents and opt-outs brought as a file, and the ledger given out as one."""

from __future__ import annotations

import csv
import datetime as dt
import json
import stat
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from saleor_sms_plugin import wiring
from saleor_sms_plugin.domain.consent import Act, Scope
from saleor_sms_plugin.models import ConsentEntry
from saleor_sms_plugin.services import consent_files, ledger, person
from saleor_sms_plugin.services.channels import load
from saleor_sms_plugin.services.ledger import Deed, Source
from tests.integration.stage import BUYER, CHANNEL, Stage

HEADER = "phone,scope,given_at,source,wording,language,shop,ip"
GOOD = "+48512345678,offers,2024-05-31T10:00:00Z,web form,Yes to offers by Acme,en,,192.0.2.7"

#: (number, scope, act, instant)
Row = tuple[str, str, str, str]
Import = Callable[..., dict[str, Any]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "list.csv"


@pytest.fixture
def bring(stage: Stage, path: Path, monkeypatch: pytest.MonkeyPatch) -> Import:
    """Writes the lines to the file and runs the command; its JSON, with its end as ``code``."""
    stage.configure("order_created")
    monkeypatch.setattr(wiring, "ports", lambda: stage.ports)

    def command(*lines: str, options: tuple[str, ...] = (), raw: bytes = b"") -> dict[str, Any]:
        path.write_bytes(raw or "\n".join(lines).encode())
        out, code = StringIO(), 0
        try:
            call_command("sms_consent_import", str(path), "--json", *options, stdout=out)
        except CommandError as error:
            if not out.getvalue():
                raise
            code = error.returncode
        result: dict[str, Any] = json.loads(out.getvalue())
        return {**result, "code": code}

    return command


def rows() -> list[Row]:
    return [
        (row.number, row.scope, row.act, f"{row.occurred_at:%Y-%m-%d %H:%M}")
        for row in ConsentEntry.objects.order_by("pk")
    ]


def refused(path: Path) -> list[tuple[str, str]]:
    """(line, reason) of what was written beside the file."""
    with Path(f"{path}.rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        return [(row["line"], row["reason"]) for row in csv.DictReader(file)]


def test_a_consent_with_its_proof_is_taken(bring: Import) -> None:
    """Words, language, address and instant as the file says; source is the import."""
    done = bring(HEADER, GOOD, options=("--by", "Ania"))

    assert (done["lines"], done["refused"], done["acts"], done["new"]) == (1, 0, 1, 1)
    assert (done["code"], done["refused_file"]) == (0, "")
    row = ConsentEntry.objects.get()
    assert (row.number, row.scope, row.act) == (BUYER.phone, "offers", "given")
    assert (row.basis, row.source, row.staff) == ("express_written", "import", "Ania: web form")
    assert (row.wording, row.language, row.ip) == ("Yes to offers by Acme", "en", "192.0.2.7")
    assert row.occurred_at == dt.datetime(2024, 5, 31, 10, tzinfo=dt.UTC)
    assert (row.channel_id, row.channel_slug) == (None, "")


def test_the_same_file_again_adds_nothing(bring: Import) -> None:
    """Nor does a line that stands in it twice."""
    bring(HEADER, GOOD, GOOD)
    assert ConsentEntry.objects.count() == 1

    done = bring(HEADER, GOOD, GOOD)

    assert (done["acts"], done["new"]) == (2, 0)
    assert ConsentEntry.objects.count() == 1


def test_a_confirmed_consent_is_two_acts(bring: Import, stage: Stage) -> None:
    """Given, then confirmed, so that it counts where the law demands both steps."""
    bring(f"{HEADER},confirmed_at", f"{GOOD},2024-05-31T10:05:00Z")

    assert rows() == [
        (BUYER.phone, "offers", "given", "2024-05-31 10:00"),
        (BUYER.phone, "offers", "confirmed", "2024-05-31 10:05"),
    ]
    channel = load(stage.ports)[CHANNEL]
    known = ledger.read([BUYER.phone]).standing(BUYER.phone, Scope.OFFERS, channel)
    assert known.confirmed is not None
    assert stage.rows == []  # nobody is asked


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("+48512345678,offers,,web,Yes to Acme,,,", "given_at: a consent counts only with the day"),
        ("+48512345678,offers,2024-05-31,,Yes to Acme,,,", "source: a consent counts only with"),
        ("+48512345678,offers,2024-05-31,web,,,,", "wording: a consent counts only with its"),
        ("+48512345678,offers,2024-05-31,web,Yes,,,", "shop: neither this column nor the wording"),
        ("+48512345678,offers,2024-05-31,web,Yes,,Other,", "shop: “other” is another shop than “A"),
        ("+48512345678,offers,2026-03-02T12:01:00Z,web,Yes,,Acme,", "given_at: in the future"),
        ("+48512345678,offers,05/31/2024,web,Yes,,Acme,", "given_at: “05/31/2024” is no date."),
        ("+48512345678,mail,2024-05-31,web,Yes,,Acme,", "scope: “mail” will not do. Write offers"),
        ("+48512345678,offers,2024-05-31,web,Yes,,Acme,home", "ip: “home” is no IP address"),
        ("4.85123E+10,offers,2024-05-31,web,Yes,,Acme,", "phone: a spreadsheet has shortened"),
        ("512345678,offers,2024-05-31,web,Yes,,Acme,", "phone: “51…” has no country."),
        ("+48221234567,offers,2024-05-31,web,Yes,,Acme,", "phone: +48*****567: The phone"),
        ("+48512345678,offers,2024-05-31,web,Yes,,Acme,,x", "more cells than the first line has"),
        (f"+48512345678,offers,2024-05-31,web,{'x' * 5001},,Acme,", "wording: longer than 5,000"),
    ],
)
def test_a_consent_without_proof_is_refused(bring: Import, path: Path, line: str, why: str) -> None:
    """By line and reason; the good line beside it is taken."""
    done = bring(HEADER, line, GOOD)

    assert (done["lines"], done["refused"], done["new"], done["code"]) == (2, 1, 1, 1)
    ((number, reason),) = refused(path)
    assert number == "2"
    assert reason.startswith(why)


def test_refused_lines_can_be_mended_and_brought_again(bring: Import, path: Path) -> None:
    """The file beside has the same columns, is safe for spreadsheets, and is its owner's alone."""
    bring(HEADER, '+48512345678,offers,,web,"=1+1 Acme",,,')
    beside = Path(f"{path}.rejected.csv")
    assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    text = beside.read_text(encoding="utf-8-sig")
    assert "'=1+1 Acme" in text
    assert "'+48512345678" in text

    done = bring(raw=text.replace('"offers","",', '"offers","31.05.2024",').encode())

    assert (done["refused"], done["new"], done["ignored"]) == (0, 1, [])
    assert ConsentEntry.objects.get().wording == "=1+1 Acme"
    assert ConsentEntry.objects.get().number == BUYER.phone


@pytest.mark.parametrize("phone", ["48512345678", "'+48512345678", "48512345678.0", "512 345 678"])
def test_a_phone_is_mended(bring: Import, phone: str) -> None:
    """What Excel took away, and the country where one is named."""
    done = bring(HEADER, GOOD.replace("+48512345678", phone), options=("--country", "pl"))
    assert done["new"] == 1
    assert ConsentEntry.objects.get().number == BUYER.phone


def test_a_list_of_numbers_is_enough_to_opt_out(bring: Import) -> None:
    """Marketing ends now; in the USA everything does."""
    done = bring("+48512345678", "12025550123", options=("--opt-outs",))

    assert (done["lines"], done["refused"], done["acts"]) == (2, 0, 5)
    assert rows() == [
        (BUYER.phone, "offers", "withdrawn", "2026-03-02 12:00"),
        (BUYER.phone, "cart_reminders", "withdrawn", "2026-03-02 12:00"),
        ("+12025550123", "offers", "withdrawn", "2026-03-02 12:00"),
        ("+12025550123", "cart_reminders", "withdrawn", "2026-03-02 12:00"),
        ("+12025550123", "service", "withdrawn", "2026-03-02 12:00"),
    ]


def test_an_opt_out_needs_no_proof(bring: Import, stage: Stage) -> None:
    """In a file of consents too; a day that cannot be, or be read, is today."""
    done = bring(
        "phone,act,scope,given_at",
        "+48512345678,unsubscribed,offers,soon",
        "+48601234567,withdrawn,offers,2030-01-01",
        "+48501000001,stop,all,2024-05-31",
    )
    assert (done["refused"], done["acts"]) == (0, 5)
    assert {(number, at) for number, _, _, at in rows()} == {
        ("+48512345678", "2026-03-02 12:00"),
        ("+48601234567", "2026-03-02 12:00"),
        ("+48501000001", "2024-05-30 22:00"),  # midnight in Warsaw
    }


@pytest.mark.parametrize(
    "act",
    [
        *("Unsub", "optout", "Opted-Out", "STOPPED", "no", "not subscribed", "abgemeldet", "dnc"),
        *("désinscrit", "Désabonné", "refusé", "disabbonato", "disdetta", "annullato"),
        *("rifiutato", "wycofana", "odwołana", "wyrejestrowany", "nie", "nein", "n", "N."),
    ],
)
def test_a_row_that_looks_like_an_opt_out_is_one(bring: Import, act: str) -> None:
    """Whatever the list's own word for it, and with more cells than there are columns."""
    done = bring("phone,act", f"{BUYER.phone},{act},and more")

    assert (done["refused"], done["acts"]) == (0, 2)
    assert {act for _, _, act, _ in rows()} == {"withdrawn"}


def test_an_opt_out_is_always_taken(bring: Import) -> None:
    """In a list of opt-outs no word of ``act`` makes it none, and long cells are cut."""
    done = bring(
        "phone,act,wording,source,language",
        f"{BUYER.phone},given,{'x' * 5001},{'y' * 151},{'z' * 36}",
        options=("--opt-outs",),
    )  # fmt: skip

    assert (done["refused"], done["acts"]) == (0, 2)
    row = ConsentEntry.objects.filter(scope=Scope.OFFERS).get()
    assert (row.act, row.wording, row.language) == ("withdrawn", "x" * 5000, "z" * 35)


@pytest.mark.parametrize("day", ["", "soon", "2030-01-01"])
def test_an_opt_out_without_a_day_holds_anew_each_time(
    bring: Import, stage: Stage, day: str
) -> None:
    """Who opted in again meanwhile is stopped again, and the result counts such lines."""
    header, line = "phone,act,given_at", f"{BUYER.phone},unsubscribed,{day}"
    assert (bring(header, line)["new"], stopped(stage)) == (2, True)
    stage.clock.move(days=30)
    with stage.ports.shop.writer():
        opted_in = Deed(
            number=BUYER.phone, scopes=tuple(Scope), act=Act.RESTORED, source=Source.REPLY
        )
        ledger.put([opted_in], stage.ports)
    assert not stopped(stage)

    stage.clock.move(days=30)
    done = bring(header, line, "+48601234567,unsubscribed,2024-05-31")

    assert (done["new"], done["undated"], stopped(stage)) == (4, 1, True)


def stopped(stage: Stage) -> bool:
    with stage.ports.shop.writer():
        channel = load(stage.ports)[CHANNEL]
        standing = ledger.read([BUYER.phone]).standing(BUYER.phone, Scope.OFFERS, channel)
    return standing.stopped is not None


def test_us_a_list_for_one_channel_ends_every_channel(bring: Import, stage: Stage) -> None:
    """The law of the place knows one shop; elsewhere the list is the channel's."""
    options = ("--opt-outs", "--channel", "channel-1")
    bring(BUYER.phone, "12025550123", options=options)

    channel_of = dict(ConsentEntry.objects.values_list("number", "channel_id"))
    assert channel_of == {BUYER.phone: CHANNEL, "+12025550123": None}


def test_an_opt_out_ends_what_waits(bring: Import, stage: Stage) -> None:
    """A text that was planned before does not go out."""
    stage.configure("order_created", sender_id="")
    stage.happen("order_created", stage.order())
    stage.run()
    assert stage.rows[0][1] == "held"

    bring("phone,scope", f"{BUYER.phone},all", options=("--opt-outs",))

    assert stage.rows == [("order_created", "suppressed", "opted_out")]


def test_a_file_for_one_channel(bring: Import, stage: Stage) -> None:
    """Its acts are the channel's; another channel's file is another file."""
    stage.configure("order_created", channel_id=2, shop_name="Bcme")
    with pytest.raises(CommandError, match="different shop names: Acme, Bcme"):
        bring(HEADER, GOOD)

    bring(HEADER, GOOD, options=("--channel", "channel-1"))
    done = bring(HEADER, GOOD, options=("--channel", "channel-2"))

    assert (done["refused"], done["code"]) == (1, 1)
    assert ConsentEntry.objects.get().channel_slug == "channel-1"
    with pytest.raises(CommandError, match="Channel 'nowhere' has no settings"):
        bring(HEADER, GOOD, options=("--channel", "nowhere"))


def test_a_look_stores_nothing(bring: Import) -> None:
    """``--check`` counts and refuses all the same."""
    done = bring(HEADER, GOOD, "x", options=("--check",))
    assert (done["refused"], done["new"], done["code"]) == (1, 1, 1)
    assert ConsentEntry.objects.count() == 0


def test_who_was_forgotten_is_not_named_again(bring: Import, path: Path, stage: Stage) -> None:
    """A consent is refused; an opt-out is taken as it is: no text goes there anyway."""
    person.forget_number(BUYER.phone, stage.ports)

    done = bring(HEADER, GOOD)
    assert refused(path) == [("2", "phone: The number's owner asked to be forgotten.")]
    assert done["code"] == 1
    done = bring(BUYER.phone, options=("--opt-outs",))

    assert (done["refused"], done["new"]) == (0, 0)
    assert ConsentEntry.objects.count() == 0


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1250"])
def test_files_as_excel_writes_them(bring: Import, encoding: str) -> None:
    """Semicolons, a mark at the begin, an alphabet of its own that is named."""
    text = f"{HEADER}\r\n{GOOD}\r\n".replace(",", ";").replace("Yes", "Zgoda na zniżki")
    options = ("--encoding", encoding) if encoding == "cp1250" else ()
    done = bring(raw=text.encode(encoding), options=options)
    assert done["new"] == 1
    assert ConsentEntry.objects.get().wording == "Zgoda na zniżki to offers by Acme"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf\r\n \r\n", "The file is empty."),
        (b"PK\x03\x04\0\0", "Save it as “CSV UTF-8”"),
        (b"+48512345678,offers\n", "Line 1 names no column “phone”"),
        (b"phone,scope,Mobile\n", "Columns 1 and 3 are both “phone”"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(
    bring: Import, path: Path, raw: bytes, why: str
) -> None:
    """As a whole, with the reason."""
    path.write_bytes(raw)
    with pytest.raises(CommandError, match=why):
        call_command("sms_consent_import", str(path), stdout=StringIO())
    with pytest.raises(CommandError, match="No such file"):
        call_command("sms_consent_import", str(path.with_name("none.csv")), stdout=StringIO())


def test_a_cell_of_a_million_characters_is_refused_alone(bring: Import, path: Path) -> None:
    """Its neighbours are taken."""
    done = bring(HEADER, f"+48601234567,offers,2024-05-31,web,{'x' * 1_000_000},,,", GOOD)
    assert (done["refused"], done["new"]) == (1, 1)
    assert refused(path) == [("2", "a cell is far too long, or a quotation mark is not closed")]


def test_more_lines_than_a_batch(bring: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every one counts, and the numbers of refused lines are the file's."""
    monkeypatch.setattr(consent_files, "STEP", 2)
    numbers = [f"+4851234500{n}" for n in range(5)]
    done = bring(*numbers, "x", options=("--opt-outs",))
    assert (done["lines"], done["refused"], done["acts"]) == (6, 1, 10)
    assert ConsentEntry.objects.count() == 10


def export(*options: str) -> str:
    out = StringIO()
    call_command("sms_consent_export", *options, stdout=out)
    return out.getvalue()


def test_the_ledger_is_given_out(bring: Import) -> None:
    """One line for each act, safe for spreadsheets, with all of its proof."""
    bring(HEADER, GOOD.replace("Yes to", "=cmd()"))
    (row,) = csv.DictReader(StringIO(export()))
    assert row == {
        "phone": "'+48512345678", "number_hash": "", "scope": "offers", "act": "given",
        "basis": "express_written", "given_at": "2024-05-31T10:00:00+00:00",
        "not_before": "", "seen_at": "", "recorded_at": "2026-03-02T12:00:00+00:00",
        "channel": "", "sender": "",
        "source": "import", "wording": "'=cmd() offers by Acme", "language": "en",
        "ip": "192.0.2.7", "entered_by": "web form",
    }  # fmt: skip
    assert json.loads(export("--json"))[0]["phone"] == BUYER.phone


def test_what_was_given_out_can_be_brought_in(bring: Import, tmp_path: Path) -> None:
    """Into an empty ledger: the same acts of the same people."""
    bring(f"{HEADER},confirmed_at", f"{GOOD},2024-06-01")
    bring(f"{BUYER.phone}", options=("--opt-outs",))
    before = rows()
    target = tmp_path / "ledger.csv"
    export(str(target), "--bom")
    assert target.read_bytes().startswith(b'\xef\xbb\xbf"phone",')
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    ConsentEntry.objects.all().delete()

    done = bring(raw=target.read_bytes())

    assert (done["refused"], done["new"]) == (0, 4)
    assert sorted(rows()) == sorted(before)


def test_one_number_is_given_out_also_when_it_was_forgotten(bring: Import, stage: Stage) -> None:
    """Whoever knows the number finds its proof by the keyed hash."""
    bring(HEADER, GOOD, GOOD.replace("512345678", "601234567"))
    (row,) = csv.DictReader(StringIO(export("--number", BUYER.phone)))
    assert row["phone"] == "'" + BUYER.phone

    person.forget_number(BUYER.phone, stage.ports)

    (row,) = csv.DictReader(StringIO(export("--number", BUYER.phone)))
    assert (row["phone"], row["act"], row["ip"]) == ("", Act.GIVEN, "")
    assert len(row["number_hash"]) == 64
    with pytest.raises(CommandError, match="--number: "):
        export("--number", "12")
