"""Models that are known by a name, and served at addresses that do not matter.

An address in a call's key makes two ports of one server two endpoints, and ``http://localhost:8000`` on two
machines one. A model that its user names has the name there instead, wherever it is served.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mien.errors import UsageError
from mien.models.http.providers import Endpoint, endpoints, resolve_address
from mien.models.prefixes import bare

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: What stands in keys and in the store for the addresses of all such models.
SERVED = "served"

#: Among what is learnt of such a model: the address that its batches are at.
BATCHES_AT = "batches_at"

_VALUE = re.compile(r"(?:([^=]*)=)?(https?://.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Served:
    """Which models are served where.

    Attributes:
        named: the servers of each model that is named with them.
        others: those of every other model whose name holds no provider.
    """

    named: Mapping[str, tuple[Endpoint, ...]] = field(default_factory=dict[str, "tuple[Endpoint, ...]"])
    others: tuple[Endpoint, ...] = ()

    @classmethod
    def read(cls, values: Iterable[str]) -> Served:
        """What values such as ``http://a:8000/v1,http://b:8000/v1`` say, or these after ``NAME=``.

        Raises:
            UsageError: a value is none such, or something is said twice.
        """
        named: dict[str, tuple[Endpoint, ...]] = {}
        for value in values:
            if not (parts := _VALUE.fullmatch(value.strip())):
                raise UsageError(
                    f"--served-by takes [NAME=]URL[,URL…], such as http://a:8000/v1,http://b:8000/v1, not "
                    f"{value!r}"
                )
            name, servers = parts[1] or "", tuple(resolve_address(url) for url in parts[2].split(","))
            if name in named:
                raise UsageError(f"--served-by is given twice for {name or 'models without a provider'}")
            if len({server.url for server in servers}) < len(servers):
                raise UsageError(f"--served-by names an address twice: {value!r}")
            named[name] = servers
        others = named.pop("", ())
        return cls(named, others)

    def servers(self, spec: str) -> tuple[Endpoint, ...]:
        """The servers of a model that is named by this spec; none where the spec says itself where it is."""
        if spec in self.named:
            return self.named[spec]
        told = "://" in spec or spec.partition("/")[0] in (*endpoints(), *_HERE)
        return () if told else self.others

    def require_used(self, specs: Iterable[str]) -> None:
        """Refuse what is said of models that are not asked.

        Raises:
            UsageError: the message names the value.
        """
        asked = [bare(spec) for spec in specs]
        for name in self.named:
            if name not in asked:
                raise UsageError(f"--served-by says where {name!r} is, and no model here has that name")
        if self.others and not any(self.servers(spec) is self.others for spec in asked):
            raise UsageError(
                "--served-by says where models without a provider are, and there is none: "
                f"{' and '.join(asked)} say themselves where they are; name the one that is meant: "
                "--served-by NAME=URL"
            )


_HERE = ("hf", "organism")  # run in this process


def identity(endpoint: Endpoint) -> Endpoint:
    """What is the same of a served model wherever it is."""
    return Endpoint(
        url=SERVED,
        name=SERVED,
        key_variable=endpoint.key_variable,
        key_required=False,
    )
