"""mien: measure the character of language models."""
