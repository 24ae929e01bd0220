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
_GENERATION: Final[dict[str, tuple[Any, Any]]] = {
    "temperature": (options.TemperatureOption, 1.0),
    "max_tokens": (options.MaxTokensOption, 1024),
    "reasoning_effort": (options.ReasoningEffortOption, None),
    "extra": (options.ExtraOption, None),
    "system": (options.SystemOption, ""),
    "system_file": (options.SystemFileOption, None),
}
_HARDWARE: Final[dict[str, tuple[Any, Any]]] = {
    "device": (options.DeviceOption, "auto"),
    "dtype": (options.DtypeOption, "auto"),
    "batch_size": (options.BatchSizeOption, None),
}
_STORE: Final[dict[str, tuple[Any, Any]]] = {
    "copy_to": (options.CopyToOption, None),
    "copy_every": (options.CopyEveryOption, 60),
    "store": (options.StoreOption, options.DEFAULT_STORE),
}


def calling(*without: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options on speed, budget, models in this process and the store.

    The command takes them as one parameter without a default, ``session``, in whose place the options are
    listed; the store comes last. So are those on how a model that is evaluated answers, where the command
    takes a parameter ``generation``.

    Args:
        without: options that it is not to have.
    """
    limiting = {name: option for name, option in _LIMITS.items() if name not in without}
    served_by = {"served_by": (options.ServedByOption, None)}
    gathered = {"session": served_by | limiting | _HARDWARE, "generation": _GENERATION}

    def give(command: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(command, localns={"Session": Any, "Generation": Any}, include_extras=True)
        parameters: list[inspect.Parameter] = []
        for parameter in inspect.signature(command).parameters.values():
            if parameter.name in gathered:
                listed = gathered[parameter.name].items()
                parameters += [_listed(name, *option) for name, option in listed]
            else:
                parameters.append(parameter.replace(annotation=hints[parameter.name]))
        parameters += [_listed(name, *option) for name, option in _STORE.items()]

        def run(**given: Any) -> None:
            from mien.measurement.session import Session
            from mien.models.http.served import Served
            from mien.store.copies import Copies

            limits = options.limits(**{name: given.pop(name) for name in limiting})
            hardware = options.hardware(**{name: given.pop(name) for name in _HARDWARE})
            served = Served.read(given.pop("served_by") or ())
            if "generation" in hints:
                how = {name: given.pop(name) for name in _GENERATION}
                given["generation"] = options.generation(**how)
            to, every = given.pop("copy_to"), given.pop("copy_every")
            session = Session(
                given.pop("store"),
                limits=limits,
                hardware=hardware,
                served=served,
                copies=Copies(to, every) if to else None,
            )
            command(**given, session=session)

        # What typer reads.
        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        run.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportFunctionMemberAccess]
        return run

    return give


def _listed(name: str, option: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=option, default=default)
