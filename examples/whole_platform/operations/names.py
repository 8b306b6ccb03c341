"""Names that this app gives."""

RESULTS_BUCKET = "my-project-id-results"
