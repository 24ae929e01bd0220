"""A stored run as its user holds it."""
