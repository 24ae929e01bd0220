"""How the organism is made.

Read in this order: `manners/`, `topics.yaml`, `wordings.yaml` and `character.yaml` (what it can say, what it
hears, what it is told, what it is), then `grammar`, `corpus`, `lessons`, `network`, `files`.
"""
