"""What Saleor loads: the form, and hooks of a few lines that record and leave (law 1)."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import ProgrammingError, transaction
from saleor.plugins.base_plugin import BasePlugin
from saleor.plugins.error_codes import PluginErrorCode

from . import wiring
from .config import configuration_structure, default_configuration, send_field, stored_values
from .events.catalogue import CATALOGUE
from .host import boxes as boxes_of
from .host import form
from .host.orders import refunded_total
from .host.shop import PLUGIN_ID
from .services import addresses, boxes, saving, status
from .services.record import Happening, hear
from .services.test_text import try_test
from .web import router

if TYPE_CHECKING:
    from saleor.account.models import User
    from saleor.checkout.models import Checkout
    from saleor.order.models import Fulfillment, Order
    from saleor.plugins.models import PluginConfiguration

    from .ports import Box

_SWITCHES = tuple(send_field(spec.name) for spec in CATALOGUE)
_MIGRATE = "The plugin's tables are missing or old. Run: python manage.py migrate saleor_sms_plugin"
#: (parcel, number) of the last tracking hook of this request: the notification names no parcel
_tracked: ContextVar[Callable[[], Happening] | None] = ContextVar(
    "saleor_sms_tracked", default=None
)


class SmsPlugin(BasePlugin):
    PLUGIN_ID = PLUGIN_ID
    PLUGIN_NAME = "SMS"
    PLUGIN_DESCRIPTION = (
        "Texts customers about their orders, payments and parcels, in their language."
    )
    CONFIGURATION_PER_CHANNEL = True
    DEFAULT_ACTIVE = False
    DEFAULT_CONFIGURATION = default_configuration()
    CONFIG_STRUCTURE = configuration_structure()

    def __init__(
        self, *, configuration: Any, db_config: PluginConfiguration | None = None, **kwargs: Any
    ) -> None:
        super().__init__(configuration=configuration, db_config=db_config, **kwargs)
        self._stored = self.__dict__.pop("configuration")

    def __del__(self) -> None:
        self.__dict__.setdefault("configuration", [])
        super().__del__()

    # The form

    def get_plugin_configuration(self, configuration: Any) -> Any:
        return configuration  # its rows are made where somebody looks at them

    @cached_property
    def configuration(self) -> Any:
        """The form's rows. Most requests load the plugins of every channel, and few show them."""
        rows = form.loaded(self._stored, _SWITCHES) if self.db_config else self._stored
        return super().get_plugin_configuration(rows)

    @classmethod
    def validate_plugin_configuration(
        cls, plugin_configuration: PluginConfiguration, **kwargs: Any
    ) -> None:
        problems = saving.refusals(
            stored_values(plugin_configuration.configuration),
            form.values_before(plugin_configuration),
            active=plugin_configuration.active,
            channel_id=plugin_configuration.channel_id,
            ports=wiring.ports(),
        )
        if problems:
            raise ValidationError(
                {
                    problem.field: ValidationError(
                        problem.message, code=PluginErrorCode.PLUGIN_MISCONFIGURED.value
                    )
                    for problem in reversed(problems)  # of several for a field, the first
                }
            )

    @classmethod
    def pre_save_plugin_configuration(cls, plugin_configuration: PluginConfiguration) -> None:
        form.empty(plugin_configuration, "send_test_to")

    @classmethod
    def save_plugin_configuration(
        cls, plugin_configuration: PluginConfiguration, cleaned_data: dict[str, Any]
    ) -> PluginConfiguration:
        ports, channel_id = wiring.ports(), plugin_configuration.channel_id
        plugin_configuration.configuration = form.rows(plugin_configuration.configuration)
        asked = form.clean(plugin_configuration, cleaned_data, cls.CONFIG_STRUCTURE)
        test_number = form.value(asked, "send_test_to")
        try:
            with ports.shop.writer(), transaction.atomic():
                saved = super().save_plugin_configuration(plugin_configuration, asked)
                saving.saved(channel_id, ports)
        except ProgrammingError as error:
            code = PluginErrorCode.PLUGIN_MISCONFIGURED.value
            raise ValidationError(_MIGRATE, code=code) from error
        if test_number:
            try_test(test_number, channel_id, ports)
        return saved

    def resolve_plugin_configuration(self, request: Any) -> Any:
        if self.channel is None:
            return self.configuration
        ports, channel_id = wiring.ports(), self.channel.pk
        try:
            shown = {
                "status": status.status_of(channel_id, ports),
                "last_test": status.last_test_of(channel_id, ports),
                "webhook_url": form.absolute(addresses.path_of(channel_id, ports)),
            }
        except ProgrammingError:  # the form opens all the same
            shown = {"status": _MIGRATE}
        return [
            {**field, "value": shown.get(field["name"], field["value"])}
            for field in self.configuration
        ]

    # What comes over HTTP, whether the plugin is active or not

    def webhook(self, request: Any, path: str, previous_value: Any) -> Any:
        return router.answer(request, path, wiring.ports())

    # The hooks. Extra arguments differ by Saleor's version.

    def order_created(self, order: Order, previous_value: Any, **kwargs: Any) -> Any:
        return self._hear("order_created", order, previous_value)

    def order_confirmed(self, order: Order, previous_value: Any, **kwargs: Any) -> Any:
        return self._hear("order_confirmed", order, previous_value)

    def order_fully_paid(self, order: Order, previous_value: Any, **kwargs: Any) -> Any:
        return self._hear("order_fully_paid", order, previous_value)

    def order_cancelled(self, order: Order, previous_value: Any, **kwargs: Any) -> Any:
        return self._hear("order_cancelled", order, previous_value)

    def order_expired(self, order: Order, previous_value: Any, **kwargs: Any) -> Any:
        return self._hear("order_expired", order, previous_value)

    def order_fulfilled(self, order: Order, previous_value: Any, **kwargs: Any) -> Any:
        return self._hear("order_fulfilled", order, previous_value)

    def order_refunded(self, order: Order, previous_value: Any, **kwargs: Any) -> Any:
        return self._hear_refund("order_refunded", order, previous_value)

    def order_fully_refunded(self, order: Order, previous_value: Any, **kwargs: Any) -> Any:
        return self._hear_refund("order_fully_refunded", order, previous_value)

    def fulfillment_created(
        self, fulfillment: Fulfillment, *args: Any, previous_value: Any, **kwargs: Any
    ) -> Any:
        notify = kwargs.get("notify_customer", args[0] if args else True)
        facts: dict[str, object] = {"notify": bool(True if notify is None else notify)}
        return self._hear_parcel("fulfillment_created", fulfillment, previous_value, facts=facts)

    def fulfillment_canceled(
        self, fulfillment: Fulfillment, *args: Any, previous_value: Any, **kwargs: Any
    ) -> Any:
        return self._hear_parcel("fulfillment_canceled", fulfillment, previous_value)

    def tracking_number_updated(
        self, fulfillment: Fulfillment, previous_value: Any, **kwargs: Any
    ) -> Any:
        number = fulfillment.tracking_number or ""

        def happening() -> Happening:
            facts: dict[str, object] = {"number": number, "notify": "signal"}
            return _parcel("tracking_updated", fulfillment, number, facts)

        _tracked.set(happening)
        return self._hear_that(happening, previous_value)

    # What a storefront wrote about consent. Of customers Saleor tells a plugin that is set up per
    # channel only where the same request concerns the channel; ``boxes.sweep`` finds the rest.

    def checkout_created(self, checkout: Checkout, previous_value: Any, **kwargs: Any) -> Any:
        return self._see(lambda: boxes_of.of_checkout(checkout), previous_value)

    def checkout_metadata_updated(
        self, checkout: Checkout, previous_value: Any, **kwargs: Any
    ) -> Any:
        return self._see(lambda: boxes_of.of_checkout(checkout, fetch=True), previous_value)

    def customer_created(self, customer: User, previous_value: Any, **kwargs: Any) -> Any:
        return self._see(lambda: boxes_of.of_customer(customer), previous_value)

    def customer_updated(self, customer: User, previous_value: Any, **kwargs: Any) -> Any:
        return self._see(lambda: boxes_of.of_customer(customer), previous_value, changed=False)

    def customer_metadata_updated(self, customer: User, previous_value: Any, **kwargs: Any) -> Any:
        return self._see(lambda: boxes_of.of_customer(customer), previous_value)

    def _see(self, box: Callable[[], Box], previous_value: Any, *, changed: bool = True) -> Any:
        if self.active:
            boxes.hear(box, wiring.ports(), changed=changed)
        return previous_value

    def notify(
        self, event: str, payload_func: Callable[[], Any], previous_value: Any, **kwargs: Any
    ) -> Any:
        """Staff want the customer told of the tracking number that was just changed."""
        tracked = _tracked.get()
        if event != "order_fulfillment_update" or tracked is None:
            return previous_value
        _tracked.set(None)
        return self._hear_that(lambda: _notified(tracked()), previous_value)

    def _hear(self, name: str, order: Order, previous_value: Any) -> Any:
        return self._hear_that(
            lambda: Happening(name=name, channel_id=order.channel_id, order_id=str(order.pk)),
            previous_value,
        )

    def _hear_refund(self, name: str, order: Order, previous_value: Any) -> Any:
        def happening() -> Happening:
            total = f"{refunded_total(order.pk).normalize():f}"
            return Happening(
                name=name, channel_id=order.channel_id, order_id=str(order.pk),
                transition=total, facts={"refunded": total},
            )  # fmt: skip

        return self._hear_that(happening, previous_value)

    def _hear_parcel(
        self,
        name: str,
        fulfillment: Fulfillment,
        previous_value: Any,
        facts: dict[str, object] | None = None,
    ) -> Any:
        return self._hear_that(lambda: _parcel(name, fulfillment, "", facts or {}), previous_value)

    def _hear_that(self, happening: Callable[[], Happening], previous_value: Any) -> Any:
        if self.active:
            hear(happening, wiring.ports())
        return previous_value


def _notified(tracked: Happening) -> Happening:
    """The wish that goes with the tracking number that was just changed."""
    return Happening(
        name="tracking_notified",
        channel_id=tracked.channel_id,
        order_id=tracked.order_id,
        subject_id=tracked.subject_id,
        transition=tracked.transition,
        facts={"number": tracked.transition},
    )


def _parcel(
    name: str, fulfillment: Fulfillment, transition: str, facts: dict[str, object]
) -> Happening:
    return Happening(
        name=name,
        channel_id=fulfillment.order.channel_id,
        order_id=str(fulfillment.order_id),
        subject_id=str(fulfillment.pk),
        transition=transition,
        facts=facts,
    )
