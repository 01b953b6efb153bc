"""The contract rig: holds every message of the tests against Sezzle's published shapes."""
