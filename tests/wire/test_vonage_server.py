"""The fake is honest: Vonage's own SDK works with it, and Vonage's own specification fits it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from vonage_http_client.auth import Auth  # type: ignore[import-untyped]
from vonage_http_client.errors import (  # type: ignore[import-untyped]
    AuthenticationError,
    HttpRequestError,
    RateLimitedError,
)
from vonage_sms.errors import PartialFailureError, SmsError  # type: ignore[import-untyped]

from saleor_sms_plugin.providers import OutboundMessage
from saleor_sms_plugin.testing.vonage_server import VonageServer
from tests.wire.conftest import APPLICATION, KEY, SECRET, Connect
from tests.wire.sdk import Sdk

SPECS = Path(os.environ.get("SALEOR_SMS_SPECS") or Path(__file__).parents[3] / "shared" / "specs")
needs_specs = pytest.mark.skipif(
    not SPECS.is_dir(),
    reason="Vonage's published specifications are not here: set SALEOR_SMS_SPECS to a folder "
    "with sms.yml and messages_v1.json",
)


@pytest.fixture
def sdk(vonage: VonageServer) -> Iterator[Sdk]:
    client = Sdk(vonage.url, Auth(api_key=KEY, api_secret=SECRET))
    yield client
    client.close()


# ------------------------------------------------------------------------- Vonage's own SDK


def test_the_sdk_sends_through_the_sms_api(sdk: Sdk, vonage: VonageServer) -> None:
    """What the SDK reads from the answer is what the server accepted."""
    response = sdk.sms(text="ó" * 71, type="unicode", client_ref="ref-1")

    assert response.message_count == "2"
    assert [part.status for part in response.messages] == ["0", "0"]
    assert len({part.message_id for part in response.messages}) == 2
    assert {part.client_ref for part in response.messages} == {"ref-1"}
    assert {part.message_price for part in response.messages} == {"0.03330000"}
    assert response.messages[1].remaining_balance == str(vonage.balance)


def test_the_sdk_sends_through_the_messages_api(sdk: Sdk, vonage: VonageServer) -> None:
    """By Basic authentication; the answer is an id."""
    assert len(sdk.message(client_ref="ref-1").message_uuid) == 36
    assert vonage.requests[0].body["client_ref"] == "ref-1"


def test_the_sdk_signs_in_as_an_application(vonage: VonageServer, private_key: str) -> None:
    """The server takes the JWT that the SDK makes, and no expired or broken one."""
    client = Sdk(vonage.url, Auth(application_id=APPLICATION, private_key=private_key))

    assert len(client.message().message_uuid) == 36
    for token in ("x.y.z", "", "e30.e30.x"):
        client._messages._http_client._auth.create_jwt_auth_string = lambda token=token: (
            f"Bearer {token}"
        )
        with pytest.raises(AuthenticationError):
            client.message()
    client.close()


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"to": ""}, 2),
        ({"from_": ""}, 2),
        ({"text": ""}, 2),
        ({"to": "12345"}, 3),
        ({"to": "+447700900123"}, 3),
        ({"type": "binary", "body": "00"}, 3),
        ({"text": "a" * 3201}, 12),
        ({"from_": "TwelveLetter"}, 15),
        ({"from_": "1" * 16}, 15),
    ],
)
def test_the_sdk_reads_the_refusals_of_the_sms_api(
    fields: dict[str, str], status: int, sdk: Sdk, vonage: VonageServer
) -> None:
    """What Vonage would refuse is refused, with Vonage's status."""
    with pytest.raises(SmsError, match=f"error code {status}:"):
        sdk.sms(**fields)

    assert vonage.accepted == []


def test_the_sdk_reads_wrong_credentials(vonage: VonageServer) -> None:
    """Status 4 of the SMS API, HTTP 401 of the Messages API."""
    client = Sdk(vonage.url, Auth(api_key=KEY, api_secret="wrong"))

    with pytest.raises(SmsError, match="error code 4:"):
        client.sms()
    with pytest.raises(AuthenticationError):
        client.message()
    client.close()


@pytest.mark.parametrize("fields", [{"text": "a" * 1001}, {"from_": "TwelveLetter"}, {"text": ""}])
def test_the_sdk_reads_the_refusals_of_the_messages_api(
    fields: dict[str, str], sdk: Sdk, vonage: VonageServer
) -> None:
    """HTTP 422 with a problem that names the parameter."""
    with pytest.raises(HttpRequestError) as raised:
        sdk.message(**fields)

    assert raised.value.response.status_code == 422
    assert vonage.accepted == []


def test_the_sdk_reads_throttling(sdk: Sdk, vonage: VonageServer) -> None:
    """Beyond the rate: status 1, or HTTP 429 with Retry-After; one counter for both."""
    vonage.rate = 1
    sdk.sms()

    with pytest.raises(SmsError, match="error code 1:"):
        sdk.sms()
    with pytest.raises(RateLimitedError) as raised:
        sdk.message()

    assert raised.value.response.headers["Retry-After"] == "1"
    assert len(vonage.accepted) == 1


def test_the_sdk_reads_a_partial_failure(sdk: Sdk, vonage: VonageServer) -> None:
    """Even a short text is answered in two parts, the second refused."""
    vonage.script("partial")

    with pytest.raises(PartialFailureError):
        sdk.sms()


def test_the_server_sees_that_the_bare_sdk_repeats_a_post(vonage: VonageServer) -> None:
    """The defect that our transport closes shows here, so the tests of it can fail."""
    client = Sdk(vonage.url, Auth(api_key=KEY, api_secret=SECRET), pool_maxsize=3)
    vonage.script(*["drop_after_reading"] * 2)

    client.sms()

    assert len(vonage.accepted) == 3
    client.close()


def test_a_form_that_is_labelled_json_is_not_understood(sdk: Sdk, vonage: VonageServer) -> None:
    """The header that the bare SDK leaks between its APIs has the effect it has at Vonage."""
    sdk.message()

    with pytest.raises(SmsError, match="error code 2:"):
        sdk.sms()

    assert vonage.requests[1].headers["Content-Type"] == "application/json"


# --------------------------------------------------------------- Vonage's own specification


def _schema(file: str, component: str) -> dict[str, Any]:
    """One component of a specification, with all others for its references."""
    spec = yaml.safe_load((SPECS / file).read_text(encoding="utf-8"))
    return {**spec, "$ref": f"#/components/schemas/{component}"}


def _fields(schema: dict[str, Any], node: dict[str, Any]) -> set[str]:
    """Every field that the vendor lists for a component."""
    names = set(node.get("properties", {}))
    if "$ref" in node:
        component = node["$ref"].rpartition("/")[2]
        names |= _fields(schema, schema["components"]["schemas"][component])
    return names.union(*(_fields(schema, part) for part in node.get("allOf", [])))


def _assert_fits(value: Any, file: str, component: str) -> None:
    """The value has the types that the vendor gives, and no field that the vendor does not."""
    schema = _schema(file, component)
    Draft202012Validator(schema).validate(value)
    assert set(value) <= _fields(schema, {"$ref": schema["$ref"]})


@needs_specs
@pytest.mark.parametrize(
    ("fault", "component", "part"), [("", "SMS", "Message"), ("status:7", "Error", "ErrorMessage")]
)
def test_sms_answers_fit_the_specification(
    fault: str, component: str, part: str, sdk: Sdk, vonage: VonageServer
) -> None:
    """Acceptances and refusals have the fields and types that sms.yml gives them."""
    vonage.script(*filter(None, [fault]))

    with suppress(SmsError):
        sdk.sms(text="a" * 200, client_ref="ref-1")

    [(status, body)] = sdk.adapter.answers
    assert status == 200
    _assert_fits(body, "sms.yml", component)
    for message in body["messages"]:
        _assert_fits(message, "sms.yml", part)


@needs_specs
@pytest.mark.parametrize(
    ("fault", "text", "status", "component"),
    [
        ("", "a" * 1001, 422, "ErrorMessageParams"),
        ("http:402", "a", 402, "ErrorPaymentRequired"),
        ("throttle", "a", 429, "ErrorThrottled"),
        ("http:500", "a", 500, "ErrorInternal"),
    ],
)
def test_messages_problems_fit_the_specification(
    fault: str, text: str, status: int, component: str, sdk: Sdk, vonage: VonageServer
) -> None:
    """Problems have the fields and types that messages_v1.json gives them."""
    vonage.script(*filter(None, [fault]))

    with suppress(HttpRequestError):
        sdk.message(text=text)

    [(answered, body)] = sdk.adapter.answers
    assert answered == status
    _assert_fits(body, "messages_v1.json", component)


@needs_specs
def test_messages_acceptances_fit_the_specification(sdk: Sdk) -> None:
    """HTTP 202 with a message_uuid, as the operation itself says."""
    sdk.message()

    [(status, body)] = sdk.adapter.answers
    spec = _schema("messages_v1.json", "MessageUuid")
    response = spec["paths"]["/v1/messages"]["post"]["responses"][str(status)]
    schema = response["content"]["application/json"]["schema"]
    Draft202012Validator({**schema, "components": spec["components"]}).validate(body)
    assert status == 202
    assert set(body) == {"message_uuid"}


@needs_specs
def test_our_requests_fit_the_specification(
    connect: Connect, vonage: VonageServer, message: OutboundMessage
) -> None:
    """Our own provider sends only fields that Vonage lists, with values that Vonage allows."""
    for api in ("sms", "messages"):
        connect(api).send(message)

    sms, messages = (request.body for request in vonage.requests)
    # The specification of 2021 wants the key in the body; the API takes Basic as well
    _assert_fits({**sms, "api_key": KEY}, "sms.yml", "NewMessage")
    _assert_fits(messages, "messages_v1.json", "OutboundSMSText")


# --------------------------------------------------------------------- scripting the server


def _call(url: str, order: Any = None) -> Any:
    data = None if order is None else json.dumps(order).encode()
    with urllib.request.urlopen(url, data, timeout=5) as response:  # noqa: S310  # loopback
        return json.load(response)


def test_the_server_is_scripted_over_http(sdk: Sdk, vonage: VonageServer) -> None:
    """Another process sets faults and limits, reads what arrived, and starts over."""
    _call(f"{vonage.url}/_control", {"faults": ["status:7"], "rate": 9, "balance": "1.5"})
    with pytest.raises(SmsError, match="error code 7:"):
        sdk.sms()

    seen = _call(f"{vonage.url}/_requests")
    assert [(entry["path"], entry["fault"], entry["accepted"]) for entry in seen] == [
        ("/sms/json", "status", False)
    ]
    assert (vonage.rate, str(vonage.balance)) == (9, "1.5")
    _call(f"{vonage.url}/_control", {"reset": True})
    assert _call(f"{vonage.url}/_requests") == []


@pytest.mark.parametrize(
    "order",
    [
        {"faults": ["explode"]},
        {"faults": ["slow"]},
        {"faults": ["slow:soon"]},
        {"faults": ["html:1"]},
        {"fault": "html"},
        {"rate": "many"},
    ],
)
def test_an_order_that_makes_no_sense_is_refused(order: Any, vonage: VonageServer) -> None:
    """A misspelled fault must not let a test pass: HTTP 400, and nothing is scripted."""
    with pytest.raises(urllib.error.HTTPError) as raised:
        _call(f"{vonage.url}/_control", order)

    assert raised.value.code == 400
    raised.value.close()
    assert vonage.next_fault().name == ""


def test_a_misspelled_fault_is_refused_at_the_start() -> None:
    """The error lists the faults that there are."""
    with pytest.raises(ValueError, match=r"“explode” is not a fault; there are: throttle"):
        VonageServer(faults=["explode"])


def test_faults_meet_requests_in_order(sdk: Sdk, vonage: VonageServer) -> None:
    """One fault per request, then none."""
    vonage.script("status:7", "status:15")

    for status in (7, 15):
        with pytest.raises(SmsError, match=f"error code {status}:"):
            sdk.sms()
    sdk.sms()

    assert [request.accepted for request in vonage.requests] == [False, False, True]


def test_the_server_runs_as_a_program(tmp_path: Path) -> None:
    """It prints its URL first, meets the script, and writes one JSON line per request."""
    log = tmp_path / "requests.jsonl"
    command = [sys.executable, "-m", "saleor_sms_plugin.testing.vonage_server"]
    options = ["--log", str(log), "--fault", "throttle", "--require-key", KEY, "--secret", SECRET]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            sms = {"api_key": KEY, "api_secret": SECRET, "to": "447700900123", "from": "Acme"}
            form = urllib.parse.urlencode({**sms, "text": "Hello"}).encode()
            statuses = []
            for _ in range(2):
                with urllib.request.urlopen(f"{url}/sms/json", form, timeout=5) as response:  # noqa: S310
                    statuses.append(json.load(response)["messages"][0]["status"])
        finally:
            process.terminate()

    assert statuses == ["1", "0"]
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["accepted"] for line in lines] == [False, True]
    assert lines[1]["body"]["text"] == "Hello"


def test_the_program_explains_itself() -> None:
    """``--help`` lists the faults; a wrong fault ends it with the list, too."""
    command = [sys.executable, "-m", "saleor_sms_plugin.testing.vonage_server"]

    shown = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True)
    wrong = subprocess.run([*command, "--fault", "x"], capture_output=True, text=True, check=False)

    assert "drop_mid_response" in shown.stdout
    assert wrong.returncode == 2
    assert "“x” is not a fault" in wrong.stderr
