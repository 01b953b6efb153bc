"""A shop of one page under the strictest content policy: nonces, and nothing by address."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template import RequestContext, Template
from django.urls import include, path
from django.utils.decorators import method_decorator

from django_sezzle.gateway import Price
from django_sezzle.models import SezzlePayment
from django_sezzle.services import Checkout
from django_sezzle.views import SezzleCheckoutView
from tests.messaging.pages import NONCE

PAGE = """{% load sezzle %}<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Lamp</title>
  {% sezzle_assets mode=mode %}{% sezzle_assets mode=mode %}
</head>
<body>
  <main>
    <h1>Lamp</h1>
    <form method="post" action="/pay/">{% csrf_token %}
      <input name="action" value="as some shops name their fields"><input name="submit">
      {% sezzle_button mode=mode %}
    </form>
  </main>
</body>
</html>"""


@login_not_required
def lamp(request: HttpRequest) -> HttpResponse:
    """Show the page in a mode, and with the opener policy that is asked for."""
    gateway = settings.SEZZLE["GATEWAY_URL"]
    context = {"csp_nonce": NONCE, "mode": request.GET["mode"]}
    page = HttpResponse(Template(PAGE).render(RequestContext(request, context)))
    page["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'nonce-{NONCE}'; style-src 'nonce-{NONCE}'; "
        f"connect-src 'self'; frame-src {gateway}; form-action 'self' {gateway}; base-uri 'none'"
    )
    page["Cross-Origin-Opener-Policy"] = request.GET.get("opener", "same-origin-allow-popups")
    return page


@login_not_required
def order(request: HttpRequest) -> HttpResponse:
    """Say whether the shop has its money."""
    payment = SezzlePayment.objects.current_for("lamp")
    paid = payment is not None and payment.is_funded_for(10_000, "USD")
    return HttpResponse(f"<!doctype html><title>Order</title><h1>{'Paid' if paid else 'Open'}</h1>")


@method_decorator(login_not_required, name="dispatch")
class Pay(SezzleCheckoutView):
    """Pays for the lamp."""

    def get_checkout(self) -> Checkout:
        """Say what is to be paid."""
        return Checkout(shop_reference="lamp", amount=Price(10_000, "USD"), success_url="/order/")


urlpatterns = [
    path("lamp/", lamp),
    path("order/", order),
    path("pay/", Pay.as_view()),
    path("sezzle/", include("django_sezzle.urls")),
]
