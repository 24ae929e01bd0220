"""Where a model's files are: a folder or a GGUF file here, or a repository on the Hugging Face hub."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import huggingface_hub
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)

from mien.errors import InputError

MODEL_FILE, ADAPTER_FILE = "config.json", "adapter_config.json"

# Its functions have parameters of types that checkers cannot know.
_hub: Any = huggingface_hub

NO_ADAPTER = "a GGUF file holds weights rounded to few bits, and an adapter is made for whole ones"

#: The way on from a GGUF file to all that needs whole weights.
AS_FOLDER = "write it as a folder first: mien craft merge hf/FILE.gguf -o FOLDER"

_HUB_ID = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model or an adapter is.

    Attributes:
        name: as the user gave it.
        commit: of the hub's repository; empty for a folder.
        gguf: the name of the one file in the folder that is meant; empty where the folder is.
    """

    name: str
    commit: str = ""
    gguf: str = ""

    @property
    def folder(self) -> Path | None:
        """The folder; None for a repository on the hub."""
        if self.commit:
            return None
        given = Path(self.name).expanduser()
        return given.parent if self.gguf else given

    @property
    def arguments(self) -> dict[str, str]:
        """What names it to a ``from_pretrained``, beside `path`."""
        if self.gguf:
            return {"gguf_file": self.gguf}
        return {"revision": self.commit} if self.commit else {}

    @property
    def path(self) -> str:
        """What a ``from_pretrained`` takes first."""
        return self.name if self.commit else str(self.folder)

    def has(self, file: str) -> bool:
        """Whether it holds a file; a GGUF file holds all by itself."""
        if self.gguf:
            return False
        if self.folder:
            return (self.folder / file).is_file()
        try:
            _hub.hf_hub_download(self.name, file, revision=self.commit)
        except (EntryNotFoundError, HfHubHTTPError, OSError):
            return False
        return True


def find(spec: str) -> tuple[Place, Place | None]:
    """Find the model, and the adapter where one is named.

    Args:
        spec: ``MODEL`` or ``MODEL+ADAPTER``, each a folder or a hub id, or a GGUF file. A folder whose name
            holds a ``+`` is taken for what it is.

    Raises:
        InputError: there is no such folder, file or repository, or it holds something else.
    """
    if Path(spec).expanduser().exists() or "+" not in spec:
        return _find(spec, MODEL_FILE, "model"), None
    model, _, adapter = spec.rpartition("+")
    place = _find(model, MODEL_FILE, "model")
    if place.gguf:
        raise InputError(f"{NO_ADAPTER}; {AS_FOLDER}", source=model)
    return place, find_adapter(adapter)


def find_adapter(name: str) -> Place:
    """Find an adapter, a folder or a hub id.

    Raises:
        InputError: there is none.
    """
    return _find(name, ADAPTER_FILE, "adapter")


def _find(name: str, file: str, kind: str) -> Place:
    path = Path(name).expanduser()
    if name and path.is_dir():
        if not (path / file).is_file():
            raise InputError(_other_content(path, file, kind), source=name)
        return Place(name)
    if path.suffix.lower() == ".gguf" and kind == "model":
        if not path.is_file():
            raise InputError(
                "no such file; one of the hub is fetched by: hf download OWNER/NAME FILE.gguf --local-dir .",
                source=name,
            )
        return Place(name, gguf=path.name)
    if path.is_file():
        raise InputError(f"is a file; give the folder that holds {file}, or a .gguf file", source=name)
    if not _HUB_ID.fullmatch(name):
        raise InputError(f"no such folder; give one that holds {file}, or a hub id", source=name or kind)
    return Place(name, _commit(name, file, kind))


def _other_content(folder: Path, file: str, kind: str) -> str:
    """What a folder holds that lacks the file by which its kind is told, and the way on."""
    problem = f"no {file} in this folder, so it holds no {kind}"
    names = sorted(path.name for path in folder.iterdir())
    if ggufs := [name for name in names if name.lower().endswith(".gguf")]:
        return f"{problem} but GGUF files; name one of them: hf/{folder}/{ggufs[0]}"
    other = {MODEL_FILE: "a model", ADAPTER_FILE: "an adapter"}
    found = next((name for name in other if name != file and name in names), None)
    if found == ADAPTER_FILE:
        return f"{problem} but an adapter, which goes on its model: hf/MODEL+{folder}"
    if found:
        return f"{problem} but a model; an adapter is a folder with {file}"
    if not names:
        return f"{problem}: it is empty"
    if any(name.endswith((".safetensors", ".bin")) for name in names):
        return f"{problem}; put the {file} of the same model beside its weights"
    return problem


def _commit(name: str, file: str, kind: str) -> str:
    """Fetch a file from the hub, or find it where it was kept, to learn of which commit it is."""
    try:
        return Path(_hub.hf_hub_download(name, file)).parent.name
    except GatedRepoError:
        problem = "the model is gated; accept its terms on the hub, then log in: hf auth login"
    except RepositoryNotFoundError:
        problem = f"no folder of this name, and no {kind} on the Hugging Face hub (private ones need a login)"
    except (LocalEntryNotFoundError, OfflineModeIsEnabled):
        problem = (
            "no folder of this name, and the Hugging Face hub cannot be reached; "
            f"give a folder, or fetch it while online: hf download {name}"
        )
    except EntryNotFoundError:
        problem = f"no {file} in this repository of the hub, so it holds no {kind}"
    except (HfHubHTTPError, OSError) as error:
        problem = f"cannot be fetched from the Hugging Face hub: {first_line(error)}"
    raise InputError(problem, source=name)


def first_line(error: BaseException) -> str:
    """What an error says, as far as it fits on a line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    return " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
