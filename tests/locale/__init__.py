"""The package in other languages than English."""
