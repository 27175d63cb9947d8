"""The `medsynth` command line: the engine's operations for people and programs without a screen."""
