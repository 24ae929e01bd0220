"""What a study found, as a report.

Reading order: `study` (from file to results), `results` (worked out of the store), `expected` (what was said
beforehand), `sections` (told), `folder` (written).
"""
