"""The example shop without a browser."""
