"""Zip, tar and NPZ as lists of members, read within bounds and never unpacked to disk."""
