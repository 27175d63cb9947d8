"""The proof of de-identification that anybody can repeat: `medsynth selftest deid`.

Made-up identifiers (canaries) are planted wherever files are known to carry them, the real intake takes the files in,
and every byte that it wrote or said is searched. Nothing of it touches a store.
"""
