"""People in the loop: services with I/O and no web framework."""
