"""Saleor's dashboard at the plugin's form, through Saleor's own API client for tests."""

from __future__ import annotations

from typing import Any

import graphene
from saleor.channel.models import Channel
from saleor.graphql.tests.fixtures import ApiClient
from saleor.plugins.models import PluginConfiguration

from saleor_sms_plugin.config import stored_values

PLUGIN_ID = "saleor_sms_plugin"

_SAVE = """
    mutation ($id: ID!, $channel: ID, $input: PluginUpdateInput!) {
        pluginUpdate(id: $id, channelId: $channel, input: $input) {
            errors { field message code }
        }
    }
"""
_SHOW = """
    query ($id: ID!) {
        plugin(id: $id) {
            channelConfigurations { active channel { slug } configuration { name value } }
        }
    }
"""


class Dashboard:
    """One channel's form, used by *client*, who may manage plugins."""

    def __init__(self, client: ApiClient, channel: Channel) -> None:
        self._client = client
        self.channel = channel

    def save(self, active: bool | None = None, **values: str | None) -> list[str]:
        """Saves these fields alone; the messages of what was refused, empty when it was saved."""
        wanted: dict[str, Any] = {
            "configuration": [{"name": name, "value": value} for name, value in values.items()]
        }
        if active is not None:
            wanted["active"] = active
        channel_id = graphene.Node.to_global_id("Channel", self.channel.pk)
        answer = self._answer(_SAVE, id=PLUGIN_ID, channel=channel_id, input=wanted)
        errors = answer["pluginUpdate"]["errors"]
        assert {error["code"] for error in errors} <= {"PLUGIN_MISCONFIGURED"}
        return [error["message"] for error in errors]

    def form(self) -> dict[str, Any]:
        """The values as the API shows them, secrets masked."""
        shown = self._answer(_SHOW, id=PLUGIN_ID)["plugin"]["channelConfigurations"]
        mine = next(each for each in shown if each["channel"]["slug"] == self.channel.slug)
        return {field["name"]: field["value"] for field in mine["configuration"]}

    @property
    def row(self) -> PluginConfiguration:
        return PluginConfiguration.objects.get(identifier=PLUGIN_ID, channel=self.channel)

    @property
    def stored(self) -> dict[str, object]:
        """The values as the database holds them."""
        return stored_values(self.row.configuration)

    def _answer(self, query: str, **variables: object) -> dict[str, Any]:
        body = self._client.post_graphql(query, variables).json()
        assert "errors" not in body, body["errors"]
        data: dict[str, Any] = body["data"]
        return data
