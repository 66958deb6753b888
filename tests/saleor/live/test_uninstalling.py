"""Uninstalling by the README's steps leaves a shop that works without error.

`pip uninstall` is really run, but in a copy of Saleor's environment, which then runs the same
database: the environment that the other tests use stays as it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.saleor.live import LiveSaleor
from tests.saleor.live.shop import PLUGIN, LiveShop
from tests.saleor.run import PACKAGE, installer
from tests.saleor.shop_databases import ShopDatabases
from tests.servers import wait_until

pytestmark = [pytest.mark.saleor, pytest.mark.live]

ANN = "+447400123456"


def _without_the_package(home: Path, directory: Path) -> Path:
    """A Saleor like *home* with an environment of its own, from which pip took the package."""
    copy = directory / "saleor"
    copy.mkdir()
    for each in home.iterdir():
        if each.name != ".venv":
            (copy / each.name).symlink_to(each)
    # Links instead of copies where the disk allows it; pip removes names, it changes no file.
    same_disk = home.stat().st_dev == directory.stat().st_dev
    copy_file = os.link if same_disk else shutil.copy2
    shutil.copytree(home / ".venv", copy / ".venv", symlinks=True, copy_function=copy_file)
    command = installer(copy / ".venv" / "bin" / "python", "uninstall")
    subprocess.run([*command, PACKAGE], input=b"y\n", check=True, capture_output=True, timeout=60)
    return copy


def test_a_shop_works_on_without_the_package(
    shop: LiveShop,
    live_saleor: LiveSaleor,
    live_environment: Mapping[str, str],
    tmp_path: Path,
) -> None:
    """Beat, checkout, cancelling and deleting work, and no log speaks of the package."""
    # given: a shop that has sent texts
    order = shop.place(ANN)
    wait_until(lambda: not shop.waiting(), 60, "the text to be sent")

    # when: the steps of the README
    live_saleor.stop()
    live_saleor.manage("sms_uninstall", "--drop-tables")
    home = _without_the_package(Path(os.environ["SALEOR_HOME"]), tmp_path)
    environ = {**os.environ, **live_environment, "PYTHONPATH": f"{home}"}
    databases = ShopDatabases(home, os.environ["DATABASE_URL"], environ)
    after = LiveSaleor(home, databases, environ, directory=tmp_path)
    with pytest.raises(RuntimeError, match="No module named 'saleor_sms_plugin'"):
        after.manage("shell", "-c", "import saleor_sms_plugin")
    try:
        after.run()
        without = LiveShop(after)

        # then
        found = without.staff("query ($id: ID!) { plugin(id: $id) { id } }", id=PLUGIN)
        assert found is None
        without.cancel(order)
        without.cancel(without.place(ANN))
        without.delete_draft(without.draft())
        wait_until(lambda: "Sending due task" in after.beat.output(), 90, "beat to send a task")
        logs = "".join(each.output() for each in (after.web, after.worker, after.beat))
        assert [line for line in logs.splitlines() if "sms_plugin" in line] == []
        assert "unregistered task" not in logs
    finally:
        after.stop()
        # What is left for the fixtures to tidy up needs the plugin again.
        live_saleor.start()
