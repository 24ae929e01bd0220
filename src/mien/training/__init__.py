"""From a written character to a model that has it.

Reading order: `queries` (messages where the character matters, held apart where no later stage may train on
them), `duplicates` and `lists` (which they need), `characters` (how a model is told to be in character, or its
opposite), `preferences` (which of several answers is most in character), `recipes` (pairs of answers),
`dataset` and `card` (the folder that they are written to), `crafting` (which puts them together).
"""
