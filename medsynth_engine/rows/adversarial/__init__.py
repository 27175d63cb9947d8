"""Rows from a conditional tabular GAN."""
