"""Providers' batches of requests, at half the price of live ones: OpenAI's, Anthropic's and Gemini's.

`service` says what a provider's batches must be able to do, `desk` carries the HTTP requests about them, and
`openai`, `anthropic` and `gemini` are the three protocols. `opening` finds out which of them an endpoint
speaks. What a batch holds and what comes of it is in the form of its provider, and is translated here, so
that an answer is the answer to the same call as if it had been asked for live.
"""
