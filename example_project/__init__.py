"""Lantern & Loom: a small shop that takes Sezzle, to look at, to try and to copy from."""
