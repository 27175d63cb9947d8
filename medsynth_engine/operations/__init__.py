"""What a user can do, one file a noun. Each operation is declared once, with its permission; both faces call it."""
