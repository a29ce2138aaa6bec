"""Evaluates classifiers on labelled rows, and proposes thresholds: `guardrail eval` and `tune`.

`rows` reads, `judge` scores, `figures` counts, `plots` and `report` show, `tune` proposes. Plots and
curves need the extra `eval`; nothing of it is imported before it is used, and never by the server.
"""
