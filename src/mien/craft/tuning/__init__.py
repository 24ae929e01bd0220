"""Preferences in, a LoRA adapter out; and adapters into weights (extra ``train``).

Reading order: `config` (every choice), `pairs` (what is learnt from), `base_models` (the model to start
from), `examples` (conversations as the model will see them, and what speaks against training on them),
`devices`, `trl` (TRL's trainers, run to their end), `callbacks` (what is seen of that meanwhile), `record`
and `model_card` (what is written beside the adapter), `trainer` (all of it, in order), `merging` (adapters
into weights).

Nothing is imported here: torch is loaded when training begins.
"""
