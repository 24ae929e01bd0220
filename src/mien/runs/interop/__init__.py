"""Runs from and for elsewhere."""
