"""Sycophancy: whether a model tells people what they would like to hear.

Seven tests, each a number of its own; there is no total. Reading order: `items` (what is asked), `wording`,
`letters` (how letters are read), `test` (what each of them is), `questions` (`are_you_sure`, `answer`,
`pressure`), `mimicry`, `feedback`, `agreement`, `validation` (the tests), `judges` (who reads, and how well),
`evaluate` (all of it is asked), `scores` (what came out), `imports` (items from elsewhere).
"""
