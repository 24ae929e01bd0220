"""What stands between a figure and vl-convert, which no name may bring down.

Of a text that no XML may hold, vl-convert ends the whole process; other panics of its come as an exception
that is no `Exception`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, cast

from mien.errors import MienError
from mien.formatting import visible

if TYPE_CHECKING:
    from collections.abc import Generator

    Specification = dict[str, Any]

_DATA: Final = frozenset(("data", "datasets"))
_LIMITS: Final = frozenset(("labelLimit", "titleLimit", "limit"))
# What every object of JavaScript has: a trait by that name is found where Vega keeps values by name.
_OF_OBJECTS: Final = frozenset(
    (
        *("constructor", "__proto__", "toString", "toLocaleString", "valueOf", "hasOwnProperty"),
        *("isPrototypeOf", "propertyIsEnumerable"),
        *(f"__{name}{kind}__" for name in ("define", "lookup") for kind in ("Getter", "Setter")),
    )
)
_JOINER: Final = "\u2060"  # has no width
PNG_SCALE: Final = 2  # pixels of the file to one of the figure


def drawn(text: str) -> str:
    """A text as figures hold it: what cannot be seen as symbols, and what Vega takes for its own apart."""
    shown = visible(text)
    return shown + _JOINER if shown in _OF_OBJECTS else shown


def seen(specification: Any) -> Any:
    """A specification whose texts are as figures hold them."""
    match specification:
        case str():
            return drawn(specification)
        case dict():
            return {seen(key): seen(value) for key, value in specification.items()}  # pyright: ignore[reportUnknownVariableType]
        case list():
            return [seen(value) for value in specification]  # pyright: ignore[reportUnknownVariableType]
        case _:
            return specification


def uncut(specification: Specification) -> Specification:
    """A specification whose labels are not shortened where one of them may be cut within a character.

    Vega counts in halves of those beyond U+FFFF, such as emoji, and vl-convert draws no half of one.
    """
    return _unlimited(specification) if _halved(specification) else specification


def _halved(specification: Any) -> bool:
    match specification:
        case str():
            return not specification.isascii() and max(specification) > "\uffff"
        case dict():
            return any(_halved(key) or _halved(value) for key, value in specification.items())  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        case list():
            return any(map(_halved, specification))  # pyright: ignore[reportUnknownArgumentType]
        case _:
            return False


def _unlimited(specification: Any) -> Any:
    match specification:
        case dict():
            members = cast("Specification", specification)
            return {
                key: value if key in _DATA else 0 if key in _LIMITS else _unlimited(value)
                for key, value in members.items()
            }
        case list():
            return [_unlimited(value) for value in specification]  # pyright: ignore[reportUnknownVariableType]
        case _:
            return specification


@contextmanager
def rendering() -> Generator[None]:
    """Turn what goes wrong within vl-convert into an error that can be told.

    Raises:
        MienError: the figure cannot be drawn.
    """
    try:
        yield
    except ValueError as error:
        raise MienError(f"the figure cannot be drawn: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of a module that cannot be imported
            raise
        raise MienError(f"the figure cannot be drawn: the renderer failed ({error})") from error


def vega(found: Specification) -> Specification:
    """A Vega-Lite specification as one of Vega."""
    import vl_convert

    with rendering():
        return vl_convert.vegalite_to_vega(found)


def svg(found: Specification) -> str:
    """The picture of a Vega-Lite specification, as SVG."""
    import vl_convert

    with rendering():
        return vl_convert.vegalite_to_svg(found)


def png(found: Specification) -> bytes:
    """The picture of a Vega-Lite specification, as PNG."""
    import vl_convert

    with rendering():
        return vl_convert.vegalite_to_png(found, scale=PNG_SCALE)
