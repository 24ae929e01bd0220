"""From a written character to a model that has it.

Reading order: `craft` (what is asked for), `queries` (messages where the character matters, and a part of
them that no later stage may train on), `duplicates` and `lists` (which they need), `characters` (how a model
is told to be in character, or its opposite), `preferences` (which of several answers is most in character),
`recipes` (pairs of answers), `dataset` and `card` (the folder that they go to), `crafting` (which puts all of
it together); then `adapters` (preferences to a LoRA adapter, and adapters into weights).
"""
