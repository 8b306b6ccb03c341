"""Day-2 commands: what is asked of a platform once it runs."""
