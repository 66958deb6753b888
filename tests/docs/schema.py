"""``schema.graphql``: the API as it is printed.

``python -m tests.docs.schema`` writes it; a test says when it is old.
"""

from __future__ import annotations

from pathlib import Path

SCHEMA = Path(__file__).parents[2] / "saleor_sms_plugin" / "web" / "graphql" / "schema.graphql"


def printed() -> str:
    """The schema in the schema definition language, with its descriptions."""
    from saleor_sms_plugin.web.graphql.printing import print_schema
    from saleor_sms_plugin.web.graphql.schema import schema

    return print_schema(schema)


def main() -> None:
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    SCHEMA.write_text(printed(), encoding="utf-8")


if __name__ == "__main__":
    main()
