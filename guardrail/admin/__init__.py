"""The admin server: probes, metrics, a page for the people on duty, and the demo.

It shows decisions, never what anybody said; see `views.py` for all that may leave.
"""
