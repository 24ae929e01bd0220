"""Stored runs as their users hold them.

Reading order: `run` (a run), `analysis` (what is made of runs: profile, diff, panel, consistency),
`pooled_prior` and `calibration` (other runs that a profile leans on), `judge_positions` (the places that
judges favour), `persistence` (later turns), `interop` (runs from other forms).
"""
