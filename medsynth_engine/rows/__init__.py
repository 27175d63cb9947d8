"""Learns and samples the structured half of a record. Pure: numpy, pandas, scikit-learn; nothing of the engine."""
