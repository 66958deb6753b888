"""The throw-away Django project that the demo runs in."""

from __future__ import annotations


def configure(vonage_url: str) -> None:
    """Django is set up on an SQLite database in memory, with the package's tables in it.

    Once per process, before any model is imported. ``vonage_url`` is where the provider's
    calls go; nothing else can receive them.
    """
    import django
    from django.conf import settings
    from django.core.management import call_command

    settings.configure(
        SECRET_KEY="only-for-the-demo",  # noqa: S106 (the project ends with the process)
        INSTALLED_APPS=["saleor_sms_plugin"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        LOGGING_CONFIG=None,
        USE_TZ=True,
        TIME_ZONE="UTC",
        SALEOR_SMS_VONAGE_BASE_URL=vonage_url,
    )
    django.setup()
    call_command("migrate", verbosity=0)
