"""How a store is brought forward, one step a file in `versions/`."""
