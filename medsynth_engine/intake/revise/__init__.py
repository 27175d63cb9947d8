"""The next version of a dataset, where a check or people decided about its pictures. See `revise.revise`."""
