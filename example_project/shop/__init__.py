"""The shop itself: products, cart, orders."""
