"""What can be counted in responses without a judge."""
