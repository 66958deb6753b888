"""What can happen in a shop, and what is said of it: rows, variables and built-in texts."""
