"""What changed between two reports, which layers explain it, and whether it is allowed."""
