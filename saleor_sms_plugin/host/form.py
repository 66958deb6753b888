"""The dashboard form as Saleor stores it, and what Saleor's own update leaves out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from saleor.core.utils import build_absolute_uri
from saleor.plugins.models import PluginConfiguration

from ..config import stored_values

_SECRETS = ("Secret", "SecretMultiline")


def rows(stored: object) -> list[dict[str, Any]]:
    """The stored rows in the only shape that Saleor can load, show and update.

    SQL, a restore or an older version may have left anything: what is no row is left out, a
    number becomes its text, and a value of any other type is taken for an empty one.
    """
    return [
        {"name": name, "value": _showable(value)} for name, value in stored_values(stored).items()
    ]


def loaded(stored: object, switches: Collection[str]) -> list[dict[str, Any]]:
    """The stored rows with every switch: one that was not stored is off.

    Saleor fills what a stored row lacks with defaults, and an upgrade would switch on every new
    event (law 7).
    """
    found = rows(stored)
    known = {row["name"] for row in found}
    return found + [{"name": name, "value": False} for name in switches if name not in known]


def values_before(row: PluginConfiguration) -> dict[str, object]:
    """The values the database holds now, before this row is saved."""
    stored = PluginConfiguration.objects.filter(pk=row.pk).values_list("configuration", flat=True)
    return stored_values(stored.first())


def clean(
    row: PluginConfiguration, asked: Mapping[str, Any], structure: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """What was asked, as Saleor's update needs it.

    A null empties its field: the dashboard's "Clear" sends it, and Saleor's update skips it. A
    secret that comes back as the API showed it (its last characters) is left alone.
    """
    if not asked.get("configuration"):
        return dict(asked)
    now = stored_values(row.configuration)
    kept = []
    for item in asked["configuration"]:
        name, value = item["name"], item.get("value")
        if (
            structure.get(name, {}).get("type") in _SECRETS
            and value
            and _is_mask(value, now.get(name))
        ):
            continue
        kept.append({"name": name, "value": "" if value is None else value})
    return {**asked, "configuration": kept}


def value(asked: Mapping[str, Any], name: str) -> str:
    """The value asked for this field, "" when it was not."""
    items = asked.get("configuration") or []
    return next((str(i["value"]).strip() for i in items if i["name"] == name), "")


def empty(row: PluginConfiguration, name: str) -> None:
    """The field is stored empty."""
    for item in row.configuration:
        if item.get("name") == name:
            item["value"] = ""


def _showable(value: object) -> str | bool:
    if isinstance(value, str | bool):
        return value
    return str(value) if isinstance(value, int | float) else ""


def absolute(path: str) -> str:
    """The path under the shop's public address, "" for ""."""
    return build_absolute_uri(path) if path else ""


def _is_mask(value: str, secret: object) -> bool:
    text = str(secret or "")
    return bool(text) and value == (text[-4:] if len(text) > 4 else text[-1:]) and value != text
