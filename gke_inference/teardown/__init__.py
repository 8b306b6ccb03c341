"""The command that destroys a platform, stack by stack, and reports what remains of it."""
