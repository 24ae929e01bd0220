"""How far raters, halves of a run, and pairs of runs agree."""
