"""Prompts: the built-in set, users' files in the layouts that people have, data sets of the Hugging Face hub.

Reading order: `layouts` (how a row holds a prompt), `reading` (rows to prompts, and what is left out),
`prompt_set` (where rows come from; filters and samples).
"""

from mien.materials.prompts.prompt_set import (
    Choice,
    PromptSet,
    load_prompts,
    read_prompts,
    shipped_prompt_sets,
)
from mien.materials.prompts.reading import Reading

__all__ = ["Choice", "PromptSet", "Reading", "load_prompts", "read_prompts", "shipped_prompt_sets"]
