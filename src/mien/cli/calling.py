"""The options of all commands that call models, written down once."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final, get_type_hints

from mien.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LIMITS: Final[Mapping[str, tuple[Any, Any]]] = {
    "max_concurrency": (options.ConcurrencyOption, 256),
    "rpm": (options.RpmOption, None),
    "tpm": (options.TpmOption, None),
    "max_calls": (options.MaxCallsOption, None),
    "max_cost": (options.MaxCostOption, None),
    "price_in": (options.PriceInOption, None),
    "price_out": (options.PriceOutOption, None),
    "timeout": (options.TimeoutOption, 600),
}
_HARDWARE: Final[Mapping[str, tuple[Any, Any]]] = {
    "device": (options.DeviceOption, "auto"),
    "dtype": (options.DtypeOption, "auto"),
    "batch_size": (options.BatchSizeOption, None),
}


def calling(*without: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options on speed, budget and models in this process.

    The command takes them as two parameters without a default, ``limits`` and ``hardware``, in whose place
    they are listed.

    Args:
        without: options that it is not to have.
    """
    limiting = {name: option for name, option in _LIMITS.items() if name not in without}

    def give(command: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(command, localns={"Limits": Any, "Hardware": Any}, include_extras=True)
        parameters: list[inspect.Parameter] = []
        for parameter in inspect.signature(command).parameters.values():
            gathered = {"limits": limiting, "hardware": _HARDWARE}.get(parameter.name)
            parameters += (
                [parameter.replace(annotation=hints[parameter.name])]
                if gathered is None
                else [
                    inspect.Parameter(name, parameter.kind, annotation=option, default=default)
                    for name, (option, default) in gathered.items()
                ]
            )

        def run(**given: Any) -> None:
            limits = options.limits(**{name: given.pop(name) for name in limiting})
            hardware = options.hardware(**{name: given.pop(name) for name in _HARDWARE})
            command(**given, limits=limits, hardware=hardware)

        # What typer reads.
        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        run.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportFunctionMemberAccess]
        return run

    return give
