"""
The ``SEZZLE`` setting: typed, checked, and read whenever it is asked for.

Nothing is cached, so ``override_settings`` works, and no other module reads
``settings.SEZZLE``. The environment is read by :func:`from_env` only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings as django_settings

from django_sezzle.exceptions import ConfigurationError

DEFAULT_ACCOUNT = "default"
SANDBOX, PRODUCTION = "sandbox", "production"
#: Who processes webhook events: the delivery's own request, or the host's worker.
INLINE, TASK = "inline", "task"

GATEWAY_URLS = {
    SANDBOX: "https://sandbox.gateway.sezzle.com",
    PRODUCTION: "https://gateway.sezzle.com",
}
CHECKOUT_HOSTS = {
    SANDBOX: ("sandbox.checkout.sezzle.com",),
    PRODUCTION: ("checkout.sezzle.com",),
}
#: https://docs.sezzle.com: the script that opens the checkout in a window or a frame.
CHECKOUT_SCRIPT_URL = "https://checkout-sdk.sezzle.com/checkout.min.js"
DEFAULTS: dict[str, Any] = {
    "ENVIRONMENT": SANDBOX,
    "PREVIOUS_PRIVATE_KEYS": (),
    "GATEWAY_URL": None,
    "CHECKOUT_HOSTS": None,
    "BASE_URL": None,
    "TIMEOUT": (5, 30),
    "DEADLINE": 45,
    "WEBHOOKS": INLINE,
    "TASK_BACKEND": "default",
    "TASK_QUEUE": "default",
    "BULK_LIMIT": 100,
    "CONFIRM_ABOVE_CENTS": None,
    "UPCHARGES": False,
    "BEFORE_EXPIRY": "warn",
    "EXPIRY_NOTICE_MINUTES": 15,
    "PURGE_AFTER_DAYS": 90,
    "INSTALLMENTS_FROM_CENTS": 3500,
    "INSTALLMENTS_UP_TO_CENTS": 250_000,
    "SETTLEMENT_AMOUNTS": "decimal",
    "ACCOUNTS": {},
}
KEYS = frozenset({"PUBLIC_KEY", "PRIVATE_KEY", *DEFAULTS})
#: What may be done with held money before its authorization ends.
BEFORE_EXPIRY = ("nothing", "warn", "capture", "release")
#: How the account's payout summaries write money: dollars (93.7) or whole cents (9370).
SETTLEMENT_AMOUNTS = ("decimal", "cents")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})

ALIAS = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")

_HOST = re.compile(r"[A-Za-z0-9.\-\[\]:]+")
_ORIGIN = re.compile(rf"https?://{_HOST.pattern}/?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What one merchant account is configured to do."""

    account: str
    public_key: str
    private_key: str = field(repr=False)
    environment: str
    previous_private_keys: tuple[str, ...] = field(repr=False)
    gateway_url: str
    checkout_hosts: frozenset[str]
    base_url: str | None
    connect_timeout: float
    read_timeout: float
    deadline: float
    webhooks: str
    task_backend: str
    task_queue: str
    bulk_limit: int
    confirm_above_cents: int | None
    upcharges: bool
    before_expiry: str
    expiry_notice_minutes: int
    purge_after_days: int
    installments_from_cents: int
    installments_up_to_cents: int
    settlement_amounts: str

    @property
    def signing_keys(self) -> tuple[str, ...]:
        """Keys a webhook may be signed with: the current one, then those of a rotation."""
        return (self.private_key, *self.previous_private_keys)

    @property
    def checkout_script_url(self) -> str:
        """Where pages load the script for pop-up and iframe from: Sezzle, or another gateway."""
        if self.gateway_url in GATEWAY_URLS.values():
            return CHECKOUT_SCRIPT_URL
        return f"{self.gateway_url}/{CHECKOUT_SCRIPT_URL.rpartition('/')[2]}"


class Problem(NamedTuple):
    """Something that is wrong with the setting, found without any network."""

    id: str
    message: str
    hint: str


def get_settings(account: str = DEFAULT_ACCOUNT) -> Settings:
    """
    Read the settings of one merchant account, as they are now.

    :raises ConfigurationError: the account is not there, or one of its values cannot be used.
    """
    try:
        return _read(account)
    except ConfigurationError as error:
        # The frames in between hold the keys, and error reports show local variables.
        raise error.with_traceback(None)  # noqa: B904 - it is the same error


def _read(account: str) -> Settings:
    raw = getattr(django_settings, "SEZZLE", None)
    if not isinstance(raw, Mapping):
        raise ConfigurationError(f"{_MISSING.message} {_MISSING.hint}")
    merged = _merge(raw, account)
    for problem in _problems_of(merged, account):
        raise ConfigurationError(f"{problem.message} {problem.hint}")
    environment = merged["ENVIRONMENT"]
    gateway_url = merged["GATEWAY_URL"]
    hosts = merged["CHECKOUT_HOSTS"]
    if hosts is None:
        hosts = (
            *CHECKOUT_HOSTS[environment],
            *([urlsplit(gateway_url).netloc] if gateway_url else []),
        )
    return Settings(
        account=account,
        public_key=merged["PUBLIC_KEY"],
        private_key=merged["PRIVATE_KEY"],
        environment=environment,
        previous_private_keys=tuple(merged["PREVIOUS_PRIVATE_KEYS"]),
        gateway_url=(gateway_url or GATEWAY_URLS[environment]).rstrip("/"),
        checkout_hosts=frozenset(host.lower() for host in hosts),
        base_url=merged["BASE_URL"].rstrip("/") if merged["BASE_URL"] else None,
        connect_timeout=float(merged["TIMEOUT"][0]),
        read_timeout=float(merged["TIMEOUT"][1]),
        deadline=float(merged["DEADLINE"]),
        webhooks=merged["WEBHOOKS"],
        task_backend=merged["TASK_BACKEND"],
        task_queue=merged["TASK_QUEUE"],
        bulk_limit=merged["BULK_LIMIT"],
        confirm_above_cents=merged["CONFIRM_ABOVE_CENTS"],
        upcharges=merged["UPCHARGES"],
        before_expiry=merged["BEFORE_EXPIRY"],
        expiry_notice_minutes=merged["EXPIRY_NOTICE_MINUTES"],
        purge_after_days=merged["PURGE_AFTER_DAYS"],
        installments_from_cents=merged["INSTALLMENTS_FROM_CENTS"],
        installments_up_to_cents=merged["INSTALLMENTS_UP_TO_CENTS"],
        settlement_amounts=merged["SETTLEMENT_AMOUNTS"],
    )


def account_names() -> list[str]:
    """Name every configured merchant account, the default one first."""
    raw = getattr(django_settings, "SEZZLE", None)
    further = raw.get("ACCOUNTS", {}) if isinstance(raw, Mapping) else {}
    return [DEFAULT_ACCOUNT, *(further if isinstance(further, Mapping) else ())]


def accounts_with_worker() -> list[str]:
    """Name the accounts whose events a worker processes; none while ``SEZZLE`` is unusable."""
    if list(problems()):
        return []
    return [name for name in account_names() if get_settings(name).webhooks == TASK]


def problems() -> Iterator[Problem]:
    """List everything that is wrong with ``SEZZLE``, for the system checks."""
    raw = getattr(django_settings, "SEZZLE", None)
    if not isinstance(raw, Mapping):
        yield _MISSING
        return
    accounts = raw.get("ACCOUNTS", {})
    if not isinstance(accounts, Mapping) or not all(
        isinstance(name, str)
        and ALIAS.fullmatch(name)
        and name != DEFAULT_ACCOUNT
        and isinstance(values, Mapping)
        and "ACCOUNTS" not in values
        for name, values in accounts.items()
    ):
        yield Problem(
            "sezzle.E014",
            'SEZZLE["ACCOUNTS"] is not usable.',
            "Give a dict of dicts; names are lower-case letters, digits, '-' and '_', "
            "at most 32, and not 'default'.",
        )
        accounts = {}
    for account in (DEFAULT_ACCOUNT, *accounts):
        yield from _problems_of(_merge(raw, account), account)


def from_env(prefix: str = "SEZZLE_") -> dict[str, Any]:
    """
    Build the ``SEZZLE`` setting from environment variables, through django-environ.

    ``SEZZLE_PUBLIC_KEY``, ``SEZZLE_PRIVATE_KEY`` and so on; lists are separated by commas.
    ``SEZZLE_ACCOUNTS=canada`` adds an account read from ``SEZZLE_CANADA_PUBLIC_KEY`` ...
    Variables that are not set are left out, so that the defaults apply.
    """
    # Imported here: only a settings file that calls this pays for it.
    import environ  # type: ignore[import-untyped]  # noqa: PLC0415

    env = environ.Env()
    readers: dict[str, Callable[[str], Any]] = {
        "PREVIOUS_PRIVATE_KEYS": env.list,
        "CHECKOUT_HOSTS": env.list,
        "TIMEOUT": lambda name: tuple(float(part) for part in env.list(name)),
        "DEADLINE": env.float,
        "BULK_LIMIT": env.int,
        "CONFIRM_ABOVE_CENTS": env.int,
        "UPCHARGES": env.bool,
        "EXPIRY_NOTICE_MINUTES": env.int,
        "PURGE_AFTER_DAYS": env.int,
        "INSTALLMENTS_FROM_CENTS": env.int,
        "INSTALLMENTS_UP_TO_CENTS": env.int,
    }

    def read(start: str) -> dict[str, Any]:
        names = sorted(KEYS - {"ACCOUNTS"})
        return {
            name: readers.get(name, env.str)(start + name)
            for name in names
            if env.str(start + name, default="") != ""
        }

    found = read(prefix)
    accounts = {
        name: read(f"{prefix}{name.upper().replace('-', '_')}_")
        for name in env.list(f"{prefix}ACCOUNTS", default=[])
    }
    return found | ({"ACCOUNTS": accounts} if accounts else {})


_MISSING = Problem(
    "sezzle.E001",
    "The SEZZLE setting is missing.",
    'Set SEZZLE = {"PUBLIC_KEY": ..., "PRIVATE_KEY": ..., "ENVIRONMENT": "sandbox"}, '
    "or SEZZLE = django_sezzle.conf.from_env().",
)


def _merge(raw: Mapping[str, Any], account: str) -> dict[str, Any]:
    base = DEFAULTS | dict(raw)
    if account == DEFAULT_ACCOUNT:
        return base
    accounts = raw.get("ACCOUNTS", {})
    own = accounts.get(account) if isinstance(accounts, Mapping) else None
    if not isinstance(own, Mapping):
        raise ConfigurationError(
            f'There is no account {account!r} in SEZZLE["ACCOUNTS"]. '
            "Add it, or keep it there while it still has payments."
        )
    merged = base | dict(own)
    if "PRIVATE_KEY" in own and "PREVIOUS_PRIVATE_KEYS" not in own:
        # Another merchant's old key must not sign this merchant's webhooks.
        merged["PREVIOUS_PRIVATE_KEYS"] = ()
    return merged


def _problems_of(values: Mapping[str, Any], account: str) -> Iterator[Problem]:
    name = "SEZZLE" if account == DEFAULT_ACCOUNT else f'SEZZLE["ACCOUNTS"]["{account}"]'
    if unknown := sorted(str(key) for key in values.keys() - KEYS):
        yield Problem(
            "sezzle.E002", f"{name} has unknown keys: {', '.join(unknown)}.", "Remove them."
        )
    for key, is_good, what in _RULES:
        if not is_good(values.get(key)):
            yield Problem(_IDS[key], f'{name}["{key}"] is not usable.', what)
    if values.get("GATEWAY_URL") and values.get("ENVIRONMENT") == PRODUCTION:
        yield Problem(
            "sezzle.E007",
            f'{name} has a GATEWAY_URL beside ENVIRONMENT "production".',
            "Remove GATEWAY_URL: real money goes to Sezzle's own gateway only.",
        )
    least, most = values.get("INSTALLMENTS_FROM_CENTS"), values.get("INSTALLMENTS_UP_TO_CENTS")
    if type(least) is int and type(most) is int and 100 <= most < least:
        yield Problem(
            "sezzle.E025",
            f'{name}["INSTALLMENTS_UP_TO_CENTS"] is below INSTALLMENTS_FROM_CENTS.',
            "Both are whole cents: 250000 for $2,500.",
        )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.strip() == value and value != ""


def _is_list_of(test: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, (list, tuple, set, frozenset)) and all(map(test, value))


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and 0 < value <= 600  # type: ignore[operator]


def _is_pair_of_numbers(value: object) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2 and all(map(_is_number, value))


def _is_origin(value: object) -> bool:
    """Whether the value is None or ``https://host[:port]``; plain http only for loopback."""
    if value is None:
        return True
    if not isinstance(value, str) or not _ORIGIN.fullmatch(value):
        return False
    try:
        parts = urlsplit(value)
        reachable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        # An unfinished IPv6 address, or a port above 65535.
        return False
    return reachable and (parts.scheme == "https" or parts.hostname in LOOPBACK)


def _is_public_origin(value: object) -> bool:
    # A shop on somebody's desk is reached by http under any name; the deploy check asks for https.
    return _is_origin(value.replace("http://", "https://", 1) if isinstance(value, str) else value)


def _is_host(value: object) -> bool:
    return isinstance(value, str) and _HOST.fullmatch(value) is not None


_RULES: tuple[tuple[str, Callable[[object], bool], str], ...] = (
    ("PUBLIC_KEY", _is_text, "Copy the public key (sz_pub_...) from Sezzle's merchant dashboard."),
    (
        "PRIVATE_KEY",
        _is_text,
        "Copy the private key (sz_pr_...) from Sezzle's merchant dashboard; it signs webhooks too.",
    ),
    (
        "ENVIRONMENT",
        lambda v: isinstance(v, str) and v in GATEWAY_URLS,
        'Say "sandbox" or "production".',
    ),
    (
        "PREVIOUS_PRIVATE_KEYS",
        _is_list_of(_is_text),
        "Give a list of keys; leave it out when no rotation is under way.",
    ),
    ("GATEWAY_URL", _is_origin, "Give an https origin (http on loopback), without a path."),
    (
        "CHECKOUT_HOSTS",
        lambda v: v is None or _is_list_of(_is_host)(v),
        "Give host names without a scheme, or leave it out.",
    ),
    ("BASE_URL", _is_public_origin, 'Give the shop\'s public origin, like "https://shop.example".'),
    ("TIMEOUT", _is_pair_of_numbers, "Give two numbers of seconds: (connect, read)."),
    ("DEADLINE", _is_number, "Give a number of seconds, at most 600."),
    ("WEBHOOKS", lambda v: v in (INLINE, TASK), 'Say "inline" or "task".'),
    ("TASK_BACKEND", _is_text, "Give the name of a backend in TASKS."),
    ("TASK_QUEUE", _is_text, "Give the name of a queue that the backend has."),
    ("BULK_LIMIT", lambda v: type(v) is int and v > 0, "Give a whole number of payments."),
    (
        "CONFIRM_ABOVE_CENTS",
        lambda v: v is None or (type(v) is int and v >= 0),
        "Give a whole number of cents, 0 for every total, or None for no total.",
    ),
    ("UPCHARGES", lambda v: type(v) is bool, "Say True when Sezzle has switched them on."),
    (
        "BEFORE_EXPIRY",
        lambda v: isinstance(v, str) and v in BEFORE_EXPIRY,
        f"Say one of {', '.join(BEFORE_EXPIRY)}.",
    ),
    (
        "EXPIRY_NOTICE_MINUTES",
        lambda v: type(v) is int and 5 <= v <= 60 * 24 * 30,
        "Give a whole number of minutes, at least 5: sezzle_reconcile must come by in time.",
    ),
    (
        "PURGE_AFTER_DAYS",
        lambda v: type(v) is int and 7 <= v <= 36_500,
        "Give a whole number of days, at least 7: Sezzle repeats an event for five.",
    ),
    (
        "INSTALLMENTS_FROM_CENTS",
        lambda v: type(v) is int and v >= 100,
        "Give the least that Sezzle takes from your shoppers, in whole cents; 100 at least.",
    ),
    (
        "INSTALLMENTS_UP_TO_CENTS",
        lambda v: type(v) is int and v >= 100,
        "Give the most that Sezzle takes from your shoppers, in whole cents.",
    ),
    (
        "SETTLEMENT_AMOUNTS",
        lambda v: isinstance(v, str) and v in SETTLEMENT_AMOUNTS,
        'Say "decimal" (dollars) or "cents", as the account\'s payout summaries have it.',
    ),
)
_IDS = {
    "PUBLIC_KEY": "sezzle.E003",
    "PRIVATE_KEY": "sezzle.E004",
    "ENVIRONMENT": "sezzle.E005",
    "PREVIOUS_PRIVATE_KEYS": "sezzle.E006",
    "GATEWAY_URL": "sezzle.E007",
    "CHECKOUT_HOSTS": "sezzle.E008",
    "BASE_URL": "sezzle.E009",
    "TIMEOUT": "sezzle.E010",
    "DEADLINE": "sezzle.E011",
    "WEBHOOKS": "sezzle.E012",
    "BULK_LIMIT": "sezzle.E013",
    "PURGE_AFTER_DAYS": "sezzle.E015",
    "BEFORE_EXPIRY": "sezzle.E016",
    "EXPIRY_NOTICE_MINUTES": "sezzle.E017",
    "CONFIRM_ABOVE_CENTS": "sezzle.E018",
    "UPCHARGES": "sezzle.E026",
    "TASK_BACKEND": "sezzle.E019",
    "TASK_QUEUE": "sezzle.E020",
    "SETTLEMENT_AMOUNTS": "sezzle.E023",
    "INSTALLMENTS_FROM_CENTS": "sezzle.E024",
    "INSTALLMENTS_UP_TO_CENTS": "sezzle.E025",
}
