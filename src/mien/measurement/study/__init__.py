"""A whole study in one file: models × instruments × judges × conditions, and what is drawn from them.

Reading order: `document` (what a file may say), `file` (a file read, mistakes with their lines), `cells`
(what is to be measured), `study` (all of it together), `standing` (how much of it a store holds), `forecast`
(what it would still take), `progress` and `work` (its runs carried out side by side), `registration` (what
was said of it before the first call), `fleet` and `on_ray` (its shards on several machines).
"""
