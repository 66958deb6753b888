"""One request to the API: POST, JSON, one operation."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from graphql import GraphQLError
from graphql.error import format_error
from graphql.execution import execute
from graphql.language import ast
from graphql.language.parser import parse
from graphql.validation import validate

from ...callers import InvalidToken
from ...exceptions import kind_and_place
from ...ports import Ports
from ...wiring import caller_of
from ..visitors import address_of
from ..webhooks import bounded_body
from .context import Context
from .limits import Limits, check_source
from .schema import schema

logger = logging.getLogger(__name__)

LARGEST = 256 * 1024  #: bytes of a request's body
_NUL = rb"\u0000"
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def page(request: HttpRequest, *, ports: Ports) -> HttpResponse:
    """The operation's answer as JSON; status 400 where it was not executed. It never raises."""
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers={"Allow": "POST, OPTIONS"})
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST, OPTIONS"})
    try:
        query, variables, name = _asked(request)
        caller = replace(caller_of(request), address=address_of(request))
        context = Context(caller=caller, ports=ports)
        with ports.shop.writer():
            data, errors = _execute(query, variables, name, context)
    except InvalidToken:
        return _answer({"errors": [_error("The token is not valid.", "InvalidTokenError")]}, 401)
    except GraphQLError as error:
        return _answer({"errors": [_formatted(error)]}, 400)
    except Exception as error:
        return _answer({"errors": [_formatted(error)]}, 500)
    return _answer({"data": data, **({"errors": errors} if errors else {})}, 200)


def _asked(request: HttpRequest) -> tuple[str, Mapping[str, Any], str | None]:
    if (request.content_type or "").lower() != "application/json":
        raise GraphQLError("Send the query as JSON: Content-Type: application/json.")
    body = bounded_body(request, LARGEST)
    if body is None:
        raise GraphQLError(f"The request is too large: at most {LARGEST} bytes.")
    if _NUL in body:  # however it is quoted: PostgreSQL cannot store it
        raise GraphQLError("The request holds the character U+0000. Leave it out.")
    try:
        asked = json.loads(body)
        json.dumps(asked, ensure_ascii=False).encode()  # half of a character cannot be stored
    except (ValueError, RecursionError):
        raise GraphQLError("The request is not JSON of whole characters.") from None
    query = asked.get("query") if isinstance(asked, dict) else None
    if not isinstance(query, str) or not query.strip():
        raise GraphQLError("Must provide a query string.")
    variables, name = asked.get("variables"), asked.get("operationName")
    return (
        query,
        variables if isinstance(variables, dict) else {},
        name if isinstance(name, str) and name else None,
    )


def _execute(
    query: str, variables: Mapping[str, Any], name: str | None, context: Context
) -> tuple[Any, list[dict[str, Any]]]:
    """Data and errors. Raises GraphQLError where the operation cannot be executed."""
    check_source(query)
    document = parse(query)
    limits = Limits(document)
    limits.check_breadth()
    for error in validate(schema, document):
        raise error
    operation = _operation(document, name)
    if operation.operation == "subscription":
        raise GraphQLError("There are no subscriptions.")
    limits.check_cost(operation, variables)
    result: Any = execute(
        schema,
        document,
        context_value=context,
        variable_values=dict(variables),
        operation_name=name,
    )
    return result.data, [_formatted(error) for error in result.errors or ()]


def _operation(document: ast.Document, name: str | None) -> ast.OperationDefinition:
    found = [
        each
        for each in document.definitions
        if isinstance(each, ast.OperationDefinition)
        and (name is None or (each.name and each.name.value == name))
    ]
    if len(found) != 1:
        raise GraphQLError("Say by `operationName` which one of the document's operations to run.")
    return found[0]


def _formatted(error: Exception) -> dict[str, Any]:
    """What the caller is told: our own words, never those of a fault within."""
    original = getattr(error, "original_error", None) or error
    if not isinstance(original, GraphQLError):
        logger.error(
            "The API failed: %s", kind_and_place(original), extra={"action": "api_failed"}
        )  # fmt: skip
        return _error("Internal Server Error", "InternalServerError")
    told: dict[str, Any] = format_error(error)
    return told | {"extensions": {"exception": {"code": type(original).__name__}}}


def _error(message: str, code: str) -> dict[str, Any]:
    return {"message": message, "extensions": {"exception": {"code": code}}}


def _answer(body: Mapping[str, Any], status: int) -> HttpResponse:
    return JsonResponse(body, status=status, headers=_HEADERS)
