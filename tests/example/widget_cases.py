"""
The shop with Sezzle's own price widget: ``WIDGET_MERCHANT_UUID=... manage.py test`` of this.

``test_inside.py`` runs it in an environment that has the uuid.
"""

from __future__ import annotations

import re

from example_project.csp import WIDGET_PICTURES, WIDGET_SCRIPTS
from tests.example.cases import ShopTestCase


class WidgetTests(ShopTestCase):
    """The widget is where it is wanted, and the policy lets it in."""

    def test_a_product_shows_it_instead_of_the_shops_own_payments(self) -> None:
        answer = self.client.get("/products/emberlight-lamp/")

        page = answer.content.decode()
        scripts = re.findall(r'<script src="([^"]+)" defer></script>', page)
        own, sezzles = scripts[-2:]
        assert own.endswith("/shop/widget.js"), "it is told of the price before it runs"
        assert sezzles == f"{WIDGET_SCRIPTS}/v1/javascript/price-widget?uuid=a1-b2"
        assert 'id="price">$129.99<' in page
        product = page.split("<article", 1)[1].split("</article>")[0]
        assert "data-sezzle-line" not in product

    def test_the_policy_allows_its_hosts(self) -> None:
        header = self.client.get("/products/emberlight-lamp/")["Content-Security-Policy"]
        rules = {name: hosts for name, *hosts in map(str.split, header.split(";"))}
        assert WIDGET_SCRIPTS in rules["script-src"]
        assert WIDGET_PICTURES in rules["img-src"]
        assert header.count(WIDGET_SCRIPTS) == header.count(WIDGET_PICTURES) == 1
        assert "unsafe" not in header
