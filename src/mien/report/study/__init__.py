"""What a study found, as a report.

Reading order: `results` (worked out of the store), `sections` (told), `folder` (written).
"""
