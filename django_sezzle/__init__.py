"""Accept Sezzle (buy now, pay later) in a Django shop."""

__version__ = "0.1.0"
