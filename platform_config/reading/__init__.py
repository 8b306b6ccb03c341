"""How a config file is read, and how what is wrong with its text and its shape is explained."""
