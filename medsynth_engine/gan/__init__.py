"""Learns and draws images: reads a run folder, writes a run folder. Knows no database, no user, no screen."""
