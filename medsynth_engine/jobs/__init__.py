"""The processes of all long work: started, watched, stopped and recovered. Knows the ledger and the kernel only."""
