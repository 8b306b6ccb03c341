"""The day-2 commands, against stand-ins on the loopback interface."""
