"""The pages: catalogue, cart, checkout, orders."""
