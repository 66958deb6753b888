from __future__ import annotations

import pytest

from tests.saleor.live import LiveSaleor

pytestmark = [pytest.mark.saleor, pytest.mark.live]

PLUGINS = "{ plugins(first: 100) { edges { node { id channelConfigurations { active } } } } }"


def test_staff_sees_the_plugin_switched_off(live_saleor: LiveSaleor) -> None:
    """A shop that has just installed the plugin lists it once, inactive in every channel."""
    # given
    token = live_saleor.staff_token()

    # when
    edges = live_saleor.graphql(PLUGINS, token=token)["plugins"]["edges"]

    # then
    ours = [edge["node"] for edge in edges if edge["node"]["id"] == "saleor_sms_plugin"]
    assert len(ours) == 1
    active = [channel["active"] for channel in ours[0]["channelConfigurations"]]
    assert active == [False, False]  # the sample shop has two channels


def test_a_killed_worker_comes_back(live_saleor: LiveSaleor) -> None:
    """The worker ends at once when it is killed, and takes up work when started again."""
    # given
    live_saleor.worker.kill()
    assert not live_saleor.worker.running

    # when
    live_saleor.worker.start()

    # then
    assert live_saleor.worker.running
    assert live_saleor.web.running
    assert live_saleor.beat.running
