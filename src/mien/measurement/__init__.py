"""Measuring, carried out: from a design to responses, from responses to verdicts."""
