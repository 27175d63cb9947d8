"""What every room may use: errors, evidence, atomic writes, escaping, the folder protocol. Light: no torch, no pandas."""
