"""From a written character to a model that has it.

Reading order: `craft` (what is asked for), `queries` (messages where the character matters, and a part of
them that no later stage may train on), `duplicates` and `lists` (which they need), `characters` (how a model
is told to be in character, or its opposite), `preferences` (which of several answers is most in character),
`recipes` (pairs of answers), `dataset` and `card` (the folder that they go to), `stages` (how items are taken
through calls), `crafting` (which puts all of it together).

What the pairs hold beside the preference: `lengths`, `leakage` and `languages` (what is looked for), `audit`
(all that can be counted), `seconding`, `judging` and `arena` (what a judge and people say), `matching` (a
selection by lengths), `auditing` (which puts it together). What a model says of itself: `introspection`,
`introspecting`. Where a character may begin: `drafting`.
A model trained on such pairs: `adapters`. The proof that it took: `claim` (what is to be proved), `subjects`
(the models that are set side by side), `case` (both, found and checked), `textual` and `answers` (what can be
counted in plain answers), `capabilities` (what tasks tell), `proof` (what was found), `section` (the folder
that it goes to), `proving` (which puts these together).
"""
