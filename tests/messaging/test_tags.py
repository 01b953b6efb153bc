"""What the tags write: amounts, dates, languages, and nothing that a browser could run."""

from __future__ import annotations

import logging
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.staticfiles import finders
from django.test import RequestFactory, override_settings
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from django_sezzle.exceptions import ConfigurationError, InvalidInput
from django_sezzle.gateway import Price
from tests.messaging.pages import NONCE, PAGE, Reader, installments, render, visible
from tests.readme.test_first_payment import block
from tests.settings import SEZZLE

NOON = "2026-11-21T12:00:00Z"
HOSTILE = """"'><script>alert(1)</script><b onclick=x style=y>"""


def plan_of(html: str) -> list[tuple[str, str]]:
    """Read dates and amounts out of the list."""
    row = r'<li><time datetime="([^"]+)">[^<]+</time> <strong[^>]*>([^<]+)</strong></li>'
    return re.findall(row, html)


@time_machine.travel(NOON, tick=False)
def test_in_english() -> None:
    html = installments(24_999)

    assert visible(html) == (
        "or 4 payments of $62.49 with Sezzle (the last one $62.52) Dates and amounts "
        "For an order placed today, $249.99\xa0USD in all: "
        "Today $62.49 December 5 $62.49 December 19 $62.49 January 2 $62.52"
    )
    assert plan_of(html) == [
        ("2026-11-21", "$62.49"),
        ("2026-12-05", "$62.49"),
        ("2026-12-19", "$62.49"),
        ("2027-01-02", "$62.52"),
    ]


@pytest.mark.parametrize("language", ["fr", "fr-ca"])
@time_machine.travel(NOON, tick=False)
def test_in_canadian_french(language: str) -> None:
    assert visible(installments(124_999, "CAD", language=language)) == (
        "ou 4 versements de 312,49\xa0$ avec Sezzle (le dernier de 312,52\xa0$) Dates et montants "
        "Pour une commande passée aujourd’hui, 1\xa0249,99\xa0$\xa0CAD en tout\xa0: "
        "Aujourd’hui 312,49\xa0$ 5 décembre 312,49\xa0$ 19 décembre 312,49\xa0$ "
        "2 janvier 312,52\xa0$"
    )
    assert "à partir de 35,00\xa0$" in visible(installments(900, "CAD", language=language))
    assert visible(render('{% sezzle_button "/pay/" %}', language=language)) == "Payer avec Sezzle"


def test_every_sentence_is_translated() -> None:
    even, uneven, below = (
        visible(installments(cents, options="dates=False", language="fr"))
        for cents in (10_000, 10_001, 100)
    )

    assert even == "ou 4 versements de 25,00\xa0$ avec Sezzle"
    assert uneven == f"{even} (le dernier de 25,01\xa0$)"
    assert below == "Payez en 4 versements avec Sezzle à partir de 35,00\xa0$ d’achat"
    assert "Redirection vers Sezzle…" in render("{% sezzle_button %}", language="fr")


def test_equal_payments_have_no_last_one_of_their_own() -> None:
    assert visible(installments(10_000, options="dates=False")) == (
        "or 4 payments of $25.00 with Sezzle"
    )


def test_nothing_is_called_free_of_interest() -> None:
    for language in ("en", "fr"):
        assert not re.search("interest|intérêt", installments(10_000, language=language))


@given(cents=st.integers(3500, 250_000), currency=st.sampled_from(["USD", "CAD"]))
def test_what_is_shown_adds_up_to_the_cent(cents: int, currency: str) -> None:
    html = installments(cents, currency)
    shown = [int(re.sub(r"\D", "", amount)) for _due, amount in plan_of(html)]

    assert sum(shown) == cents
    assert f"{Price(cents, currency)}".replace(" ", "\xa0") in visible(html)


@pytest.mark.parametrize(
    "amount", [Price(4999, "USD"), 4999, Decimal("49.99"), Decimal("49.990")], ids=repr
)
def test_prices_cents_and_dollars(amount: Any) -> None:
    assert visible(installments(amount)).startswith("or 4 payments of $12.49 with Sezzle")


@time_machine.travel(date(2026, 12, 31), tick=False)
def test_today_is_the_shops_day() -> None:
    late = timezone.now() + timedelta(hours=3)
    with time_machine.travel(late, tick=False), timezone.override("America/Vancouver"):
        here = timezone.localtime(late) if timezone.is_aware(late) else late

        assert plan_of(installments(4000))[0][0] == here.date().isoformat()


@pytest.mark.parametrize(
    "amount",
    [None, "", 0, -5000, Decimal(-1), 250_001, 10**5000],
    # Python refuses to write the last one out.
    ids=["none", "empty", "zero", "negative", "negative dollars", "too much", "far too much"],
)
def test_outside_the_range_nothing_is_said(amount: Any) -> None:
    html = installments(amount)

    assert visible(html) == ""
    # The script finds what it needs, should another amount be chosen.
    assert 'data-sezzle-cents="0"' in html
    assert html.count("<template") == 3


def test_below_the_range_the_limit_is_said() -> None:
    assert visible(installments(3499)) == "Pay in 4 with Sezzle on orders from $35.00"


@pytest.mark.parametrize("currency", ["EUR", "", None, "usd", HOSTILE], ids=repr)
def test_currencies_that_sezzle_does_not_take(currency: Any) -> None:
    assert installments(4999, currency).strip() == ""


@pytest.mark.parametrize(
    "amount",
    [49.99, True, "4999", HOSTILE, Decimal("49.999"), Decimal("NaN"), Decimal("Infinity"), [1]],
    ids=repr,
)
def test_amounts_that_are_none_are_logged_and_do_not_break_the_page(
    amount: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "django_sezzle"):
        assert installments(amount).strip() == ""
    assert "installments=hidden" in caplog.text
    assert "alert" not in caplog.text


def test_each_account_has_its_own_range() -> None:
    accounts = {"canada": {"INSTALLMENTS_FROM_CENTS": 6000, "INSTALLMENTS_UP_TO_CENTS": 9000}}
    with override_settings(SEZZLE=SEZZLE | {"ACCOUNTS": accounts}):
        assert "4 payments" in visible(installments(5000, "CAD"))
        assert "from $60.00" in visible(installments(5000, "CAD", 'account="canada"'))
        assert visible(installments(9001, "CAD", 'account="canada"')) == ""
        with pytest.raises(ConfigurationError):
            installments(5000, "CAD", 'account="cuba"')


def test_numbers_for_the_script_are_plain_whatever_the_host_does_with_numbers() -> None:
    with override_settings(USE_THOUSAND_SEPARATOR=True):
        html = installments(123_456, language="fr")

    assert 'data-sezzle-cents="123456"' in html
    assert 'data-sezzle-up-to="250000"' in html


# The button


def test_the_button_is_a_form_with_the_token() -> None:
    html = render('{% sezzle_button "/pay/7/" %}', csrf_token="token-of-the-page")

    assert '<form method="post" action="/pay/7/">' in html
    assert 'name="csrfmiddlewaretoken" value="token-of-the-page"' in html
    assert '<button class="sezzle-button" type="submit"' in html
    assert visible(html) == "Pay with Sezzle"


def test_inside_a_form_it_is_the_button_alone() -> None:
    html = render("{% sezzle_button %}", csrf_token="x")

    assert html.startswith("<button")
    assert "csrf" not in html


@pytest.mark.parametrize(
    "url",
    ["", "javascript:alert(1)", "https://evil.example/", "//evil.example/", "/\\evil.example"],
)
def test_the_button_leads_nowhere_but_to_the_shop(url: Any) -> None:
    with pytest.raises(InvalidInput):
        render("{% sezzle_button url %}", url=url, csrf_token="x")


# In a window, or in a frame of the page

LIVE = SEZZLE | {"ENVIRONMENT": "production", "GATEWAY_URL": None, "PUBLIC_KEY": "sz_pub_live"}


@pytest.mark.parametrize("mode", ["popup", "iframe"])
def test_a_button_for_sezzles_script_is_the_same_form(mode: str) -> None:
    html = render("{% sezzle_button '/pay/' mode=mode %}", mode=mode, csrf_token="x")
    given = f' data-sezzle-mode="{mode}" data-sezzle-key="sz_pub_test" data-sezzle-api="sandbox"'
    assert given in html
    assert html.replace(given, "") == render("{% sezzle_button '/pay/' %}", csrf_token="x")
    assert SEZZLE["PRIVATE_KEY"] not in html


def test_sezzles_script_is_told_of_real_money() -> None:
    with override_settings(SEZZLE=LIVE | {"ACCOUNTS": {"canada": {"PUBLIC_KEY": "sz_pub_ca"}}}):
        html = render("{% sezzle_button mode='popup' account='canada' %}")
        assert 'data-sezzle-key="sz_pub_ca" data-sezzle-api="live"' in html
        assert 'data-sezzle-key="sz_pub_live"' in render("{% sezzle_button mode='popup' %}")


@pytest.mark.parametrize("mode", ["", "redirect", None])
def test_the_redirect_needs_no_script_and_no_settings(mode: Any) -> None:
    with override_settings(SEZZLE=None):
        html = render("{% sezzle_assets mode=mode %}{% sezzle_button mode=mode %}", mode=mode)
    assert html == render("{% sezzle_assets %}{% sezzle_button %}")
    assert "checkout" not in html


@pytest.mark.parametrize("tag", ["sezzle_button", "sezzle_assets"])
@pytest.mark.parametrize("mode", ["modal", "POPUP", HOSTILE])
def test_other_modes_are_an_error(tag: str, mode: str) -> None:
    with pytest.raises(InvalidInput, match="redirect, popup, iframe"):
        render(f"{{% {tag} mode=mode %}}", mode=mode)


def test_sezzles_script_comes_from_sezzle_or_from_the_emulator() -> None:
    source = "{% sezzle_assets mode='popup' %}"
    assert 'src="https://sezzle-emulator.test/checkout.min.js" async' in render(source)
    for gateway in (None, "https://gateway.sezzle.com"):
        ours = LIVE | {"ENVIRONMENT": "sandbox", "GATEWAY_URL": gateway}
        with override_settings(SEZZLE=ours):
            html = render(source, csp_nonce=NONCE)
        assert (
            '<script src="https://checkout-sdk.sezzle.com/checkout.min.js" async '
            f'nonce="{NONCE}"></script>' in html
        )
        assert html.count(f'nonce="{NONCE}"') == len(re.findall("<script|<link", html)) == 5


# What a browser could run


def test_hostile_words_stay_words() -> None:
    html = render(
        "{% sezzle_installments 4999 'USD' follow=bad %}{% sezzle_button url label=bad %}"
        "{% sezzle_widget bad %}",
        bad=HOSTILE,
        url=f"/pay/{HOSTILE}",
        csrf_token=HOSTILE,
    )

    page = Reader(html)
    assert {tag for tag, _attributes in page.elements}.isdisjoint({"b", "style"})
    names = {name for _tag, attributes in page.elements for name in attributes}
    assert not [name for name in names if name == "style" or name.startswith("on")]
    assert [tag for tag, attributes in page.elements if tag == "script" and not attributes] == []
    values = [value for _tag, attributes in page.elements for value in attributes.values()]
    assert [values.count(HOSTILE), values.count(f"/pay/{HOSTILE}")] == [2, 1]
    assert HOSTILE in visible(html)


def test_a_page_has_nothing_inline_and_loads_nothing_from_elsewhere() -> None:
    html = render(PAGE.replace("{% load sezzle i18n %}", "{% load i18n %}"), csrf_token="x")

    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:", html)
    assert not re.findall(r"https?:|src=.//", html)


@pytest.mark.parametrize("name", ["installments.js", "button.js", "messaging.css"])
def test_the_files_load_nothing(name: str) -> None:
    found = finders.find(f"django_sezzle/{name}")
    assert isinstance(found, str)
    text = Path(found).read_text("utf-8")

    assert not re.search(
        r"https?:|url\(|@import|fetch|XMLHttp|innerHTML|eval\(|import\(|document\.write", text
    )


def test_scripts_and_styles_carry_the_nonce_of_django_or_of_django_csp() -> None:
    request = RequestFactory().get("/")
    request.csp_nonce = NONCE  # type: ignore[attr-defined]
    tags = "{% sezzle_assets %}{% sezzle_widget 'a1' %}"

    for html in (render(tags, csp_nonce=NONCE), render(tags, request=request)):
        assert html.count(f'nonce="{NONCE}"') == len(re.findall("<script|<link", html)) == 4
    assert "nonce" not in render(tags)


class LazyNonce:
    """As Django's: false until it has been written once."""

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return NONCE


def test_a_nonce_is_made_when_it_is_written() -> None:
    assert render("{% sezzle_assets %}", csp_nonce=LazyNonce()).count(f'nonce="{NONCE}"') == 3


def test_sezzles_own_widget_comes_from_sezzle() -> None:
    html = render("{% sezzle_widget 'a1-b2&uuid=c' %}").strip()

    assert html == (
        '<script src="https://widget.sezzle.com/v1/javascript/price-widget'
        '?uuid=a1-b2%26uuid%3Dc" defer></script>'
    )
    assert render("{% sezzle_widget unknown %}").strip() == ""


# What the README shows


def test_the_lines_of_the_readme_work() -> None:
    # This host has no view of that name.
    source = block("messaging").replace("{% url 'pay' order.pk as", "{% firstof '/pay/7/' as")
    html = render(source, order={"pk": 7, "total": Decimal(100)}, csrf_token="x")

    assert visible(html).startswith("or 4 payments of $25.00 with Sezzle")
    assert 'action="/pay/7/"' in html
