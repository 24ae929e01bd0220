"""What an adapter's training data shows, before anything is trained on it."""
