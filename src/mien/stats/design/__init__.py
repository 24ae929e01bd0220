"""Which trials to show: balanced designs, how many are needed, and when to stop."""
