"""The model organism: a tiny Llama in numpy, so that mien can be tried without an endpoint or a GPU.

Reading order: `engine` (opens a model, does jobs), `tokenizer` (text to tokens and back), `weights` (the
files, laid out for speed), `network` (the forward pass), `reading` (prompts, each shared beginning once),
`generation` and `scoring` (the two kinds of job), `sampling` (draws from logits).

Nothing is imported here: numpy is loaded when a model is opened.
"""
