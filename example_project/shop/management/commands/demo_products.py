"""Put the demonstration products on the shelves."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from example_project.shop.models import Product

PRODUCTS: tuple[dict[str, Any], ...] = (
    {
        "slug": "emberlight-lamp",
        "sku": "LL-LAMP-01",
        "name": "Emberlight table lamp",
        "kind": "Light",
        "tagline": "A small lamp that makes a corner of its own",
        "description": "Turned walnut, a linen shade and a pull cord that clicks.\n\n"
        "The bulb is included, warm and dim enough to read a book by and not much else.",
        "price_in_cents": 12_999,
        "art": "lamp.svg",
        "art_text": "A table lamp with a linen shade, lit",
    },
    {
        "slug": "harbour-throw",
        "sku": "LL-WOOL-02",
        "name": "Harbour wool throw",
        "kind": "Wool",
        "tagline": "Undyed and sea-blue wool, big enough for two",
        "description": "Woven on slow looms in a mill by the water, and washed until soft.\n\n"
        "130 by 190 centimetres. It grows nicer with every winter.",
        "price_in_cents": 8_950,
        "art": "throw.svg",
        "art_text": "A blue wool throw with stripes over the back of a bench",
    },
    {
        "slug": "cloudware-teapot",
        "sku": "LL-CLAY-03",
        "name": "Cloudware teapot",
        "kind": "Clay",
        "tagline": "One litre, and it does not drip",
        "description": "Thrown stoneware with a glaze like an afternoon before rain.\n\n"
        "Goes into the dishwasher, though you will want to wash it by hand.",
        "price_in_cents": 6_400,
        "art": "teapot.svg",
        "art_text": "A round blue teapot, steaming",
    },
    {
        "slug": "quiet-hours-candles",
        "sku": "LL-WAX-04",
        "name": "Quiet Hours candles",
        "kind": "Light",
        "tagline": "Three sizes of rapeseed wax, no perfume",
        "description": "Twenty, forty and sixty hours of light.\n\n"
        "Poured by hand, with cotton wicks that need no trimming.",
        "price_in_cents": 3_605,
        "art": "candles.svg",
        "art_text": "Three candles of different sizes, burning",
    },
    {
        "slug": "birch-chess-set",
        "sku": "LL-WOOD-05",
        "name": "Birch chess set",
        "kind": "Wood",
        "tagline": "Weighted pieces and a board that folds",
        "description": "Birch and smoked oak, felted below, with two spare queens.\n\n"
        "The board folds into its own box, so a game can travel.",
        "price_in_cents": 11_800,
        "art": "chess.svg",
        "art_text": "A chess board with light and dark pieces",
    },
    {
        "slug": "meadow-cushion",
        "sku": "LL-WOOL-06",
        "name": "Meadow floor cushion",
        "kind": "Wool",
        "tagline": "Sit lower, stay longer",
        "description": "Felted wool around a core of buckwheat husks.\n\n"
        "60 centimetres wide; the cover comes off.",
        "price_in_cents": 7_425,
        "art": "cushion.svg",
        "art_text": "A round green floor cushion beside a plant",
    },
    {
        "slug": "evening-record-player",
        "sku": "LL-PLAY-07",
        "name": "Evening record player",
        "kind": "Sound",
        "tagline": "Two speeds, one knob, nothing blinking",
        "description": "A belt drive in a cherry case, with a sensible needle.\n\n"
        "Plugs into any amplifier, or into headphones when the house sleeps.",
        "price_in_cents": 24_999,
        "art": "player.svg",
        "art_text": "A record player in a cherry wood case",
    },
    {
        "slug": "alder-reading-chair",
        "sku": "LL-SEAT-08",
        "name": "Alder reading chair",
        "kind": "Wood",
        "tagline": "Built for you in about three weeks",
        "description": "An alder frame and terracotta wool, put together when you order it.\n\n"
        "Low arms for a cup, a high back for a nap.",
        "price_in_cents": 48_050,
        "art": "chair.svg",
        "art_text": "An armchair with terracotta covers",
        "is_made_to_order": True,
    },
)


class Command(BaseCommand):
    """Put the demonstration products on the shelves; running it again changes nothing."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Add what is missing and bring the rest up to date."""
        for position, product in enumerate(PRODUCTS):
            values = {name: value for name, value in product.items() if name != "sku"}
            Product.objects.update_or_create(
                sku=product["sku"], defaults=values | {"position": position}
            )
        self.stdout.write(f"{len(PRODUCTS)} products are on the shelves.")
