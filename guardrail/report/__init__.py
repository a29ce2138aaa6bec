"""Reports for authorities and the public: aggregates of the log, never an identifier.

Theory of operation. `run` reads the store in pages and feeds folds (`figures`, `usage`,
`registers`), which keep counters only. `counts`, `assessment` and `gauges` turn these into a
`Document`; `suppress` takes small cells out of one for the public; `formats` and `html` write it.
Everything but `run` and `commands` is pure. What each figure counts: docs/reports.md.
"""
