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
    listed; the store comes last.

    Args:
        without: options that it is not to have.
    """
    limiting = {name: option for name, option in _LIMITS.items() if name not in without}

    def give(command: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(command, localns={"Session": Any}, include_extras=True)
        parameters: list[inspect.Parameter] = []
        for parameter in inspect.signature(command).parameters.values():
            if parameter.name != "session":
                parameters.append(parameter.replace(annotation=hints[parameter.name]))
                continue
            parameters.append(_listed("served_by", options.ServedByOption, None))
            parameters += [_listed(name, *option) for name, option in (limiting | _HARDWARE).items()]
        parameters += [_listed(name, *option) for name, option in _STORE.items()]

        def run(**given: Any) -> None:
            from mien.measurement.session import Session
            from mien.models.http.served import Served
            from mien.store.copies import Copies

            limits = options.limits(**{name: given.pop(name) for name in limiting})
            hardware = options.hardware(**{name: given.pop(name) for name in _HARDWARE})
            served = Served.read(given.pop("served_by") or ())
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
