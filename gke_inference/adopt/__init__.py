"""`adopt`: import blocks and settings for a platform whose parts are there already."""
