"""What to do when: policy packs, their checks, their trials, and the one function that decides."""
