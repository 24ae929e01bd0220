"""A file a page: what it reads, and the addresses that it answers at."""
