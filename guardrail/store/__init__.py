"""Where sessions, usage and events are kept."""
