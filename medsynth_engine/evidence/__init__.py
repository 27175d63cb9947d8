"""Fidelity, privacy, bias, utility: small pure functions, arrays and tables in, `Evidence` out."""
