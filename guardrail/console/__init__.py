"""What the staff see and do in a browser: signing in, the queue, cases, take-over."""
