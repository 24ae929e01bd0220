"""The batches of the scripted server, by the protocols of OpenAI, Anthropic and Gemini.

A batch is carried out when it has been looked at as often as `mien.testing.Options.batch_looks` says; each of
its requests is answered and logged as if it had come by itself. What came of them is told last first: no
order is promised. `kept` holds the batches; `openai`, `anthropic` and `gemini` speak of them.
"""
