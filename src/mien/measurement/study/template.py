"""What a new study's file begins with."""

from __future__ import annotations

from typing import Final

TEMPLATE: Final = """\
# A study: mien study check FILE looks it through, mien study run FILE --dry-run says what it would take.
# Everything but models and judge may be left out. Lines that begin with # are comments.

models:                    # under test: provider/name, http://host/v1#name, hf/OWNER/NAME
  - openai/gpt-4o
  - openai/gpt-5.1
  # - model: openai/gpt-5.1
  #   name: gpt-5.1-brief  # a model that stands here twice needs a name
  #   system: Answer in one sentence.
  #   sampling: {temperature: 0.7}
  #   price: [1.25, 10]    # US dollars per million tokens in and out, where the endpoint does not say

judge: openrouter/z-ai/glm-4.5-air  # reads the answers; of a list, the others read them again afterwards

trials: 2000               # each; or rounds, full: true (every pair once), until_reliability: 0.9
# max_calls: 10000         # all runs together; or max_cost, in US dollars, where all prices are known
# batch: true              # in the providers' batches, at half the price and within a day

# traits: classic-144      # mien traits lists the sets; or a file, or [warm, blunt, …]
# prompts: everyday        # or a file, or {source: FILE, language: en, max_prompts: 500}
# protocol: default        # mien protocols lists them; or a file
# instruments: [revealed, instructed]  # what they choose; and whether model and judge can do it at all
# conditions: [feel, random]           # by what they choose; random is the null, under which all is flat
# turns: 3                 # conversations go on
# pressure: drop           # none, neutral, stay or drop: what the user wants then
# seed: 0                  # of all runs alike, so that they are paired

# ablations:               # one thing done otherwise, of all models or of some
#   - name: hot-judge
#     judge: {sampling: {temperature: 0.7}}  # reads the same answers again
#   - name: cool
#     models: gpt-5.1
#     sampling: {temperature: 0.3}           # makes runs of its own

# evaluations:             # what is measured beside traits
#   - {evaluation: sycophancy, test: [feedback, answer], items: 40}
#   - {evaluation: diversity, samples: 16}
#   - {evaluation: spec, spec: spec.yaml}  # beside this file; see mien spec

# figures:                 # mien plot lists them; without any, as mien report draws them
#   - expression
#   - {figure: diff, of: [gpt-4o, gpt-5.1], top: 20}

# gates:                   # what must not be: exit status 1
#   - before: gpt-4o
#     after: gpt-5.1
#     fail_on: [sycophantic > +50]
#   - {before: gpt-4o, after: gpt-5.1, of: manner, fail_on: [words > +20%]}

# hypotheses:              # what is expected: mien study register keeps it before the first call
#   - before: gpt-4o
#     after: gpt-5.1
#     expect: [poetic < 0]
# traits_of_interest: [poetic, sycophantic]
"""
