"""Results as documents: what is said in one place whatever the format."""
