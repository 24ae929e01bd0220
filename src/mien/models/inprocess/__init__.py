"""Models in this process: loading, batching, and asking them like any other."""
