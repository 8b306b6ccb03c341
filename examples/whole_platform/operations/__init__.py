"""Whatever this app calls its operations."""
