"""Which models are served by name, and where."""

from __future__ import annotations

import pytest

from mien.errors import UsageError
from mien.models.http.served import Served

A, B, C = "http://a:8000/v1", "http://b:8000/v1", "http://c:8000/v1"


def places(served: Served, spec: str) -> list[str]:
    return [endpoint.url for endpoint in served.servers(spec)]


def test_a_bare_name_is_served_where_it_is_said() -> None:
    served = Served.read([f"{A},{B}", f"openai/gpt-oss-20b={C}/"])
    assert places(served, "qwen3-8b") == places(served, "Qwen/Qwen3-8B") == [A, B]
    assert places(served, "openai/gpt-oss-20b") == [C]
    for elsewhere in ("openai/gpt-5.1", f"{A}#qwen3-8b", "organism/v1", "hf/Qwen/Qwen3-8B"):
        assert places(served, elsewhere) == []
    assert places(Served(), "qwen3-8b") == []
    served.require_used(["qwen3-8b", "openai/gpt-oss-20b"])


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (["qwen3-8b"], r"takes \[NAME=\]URL\[,URL…\], .* not 'qwen3-8b'"),
        (["qwen3-8b=ftp://a"], "takes"),
        ([f"{A},b:8000"], "'b:8000' is not an address"),
        ([f"{A},"], "'' is not an address"),
        (["http://user:secret@a/v1"], "an address holds no credentials"),
        ([f"{A},{A}/"], "names an address twice"),
        ([A, B], "given twice for models without a provider"),
        ([f"m={A}", f"m={B}"], "given twice for m"),
    ],
)
def test_what_says_no_place_is_refused(values: list[str], problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as caught:
        Served.read(values)
    assert "secret" not in str(caught.value)


def test_what_is_said_of_nobody_is_refused() -> None:
    with pytest.raises(UsageError, match="says where 'm' is, and no model here has that name"):
        Served.read([f"m={A}"]).require_used(["n", "openai/o"])
    with pytest.raises(UsageError, match=r"gpt-oss-20b and xai/y say themselves .* --served-by NAME=URL"):
        Served.read([A]).require_used(["openai/gpt-oss-20b", "xai/y"])
