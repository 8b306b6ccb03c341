"""What is up, region by region."""
