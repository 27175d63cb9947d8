"""The output layer: what Textual wants to show leaves as the few bytes that differ, one frame at a time.

All that is private in the pinned Textual and needed for it is used in this folder, behind a self-check.
"""
