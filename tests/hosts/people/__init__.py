"""The host's users: known by their e-mail address, and without a name."""
