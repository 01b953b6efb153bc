"""Journeys through the example shop in a real browser, named after what people do."""
