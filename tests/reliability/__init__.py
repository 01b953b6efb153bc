"""
The core under fire: races, kills, faults, forgeries, outages.

Each rig is an ordinary test that runs a small number in every run of the suite, and its full
number when ``python -m tests.reliability`` asks for it.
"""
