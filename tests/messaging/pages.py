"""A shop's pages with our tags, in a language and under a strict content policy."""

from __future__ import annotations

import time
from html.parser import HTMLParser
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template import Context, RequestContext, Template
from django.utils import translation

NONCE = "bm9uY2U"
POLICY = (
    f"default-src 'none'; script-src 'nonce-{NONCE}'; style-src 'nonce-{NONCE}'; "
    "form-action 'self'; base-uri 'none'"
)

PAGE = """{% load sezzle i18n %}{% get_current_language as LANGUAGE %}<!doctype html>
<html lang="{{ LANGUAGE }}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>Lamp</title>
  {# Twice, as a shop may do by mistake. #}
  {% sezzle_assets %}{% sezzle_assets %}
</head>
<body>
  <main>
    <h1>Lamp</h1>
    <div id="product">{% sezzle_installments 4999 "USD" follow="size" %}</div>
    <form method="post" action="/slow/">{% csrf_token %}
      <label for="size">Size</label>
      <select name="size" id="size">
        <option value="">Choose</option>
        <option value="1" data-sezzle-cents="4999">Small</option>
        <option value="2" data-sezzle-cents="1200050">Palace</option>
        <option value="3" data-sezzle-cents="10000">Large</option>
        <option value="4" data-sezzle-cents="3499">Cheap</option>
      </select>
      <input type="hidden" name="size" value="of no interest">
      <fieldset><legend>Colour</legend>
        <label><input type="radio" name="colour" value="1" data-sezzle-cents="8001"> Red</label>
        <label><input type="radio" name="colour" value="2" data-sezzle-cents="9000"> Blue</label>
      </fieldset>
      {% sezzle_button %}
    </form>
    <div id="other">{% sezzle_installments 8000 "CAD" dates=False follow="colour" %}</div>
    <div id="own">{% sezzle_button "/slow/" label="Try again" %}</div>
  </main>
</body>
</html>"""

#: What the slow view was asked.
presses: list[str] = []


def render(source: str, *, language: str = "en", **context: Any) -> str:
    """Render a template with our tags in a language."""
    with translation.override(language):
        return Template("{% load sezzle %}" + source).render(Context(context))


def installments(
    amount: Any, currency: Any = "USD", options: str = "", *, language: str = "en"
) -> str:
    """Render the tag for an amount."""
    source = f"{{% sezzle_installments amount currency {options} %}}"
    return render(source, language=language, amount=amount, currency=currency)


class Reader(HTMLParser):
    """Collects what a person reads (no templates, nothing hidden), and the elements there are."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[bool] = []
        self.words: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note whether what comes now is seen."""
        self.elements.append((tag, dict(attributes)))
        if tag not in {"link", "input", "meta"}:
            self.open.append(tag == "template" or "hidden" in dict(attributes))

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        self.open.pop()

    def handle_data(self, data: str) -> None:
        """Keep what is seen."""
        if not any(self.open):
            self.words.append(data)


def visible(html: str) -> str:
    """Give the words that a person reads, apart by single spaces; no-break spaces stay."""
    return " ".join("".join(Reader(html).words).replace("\xa0", "~").split()).replace("~", "\xa0")


@login_not_required
def product(request: HttpRequest) -> HttpResponse:
    """Show a product, in the language that is asked for."""
    with translation.override(request.GET.get("language", "en")):
        page = Template(PAGE).render(RequestContext(request, {"csp_nonce": NONCE}))
    return HttpResponse(page, headers={"Content-Security-Policy": POLICY})


@login_not_required
def slow(request: HttpRequest) -> HttpResponse:
    """Take a while, as a checkout does."""
    presses.append(request.method or "")
    time.sleep(0.6)
    return HttpResponse("<!doctype html><title>Sezzle</title><h1>At Sezzle</h1>")
