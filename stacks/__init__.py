"""Where things are and in what order: one file per stack, and the config they are made from."""
