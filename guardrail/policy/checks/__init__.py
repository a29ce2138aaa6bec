"""Static checks: what a pack that loads may still have wrong. One small file for each.

Every check is a function `check(policy, source) -> list[Mistake]`, pure, with a hint in each
mistake. `guardrail.policy.check` runs them all.
"""
