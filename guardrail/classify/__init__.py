"""Classifiers: one port, several answers, and the text preparation that they share."""
