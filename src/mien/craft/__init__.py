"""From a written character to a model that has it.

`data`: pairs of answers from a constitution. `settings` (what is asked for), `queries` (messages where the
character matters, and a part of them that no later stage may train on), `lists` (which they need),
`characters` (how a model is told to be in character, or its opposite), `ranking` (which of several answers is
most in character), `recipes` (pairs of answers), `dataset` and `dataset_card` (the folder that they go to),
`steps` (how items are taken through calls), `generate` (which puts all of it together); `introspection` and
`introspect` (what a model says of itself); `draft` (where a character may begin).

`audit`: what the pairs hold beside the preference. `counts` (all that can be counted), `lengths`,
`second_judge`, `judging` and `arena` (what a judge and people say), `length_matching` (a selection by
lengths), `audit` (which puts it together).

`tuning`: a model trained on such pairs.

`proof`: whether the character took. `claim` (what is to be proved), `subjects` (the models that are set side
by side), `case` (both, found and checked), `answers` (what can be counted in plain answers), `capabilities`
(what tasks tell), `result` (what was found), `section` (the folder that it goes to), `prove` (which puts
these together).
"""
