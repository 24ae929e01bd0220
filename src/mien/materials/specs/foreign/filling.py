"""Templates of others, filled with values: in a sandbox, since they come from outside."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


def fill(template: str, values: dict[str, Any]) -> str:
    """A template of Nunjucks, as far as it is one of Jinja's, filled.

    Raises:
        ValueError: it is none, or names a value that is not there.
    """
    if "{" not in template:
        return template
    from jinja2 import TemplateError

    try:
        return _environment().from_string(template).render(values)
    except (TemplateError, ArithmeticError, LookupError, TypeError, RecursionError) as error:
        raise ValueError(f"cannot be filled: {error}") from error


@cache
def _environment() -> Environment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, keep_trailing_newline=True, finalize=_as_nunjucks
    )


def _as_nunjucks(value: Any) -> Any:
    """What Nunjucks writes of a value: true, not True, and nothing of nothing."""
    return str(value).lower() if isinstance(value, bool) else "" if value is None else value
