"""Widgets hold view state only (cursor, scroll, zoom); what they show comes in by a `show` method."""
