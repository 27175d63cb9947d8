"""Which edition of the measures an evaluation was made with. Imports nothing: faces ask it too."""

FORMAT = 4
"""Raised whenever measures are added or mean something else: an older evaluation then says that it is out of date."""
