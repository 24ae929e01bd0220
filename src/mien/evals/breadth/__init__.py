"""Breadth of character: how far a model's manner stretches when it is told to be more, or less, like a trait.

Reading order: `wording` (what it is told), `stretch` (one trait on one prompt: seven replies, and which of
two shows more), `planted` (pairs of replies by which the judge is checked), `evaluate` (all of it is asked),
`answered` (what the answers tell), `scores` (what came out).
"""
