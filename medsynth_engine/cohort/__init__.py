"""Draws a cohort: a population to aim for, the rows first, then an image for every row."""
