"""A table of text -> typed columns, with everything that identifies dropped and counted. See `table`, `describe`."""
