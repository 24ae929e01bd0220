"""From a written character to a model that has it.

Reading order: `adapters` (preferences to a LoRA adapter, and adapters into weights).
"""
