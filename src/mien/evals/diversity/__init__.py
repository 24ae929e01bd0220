"""How narrow a model's answers are: several samples of each prompt, and what is known of how they were drawn.

Reading order: `drawing` (what is asked, and how), `reading` (from a call to a trace), `self_bleu`, and
`diversity` (what is told of evaluations, as estimates).
"""
