"""The terminal faces: the studio and the command line."""
