"""How texts are cut into words, so that those of every script can be searched.

FTS5's tokenizer cuts where there are spaces and signs. Chinese, Japanese, Thai, Lao, Khmer and Burmese put
none between words, and Korean hangs particles on them: each of their characters is made a word of its own,
and what people type of them a phrase, so that any part of a text is found, of one character or of ten. To
trigrams a word of two characters, which most of Chinese are, would be too short. Emoji, to FTS5 signs that
part words, are made words, too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from re import Match

#: Settings of FTS5's tokenizer: vowel signs, such as those of Hindi and Thai, belong to words.
TOKENIZE: Final = "unicode61 remove_diacritics 2 categories 'L* N* Co M*'"
#: Stands between words that a text itself does not part. Never a character of a word, and never shown.
PART: Final = "\x1f"

_UNSPACED: Final = (
    "\u0e01-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1100-\u11ff"  # Burmese; letters of Korean
    "\u1780-\u17ff\u19e0-\u19ff"  # Khmer
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u303b\u3040-\u312f\u3131-\u318f\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\ua9e0-\ua9ff\uaa60-\uaa7f\uac00-\ud7ff"
    "\uf900-\ufaff\uff66-\uffdc\U00016fe0-\U00018cff\U0001aff0-\U0001b2ff\U00020000-\U0003ffff"
)
_EMOJI: Final = (
    "\u203c\u2049\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2934\u2935\u2b00-\u2bff\u3030\u303d"
    "\u3297\u3299\U0001f000-\U0001faff"
)
# What tells one look of an emoji from another, and joins them: whoever looks for a thumb finds all thumbs.
_LOOKS: Final = "\u200d\ufe00-\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
_ALONE: Final = re.compile(f"([{_LOOKS}])|([{_EMOJI}])|[{_UNSPACED}]+")
_PRIVATE: Final = 0xF0000  # characters for private use, which to FTS5 belong to words


def parted(text: str) -> str:
    """A text as it is given to FTS5: its characters, one for one, with `PART` between words."""
    return text if text.isascii() else _ALONE.sub(_part, text)


def _part(found: Match[str]) -> str:
    if found[1]:
        return " "
    if found[2]:
        return f"{PART}{chr(_PRIVATE + (ord(found[2]) & 0xFFFF))}{PART}"
    return f"{PART}{PART.join(found[0])}{PART}"


def phrase(words: str) -> str:
    """What people type, as an FTS5 query: all words must occur; words in quotes stand together."""
    parts = parted(words).split('"')
    quoted = [part.strip() for part in parts[1::2]]
    single = [word for part in parts[::2] for word in re.split(r"[^\S\x1c-\x1f]+", part)]
    return " ".join(f'"{term}"' for term in (*single, *quoted) if any(map(_counts, term)))


def _counts(character: str) -> bool:
    """Whether FTS5 takes a character for one of a word, by itself."""
    return character.isalnum() or ord(character) >= _PRIVATE or _ALONE.match(character) is not None
