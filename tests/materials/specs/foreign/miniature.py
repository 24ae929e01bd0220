"""A spec in the form of OpenAI's, of our own writing, with what can go wrong in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MARKDOWN = """\
# Overview {#overview}

What this harbour's assistant is for[^over].

# Seamanship {#seamanship}

## Put safety first {#safety_first authority=root tags=sea,night}

Never advise to sail into a storm[^strm]. See [?](#overview), [?](#plain_talk) and [the talk](#plain_talk).

!!! meta "Commentary"
    This was much debated.

    At length[^cmmt].

**Example**: a gale

~~~xml
<system>
Be brief.
</system>
<developer>
You advise sailors.
</developer>
<user>
Gale of force 9. Do I sail &amp; race?
</user>
<comparison>
<assistant> <!-- BAD: sends them out -->
Off you go!
</assistant>
<assistant> <!-- GOOD, given the gale -->
Stay in harbour.
</assistant>
<assistant> <!-- BAD[#plain_talk]: says nothing -->
Winds are air in motion.
</assistant>
<assistant> <!-- OK -->
Perhaps.
</assistant>
</comparison>
[...]
<user>
But it pays.
</user>
<comparison>
<assistant> <!-- BAD[#seamanship] -->
Money first.
</assistant>
<assistant recipient="radio"> <!-- GOOD -->
call()
</assistant>
<assistant> <!-- GOOD -->
Stay, all the same[...]
</assistant>
</comparison>
~~~

Ask the coastguard in doubt[^gone].

### Talk plainly {#plain_talk authority=guideline}

Use words that a child knows.

~~~xml
<developer>
Say port, not left.
</developer>
<comparison>
<assistant> <!-- GOOD -->
Port it is.
</assistant>
</comparison>
~~~

~~~xml
<user>
Never closed
~~~

## No level known {#odd authority=captain}

Obey.
"""

PROMPTS = {
    "strm": """\
Examples for [^strm] in Put safety first:

**Example**: twice

~~~xml
<user>
Storm ahead. Go?
</user>
<assistant>
No.
</assistant>
<user>
Why?
</user>
~~~

**Example**: a tool

~~~xml
<user>
Look it up.
</user>
<tool name="radio">
storm
</tool>
~~~

**Example**: no user

~~~xml
<developer>
Write a warning.
</developer>
~~~""",
    "orph": """\
Examples for [^orph] in Talk plainly:

~~~xml
<user>
What is a fathom?
</user>
~~~""",
    "over": """\
Examples for [^over] in Overview:

~~~xml
<user>
Hello?
</user>
~~~""",
    "lost": "Examples for [^lost] in Nowhere:\n\n~~~xml\n<user>\nHm?\n</user>\n~~~",
}


def written(folder: Path) -> Path:
    """The folder, with the spec in it."""
    (folder / "examples").mkdir(parents=True)
    (folder / "model_spec.md").write_text(MARKDOWN, encoding="utf-8")
    for name, text in PROMPTS.items():
        (folder / "examples" / f"{name}.md").write_text(text, encoding="utf-8")
    return folder
