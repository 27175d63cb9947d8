"""A training on somebody else's bigger machine: what is sent there, what is done there, what comes back."""
