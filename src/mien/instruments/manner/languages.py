"""Which language a text is in."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, Final

from mien.errors import UsageError

#: Probability below which a text's language counts as not known. Of 780 everyday prompts in 9 languages that
#: leaves a quarter without one, and of the others 4 with another than they are filed under.
LEAST: Final = 0.9


def language(text: str) -> str:
    """The ISO 639 code of a text's language; empty where it is too short, mixed, or no language.

    By the library `py3langid`, after Lui and Baldwin (2012).

    Raises:
        UsageError: the extra ``train`` is missing.
    """
    code = str(_identifier().classify(text)[0])
    return "" if code in {"und", "zxx"} else code


@cache
def _identifier() -> Any:
    try:
        langid = import_module("py3langid.langid")  # untyped
    except ModuleNotFoundError as error:
        raise UsageError("telling languages needs the extra `train`: pip install 'mien[train]'") from error
    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True, min_confidence=LEAST)
