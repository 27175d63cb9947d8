"""Bytes of one file -> its pictures, one by one, and what else the file carries. See `decode.opened`."""
