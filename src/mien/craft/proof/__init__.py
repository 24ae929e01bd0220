"""What training changed, and whether it is what was written down."""
