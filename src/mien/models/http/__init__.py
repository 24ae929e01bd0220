"""Models behind an endpoint: requests, replies, providers and their limits."""
