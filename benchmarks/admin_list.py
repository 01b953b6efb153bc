"""
The list of payments at 10,000 and at 1,000,000 rows, beside Django's admin as it comes.

    DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres python benchmarks/admin_list.py

Makes a PostgreSQL database of its own on that server and drops it at the end. The rows are a shop
with 1,000 payments a day, so that a bigger table is a longer history. Two in a hundred are never
captured, the oldest hundredth are sandbox payments, and whatever the size a hundred are under
review and a hundred have an unknown outcome: what a filter finds is many, rare, old, or all of it.

Times are the best of several, in milliseconds, of a whole request in one process: session, user,
rows, template. Fails when a page of ours neither keeps within 1.3 times its time at 10,000 rows
nor within 20 ms, or takes more than 5 queries.
"""

# ruff: noqa: PLC0415 - Django is imported when its database is known
from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

ALLOWED_RATIO, ALLOWED_MS, ALLOWED_QUERIES = 1.3, 20.0, 5
PATHS = {
    "ours": "/ours/django_sezzle/sezzlepayment/",
    "plain": "/plain/django_sezzle/sezzlepayment/",
}
#: What is looked at, by us and (where it can) by Django's admin as it comes.
LOOKS = {
    "first page": ("", ""),
    "page 90": ("?p=90", "?p=90"),
    "status captured (most)": ("?status__exact=captured",) * 2,
    "status denied (few)": ("?status__exact=denied", None),
    "status canceled, page 5": ("?status__exact=canceled&p=5", None),
    "needs a human": ("?human=yes", None),
    "outcome unknown": ("?human=unknown", None),
    "review": ("?review=yes", None),
    "no review": ("?review=no", None),
    "one reason": ("?review=amount_differs", "?review_reason__exact=amount_differs"),
    "ends within 24 h": ("?ends=24", None),
    "ends within 48 h": ("?ends=48", None),
    "expired, uncaptured": ("?ends=expired", None),
    "environment (all)": ("?environment=production", None),
    "environment (old)": ("?environment=sandbox", "?environment=sandbox"),
    "account (few)": ("?account=second", None),
    "created, 7 days": ("{week}", "{week}"),
    "search, reference": ("?q={reference}", "?q={reference}"),
    "search, few begin so": ("?q={few}", None),
    "search, all begin so": ("?q=SHOP-", "?q=SHOP-"),
    "search, order": ("?q={order_uuid}", "?q={order_uuid}"),
    "search, dashboard id": ("?q={sezzle_order_id}", None),
    "search, nothing": ("?q=nothing-like-it", None),
}
ROWS = """
INSERT INTO django_sezzle_sezzlepayment (
    token, shop_reference, reference_id, reference_confirmed, is_checkout, is_current, account,
    environment, merchant_uuid, intent, currency, amount_in_cents, success_url, failure_url,
    cancel_url, before_expiry, checkout_fingerprint, session_uuid, order_uuid, sezzle_order_id,
    checkout_url,
    approved, authorized_in_cents, captured_in_cents, refunded_in_cents, released_in_cents,
    checkout_status, authorization_expires_at, status, review_reason, review_cleared_because,
    was_reauthorized, lock_seq, start_attempt, last_read_at, created_at, updated_at, checkout_mode,
    sends_link
)
SELECT
    md5('token' || n), 'SHOP-' || n, 'SHOP-' || n, true, true, true,
    CASE WHEN n %% 10 = 0 THEN 'second' ELSE 'default' END,
    CASE WHEN n <= %(rows)s / 100 THEN 'sandbox' ELSE 'production' END,
    'merchant', 'AUTH', 'USD', 5000, 'https://shop.example/thanks/' || n, '', '',
    '', md5('print' || n), md5('session' || n)::uuid::text, md5('order' || n)::uuid::text,
    'D' || md5('dashboard' || n), 'https://checkout.sezzle.com/?id=' || md5('session' || n),
    is_approved, is_approved::int * 5000, CASE WHEN is_taken THEN 5000 ELSE 0 END,
    CASE status WHEN 'refunded' THEN 5000 WHEN 'partially_refunded' THEN 1000 ELSE 0 END,
    CASE status WHEN 'released' THEN 5000 ELSE 0 END,
    'completed', at + interval '3 days', status,
    CASE WHEN n %% (%(rows)s / 100) = 7 THEN 'amount_differs' ELSE '' END, '',
    false, 3, 1, at, at, at, '', false
FROM (
    SELECT n, status, now() - (%(rows)s - n) * interval '86.4 seconds' AS at,
        status NOT IN ('created', 'denied', 'canceled') AS is_approved,
        status IN ('captured', 'refunded', 'partially_refunded') AS is_taken
    FROM generate_series(1, %(rows)s) AS n,
    LATERAL (SELECT CASE
        WHEN n %% 100 < 76 THEN 'captured' WHEN n %% 100 < 82 THEN 'refunded'
        WHEN n %% 100 < 84 THEN 'partially_refunded' WHEN n %% 100 < 89 THEN 'released'
        WHEN n %% 100 < 91 THEN 'denied' WHEN n %% 100 < 95 THEN 'canceled'
        WHEN n %% 100 < 98 THEN 'created' ELSE 'authorized' END AS status) AS chosen
) AS made
"""
STUCK = """
INSERT INTO django_sezzle_sezzleoperation (
    id, payment_id, kind, amount_in_cents, currency, request_id, state, is_open, opened_seq,
    attempts, lease_until, deferred, evidence, tx_uuid, error_code, error_message, debug_uuid,
    reason, created_at, closed_because, intent, shipment
)
SELECT md5('operation' || id)::uuid, id, 'capture', 5000, 'USD', md5('request' || id), 'unknown',
    true, 1, 1, created_at, false, '', '', '', '', '', '', created_at, '', '', ''
FROM django_sezzle_sezzlepayment WHERE id %% (%(rows)s / 100) = 9
"""


def main() -> int:
    """Measure, print, and tell whether every promise was kept."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rows", type=int, nargs=2, default=[10_000, 1_000_000])
    parser.add_argument("--times", type=int, default=9, help="requests per page, the best counts")
    options = parser.parse_args()
    with database_of_our_own() as url:
        set_up(url)
        shops = [Shop(rows) for rows in options.rows]
        return report({look: measure(look, shops, options.times) for look in LOOKS}, options.rows)


@contextmanager
def database_of_our_own() -> Iterator[str]:
    """Make a database on the server that ``DATABASE_URL`` names, and drop it."""
    import psycopg

    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        sys.exit("DATABASE_URL must name a PostgreSQL server.")
    name = f"sezzle_list_{os.getpid()}"
    parts = urlsplit(server)
    plain = urlunsplit(parts._replace(scheme="postgresql"))
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(parts._replace(path=f"/{name}"))
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def set_up(url: str) -> None:
    """Start Django on that database, with the tests' settings and two admin sites."""
    os.environ["DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django
    from django.conf import settings

    settings.ROOT_URLCONF = __name__
    keys = {"PUBLIC_KEY": "sz_pub_second", "PRIVATE_KEY": "sz_pr_second"}
    settings.SEZZLE = {**settings.SEZZLE, "ACCOUNTS": {"second": keys}}
    django.setup()
    from django.contrib import admin
    from django.urls import path

    from django_sezzle.admin import SezzlePaymentAdmin
    from django_sezzle.models import SezzlePayment

    class PlainAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
        list_display = ("shop_reference", "status", "amount_in_cents", "created_at")
        list_filter = ("status", "review_reason", "environment", "account", "created_at")
        search_fields = SezzlePaymentAdmin.search_fields
        list_per_page = SezzlePaymentAdmin.list_per_page

    sites = {"ours": SezzlePaymentAdmin, "plain": PlainAdmin}
    for name, page in sites.items():
        site = admin.AdminSite(name="admin" if name == "ours" else name)
        site.register(SezzlePayment, page)
        urlpatterns.append(path(f"{name}/", site.urls))


urlpatterns: list[Any] = []


class Shop:
    """A schema of its own with so many payments, and somebody logged in who looks at them."""

    def __init__(self, rows: int) -> None:
        from django.contrib.auth import get_user_model
        from django.core.management import call_command
        from django.db import connection
        from django.test import Client
        from django.utils import timezone

        from django_sezzle.models import SezzlePayment

        self.schema = f"rows_{rows}"
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {self.schema}")
            self.enter()
            call_command("migrate", verbosity=0)
            cursor.execute(ROWS, {"rows": rows})
            cursor.execute(STUCK, {"rows": rows})
            cursor.execute("VACUUM ANALYZE")
        self.client = Client()
        self.client.force_login(
            get_user_model()._default_manager.create_superuser("staff", "", "x")
        )
        some = SezzlePayment.objects.get(shop_reference=f"SHOP-{rows // 3}")
        week = timezone.now() - timezone.timedelta(days=7)
        self.words = {
            "reference": some.shop_reference,
            "few": some.shop_reference[:-1],
            "order_uuid": some.order_uuid,
            "sezzle_order_id": some.sezzle_order_id,
            "week": f"?created_at__gte={week:%Y-%m-%d}%2000:00:00%2B00:00",
        }

    def enter(self) -> None:
        """Have every statement from now on mean this shop's tables."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(f"SET search_path TO {self.schema}")

    def look(self, name: str, query: str) -> tuple[float, int]:
        """Ask for a page; give its milliseconds, and the statements it took."""
        from django.db import connection

        asked = 0

        def count(execute: Any, *arguments: Any) -> Any:
            nonlocal asked
            asked += 1
            return execute(*arguments)

        self.enter()
        url = PATHS[name] + query.format(**self.words)
        with connection.execute_wrapper(count):
            began = time.perf_counter()
            answer = self.client.get(url)
            taken = time.perf_counter() - began
        assert answer.status_code == 200, url
        return taken * 1000, asked


def measure(look: str, shops: list[Shop], times: int) -> dict[str, list[tuple[float, int]]]:
    """Look at one page in both shops by turns; give the best of each, ours and Django's."""
    found: dict[str, list[tuple[float, int]]] = {}
    for name, query in zip(PATHS, LOOKS[look], strict=True):
        if query is None:
            continue
        rounds = [
            [shop.look(name, query) for shop in shops]
            for _number in range(times if name == "ours" else 2)
        ]
        found[name] = [min(of_one) for of_one in zip(*rounds, strict=True)]
    return found


def report(found: dict[str, dict[str, list[tuple[float, int]]]], rows: list[int]) -> int:
    """Print a line for each page; 1 when one of ours breaks a promise."""
    broken = 0
    small, big = (f"{number:,}" for number in rows)
    heading = f"{small:>9} {big:>10} {'ratio':>6} {'queries':>8}"
    print(f"{'':24} {heading}   Django's: {small}, {big}, ratio")
    for look, by_name in found.items():
        (before, _few), (after, queries) = by_name["ours"]
        is_kept = (after / before <= ALLOWED_RATIO or after <= ALLOWED_MS) and (
            queries <= ALLOWED_QUERIES
        )
        broken += not is_kept
        line = f"{look:24} {before:9.1f} {after:10.1f} {after / before:6.2f} {queries:8}"
        if "plain" in by_name:
            (theirs, _few), (grown, _many) = by_name["plain"]
            line += f"   {theirs:8.1f} {grown:9.1f} {grown / theirs:6.1f}"
        print(line + ("" if is_kept else "   BROKEN"))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
