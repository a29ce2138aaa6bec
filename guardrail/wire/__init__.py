"""The wires: chat formats, read and written without any I/O. `base` holds the port."""
