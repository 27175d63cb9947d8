"""Rows under differential privacy: noisy marginals on a tree."""
