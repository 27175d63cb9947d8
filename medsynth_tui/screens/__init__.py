"""One screen a file, its style beside it. Screens hold no rules: they ask the engine and show what it says."""
