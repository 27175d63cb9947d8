"""What every room may use. Light: no torch, no pandas."""
