"""Specs: how often a model does what its clauses require.

Reading order: `items` (what is asked), `checks` (what can be checked without a judge), `judge` (who reads
the rest, and what they are shown), `verdicts` (whether an answer meets a clause), `examples` (how well the
judge reads the spec's own), `evaluate` (all of it is asked), `agreement` (how far the model agrees with it).
"""
