"""A plain Django project with this app: no Saleor anywhere.

Without DATABASE_URL (mypy, makemigrations) the database is SQLite in memory; the tests always
set one, see `tests/embedded.py`.
"""

from __future__ import annotations

import os
from urllib.parse import parse_qsl, unquote, urlsplit

ENGINES = {"postgres": "postgresql", "postgresql": "postgresql", "sqlite": "sqlite3"}


def database(url: str) -> dict[str, object]:
    """The Django database settings that *url* names; ``%2F…`` as the host is a socket."""
    parts = urlsplit(url)
    address = parts.netloc.rpartition("@")[2]
    host, _, port = address.partition(":")
    return {
        "ENGINE": f"django.db.backends.{ENGINES[parts.scheme]}",
        "NAME": parts.path.removeprefix("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(host),
        "PORT": port,
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


SECRET_KEY = "only-for-tests"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["saleor_sms_plugin"]
DATABASES = {"default": database(os.environ.get("DATABASE_URL") or "sqlite:///:memory:")}
CELERY_BROKER_URL = os.environ.get("REDIS_URL") or "memory://"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ALWAYS_EAGER = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
