"""From verdicts to a profile: ratings with their uncertainty, position effects, reliability."""
