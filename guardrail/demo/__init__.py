"""A companion bot to try the guard on: scripted, honest about being so, and harmful on cue.

Nothing in here is a model, and nothing in here is used outside `guardrail demo` and the tests.
"""
