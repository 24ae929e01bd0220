"""Specs that others have written, each form in a file of its own."""
