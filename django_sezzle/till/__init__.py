"""An API for a till: ask for a payment in the store, follow it, capture, cancel and refund it."""
