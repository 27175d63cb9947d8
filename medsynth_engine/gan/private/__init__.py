"""Training with differential privacy: what is learned from each patient is clipped, noised and counted."""
