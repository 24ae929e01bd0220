"""How narrow a model's answers are: how many ways on it has at each step, and how alike its samples are.

Reading order: `traces` (what is known of one answer's steps), `branching` (the branching factor and the total
entropy), `published` (the procedure of those who introduced it), `windows` (by position), `bounds` (where
only the likeliest tokens are told), `lexical` (by the answers' words alone).
"""
