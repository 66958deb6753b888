from __future__ import annotations

from typing import Any, ClassVar, Never

from django.db import models
from django.db.models import Case, F, Func, Value, When
from django.db.models.functions import Substr

from ..domain.consent import TICKED_AGAIN, Act, Basis, Scope
from .keyed_hash import keyed_hash


def _hashed(key: str) -> str:
    source, subject_id, *_ = key.split(":")
    return f"{source}:{keyed_hash(subject_id)}"


class _Ledger(models.QuerySet["ConsentEntry"]):
    """Rows are added; the one change is that a person who asks for it is no longer named."""

    def update(self, **_: Any) -> Never:
        raise TypeError("The ledger of consents is only ever added to.")

    def forget(self, number_hash: str) -> int:
        """The rows name nobody, nor do the words in them, nor do accounts and checkouts that the
        shop knows more of; their acts stay as proof."""
        wording = Func(
            "wording", Substr("number", 2), Value("*****"), function="REPLACE",
            output_field=models.TextField(),
        )  # fmt: skip
        return super().update(
            number="", number_hash=number_hash, ip=None, wording=wording, key=self._keys()
        )

    def _keys(self) -> Case:
        """Of boxes without what they were on, but apart from others; all else as it is."""
        boxes = self.filter(source__in=TICKED_AGAIN).exclude(key="").values_list("pk", "key")
        return Case(
            *(When(pk=pk, then=Value(f"{_hashed(key)}:{pk}")) for pk, key in boxes),
            default=F("key"),
        )


class ConsentEntry(models.Model):
    """One act of one person: a permission given, confirmed or withdrawn, and its proof."""

    class Source(models.TextChoices):
        CHECKOUT = "checkout"  # a box at the checkout
        CUSTOMER = "customer"  # a box in the customer's account
        STOREFRONT = "storefront"  # the storefront's own form, through the API
        STAFF = "staff"
        PAGE = "page"  # a page behind a link in a text
        REPLY = "reply"
        IMPORT = "import"

    number = models.CharField(max_length=16, blank=True)  # E.164, "" once erased
    number_hash = models.CharField(max_length=64, blank=True)  # ``keyed_hash``, once erased
    scope = models.CharField(max_length=16, choices=[(s.value, s.value) for s in Scope])
    act = models.CharField(max_length=16, choices=[(a.value, a.value) for a in Act])
    basis = models.CharField(max_length=16, choices=[(b.value, b.value) for b in Basis])
    channel_id = models.IntegerField(null=True)  # null: every channel
    channel_slug = models.CharField(max_length=255, blank=True)
    #: of the text that was answered: a stop holds for every channel with this sender
    sender_id = models.CharField(max_length=16, blank=True)
    source = models.CharField(max_length=16, choices=Source.choices)
    #: names the act where its source can tell of it twice; a box's is its source, the checkout's
    #: or account's id (once erased its ``keyed_hash``), and more
    key = models.CharField(max_length=255, blank=True)
    wording = models.TextField(blank=True)  # what the person read, or wrote
    language = models.CharField(max_length=35, blank=True)
    ip = models.GenericIPAddressField(null=True)
    staff = models.CharField(max_length=200, blank=True)  # who entered it
    occurred_at = models.DateTimeField()
    #: the day of the act is not known: it lies between ``occurred_at`` and this instant
    seen_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()

    objects = _Ledger.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scope", "act", "key"],
                condition=~models.Q(key=""),
                name="sms_consent_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["number", "id"], name="sms_consent_number"),
            models.Index(
                fields=["number_hash"],
                name="sms_consent_hash",
                condition=~models.Q(number_hash=""),
            ),
            models.Index(
                fields=["key"],
                name="sms_consent_key",
                opclasses=["varchar_pattern_ops"],  # what one box caused, by the key's beginning
                condition=~models.Q(key=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.act} ({self.source})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("The ledger of consents is only ever added to.")
        super().save(*args, **kwargs)


class ConsentBox(models.Model):
    """What a storefront wrote about consent on a checkout or a customer, as it came to be."""

    #: what it was on, what stood there, and after which row: what still stands is no new row
    key = models.CharField(max_length=255, unique=True)
    source = models.CharField(max_length=16, choices=ConsentEntry.Source.choices)
    subject_id = models.CharField(max_length=36)  # the checkout's or the customer's
    channel_id = models.IntegerField(null=True)
    values = models.JSONField(default=dict)  # name → what stood there
    seen_at = models.DateTimeField()
    process_at = models.DateTimeField(null=True)  # null: it is in the ledger, or came to nothing
    error = models.TextField(blank=True)  # for people: why it came to nothing

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["process_at", "id"],
                name="sms_box_due",
                condition=models.Q(process_at__isnull=False),
            ),
            models.Index(fields=["seen_at"], name="sms_box_seen"),
            models.Index(fields=["subject_id", "source", "id"], name="sms_box_subject"),
        ]

    def __str__(self) -> str:
        return f"box on {self.source} {self.subject_id}"


class ErasedNumber(models.Model):
    """A number whose owner asked to be forgotten: recognised, and never texted (law 10)."""

    number_hash = models.CharField(max_length=64, unique=True)  # ``keyed_hash``
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"erased number {self.pk}"


class SurveyScore(models.Model):
    """The answer to one survey text."""

    message = models.OneToOneField("Message", null=True, on_delete=models.SET_NULL)
    order_id = models.CharField(max_length=36)
    order_number = models.CharField(max_length=32, blank=True)
    channel_id = models.IntegerField(null=True)
    score = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=16, choices=ConsentEntry.Source.choices)
    answered_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["order_id"], name="sms_score_order")]

    def __str__(self) -> str:
        return f"score {self.score} of order {self.order_number}"
