"""`make bench`: the speed that the README promises, measured against the plain way in the same run."""
