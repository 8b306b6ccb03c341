"""Which constructs a stack has, what it needs, what it puts out."""
