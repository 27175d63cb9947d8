"""Finds, decodes and de-identifies what comes in. See `take_in.scan`, `take_in.take_in`, `dataset.Dataset`."""
