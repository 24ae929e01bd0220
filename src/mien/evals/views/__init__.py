"""Breadth of views: what a model makes of questions on which people disagree.

Three parts, none of which forces a choice among given answers: requests (is the work of both sides done
alike?), coverage (which viewpoints does an open answer tell of?), steering (how does an open answer's stance
move with the asker's?). Reading order: `questions` (what people disagree about), `wording`, `readings` (what
a judge is asked), `part` (what each of them is), `requests`, `coverage`, `steering` (the parts), `planted`
(how well the judge reads), `evaluate` (all of it is asked), `numbers` and `views` (what came out), `imports`
(questions from elsewhere).
"""
