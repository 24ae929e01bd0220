"""Files to a model that can be run."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import huggingface_hub.utils
import torch
import transformers
from huggingface_hub.utils import logging as hub_logging
from transformers.utils import logging

from mien.errors import InputError, UsageError
from mien.models.local.places import first_line

if TYPE_CHECKING:
    from collections.abc import Generator

    from mien.models.local.places import Place

_DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}

# Tokens that a context is taken to hold where neither the model nor its tokenizer tells.
_CONTEXT = 1 << 15

_ADAPTER_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")

# transformers' mark of a tokenizer that knows no limit is of the order of 1e30.
_NO_LIMIT = 1 << 30


class Loaded(NamedTuple):
    """A model on its device, ready to answer, and its tokenizer.

    Both are transformers' own, of which type checkers learn little.
    """

    model: Any
    tokenizer: Any
    context: int


def choose_device(name: str) -> torch.device:
    """Find a device; ``auto`` is the first of cuda, mps and cpu that torch sees.

    Raises:
        UsageError: there is no such device, or torch does not see it.
    """
    seen = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available()), "cpu": 1}
    if name == "auto":
        return torch.device(next(kind for kind, count in seen.items() if count))
    kind, _, index = name.partition(":")
    if kind not in seen or (index and not index.isdecimal()):
        raise UsageError(f"device {name!r} is not one of auto, {', '.join(seen)}, cuda:N")
    if int(index or 0) >= seen[kind]:
        raise UsageError(f"device {name!r} is not seen by torch {torch.__version__}; use auto or cpu")
    return torch.device(name)


def choose_dtype(name: str, device: torch.device) -> torch.dtype | None:
    """Find a number format; ``auto`` is float32 on a CPU, and None, the checkpoint's own, elsewhere.

    Raises:
        UsageError: there is no such format.
    """
    if name == "auto":
        return torch.float32 if device.type == "cpu" else None
    if name not in _DTYPES:
        raise UsageError(f"dtype {name!r} is not one of auto, {', '.join(_DTYPES)}")
    return _DTYPES[name]


@contextmanager
def quiet() -> Generator[None]:
    """Keep progress bars and remarks of transformers and the hub out of the terminal."""
    verbosity, hub_verbosity = logging.get_verbosity(), hub_logging.get_verbosity()
    bars = logging.is_progress_bar_enabled() and not huggingface_hub.utils.are_progress_bars_disabled()
    logging.set_verbosity_error()
    hub_logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        hub_logging.set_verbosity(hub_verbosity)
        if bars:
            logging.enable_progress_bar()


def load(place: Place, adapter: Place | None, device: torch.device, dtype: torch.dtype | None) -> Loaded:
    """Load a model and its tokenizer; the adapter is merged into the weights.

    The tokenizer, with its chat template, is the adapter's where that holds one.

    Raises:
        InputError: the files are broken, of another kind, or the adapter does not fit the model.
        UsageError: the adapter needs peft, which is not installed.
    """
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = _model(place, device, dtype)
        if adapter:
            model = merged(model, adapter, device, place.name)
        tokenizer = _tokenizer(adapter if adapter and adapter.has("tokenizer_config.json") else place)
    model.eval()
    return Loaded(model, tokenizer, _context(model.config, tokenizer))


def load_tokenizer(place: Place, adapter: Place | None) -> tuple[Any, int]:
    """Load a model's tokenizer without the model; with the tokens that its context holds.

    Raises:
        InputError: the files are broken or of another kind.
    """
    auto: Any = transformers.AutoConfig
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tokenizer = _tokenizer(adapter if adapter and adapter.has("tokenizer_config.json") else place)
        try:
            config = auto.from_pretrained(place.path, **_options(place))
        except Exception as error:  # of no common kind, as where models are loaded
            raise InputError(f"cannot be loaded: {first_line(error)}", source=place.name) from error
    return tokenizer, _context(config, tokenizer)


def _context(config: Any, tokenizer: Any) -> int:
    told = getattr(config.get_text_config(decoder=True), "max_position_embeddings", None)
    longest: int = tokenizer.model_max_length
    return told or (longest if longest < _NO_LIMIT else _CONTEXT)


def _model(place: Place, device: torch.device, dtype: torch.dtype | None) -> Any:
    auto: Any = transformers.AutoModelForCausalLM
    try:
        model, info = auto.from_pretrained(
            place.path, dtype=dtype or "auto", output_loading_info=True, **_options(place)
        )
    except Exception as error:  # of no common kind: each reader of files raises its own
        told = first_line(error)
        if "custom code" in told or "trust_remote_code" in told:
            told = "it comes with code of its own, which mien does not run"
        elif "ignore_mismatched_sizes" in told:
            told = "its weights are not of the shapes that its config.json says"
        raise InputError(f"cannot be loaded: {told}", source=place.name) from error
    if missing := sorted(info["missing_keys"]):
        # transformers would fill them with random numbers and go on.
        raise InputError(
            f"no causal language model, or not all of it: {len(missing)} tensors are missing, "
            f"the first is {missing[0]}",
            source=place.name,
        )
    try:
        return model.to(device)
    except torch.OutOfMemoryError as error:
        raise UsageError(
            f"{place.name}: the memory of {device} does not hold the model; "
            "try dtype bfloat16, a smaller model, or device cpu"
        ) from error


def _options(place: Place) -> dict[str, Any]:
    # Left open, transformers would ask in the terminal whether to run the code.
    return {"trust_remote_code": False, **place.arguments}


def _tokenizer(place: Place) -> Any:
    auto: Any = transformers.AutoTokenizer
    try:
        return auto.from_pretrained(place.path, **_options(place))
    except Exception as error:  # tokenizers raises nothing narrower
        raise InputError(f"its tokenizer cannot be loaded: {first_line(error)}", source=place.name) from error


def merged(model: Any, adapter: Place, device: torch.device, base: str) -> Any:
    """The model with an adapter in its weights.

    Raises:
        InputError: the adapter is broken, or does not fit ``base``.
        UsageError: peft is not installed.
    """
    with _as_misfit(adapter, base):
        return adapted(model, adapter, device, base).merge_and_unload()


def adapted(model: Any, adapter: Place, device: torch.device, base: str, name: str = "default") -> Any:
    """The model with an adapter beside its weights, under a name; and beside other adapters, if it has any.

    Raises:
        InputError: the adapter is broken, or does not fit ``base``.
        UsageError: peft is not installed.
    """
    try:
        import peft
    except ImportError as error:
        raise UsageError(
            f"{adapter.name} is an adapter, which needs peft ({error}); pip install 'mien[local]'"
        ) from error
    if not any(map(adapter.has, _ADAPTER_WEIGHTS)):
        raise InputError(f"no {_ADAPTER_WEIGHTS[0]} beside its adapter_config.json", source=adapter.name)
    library: Any = peft
    with _as_misfit(adapter, base):
        with warnings.catch_warnings():
            # peft only warns of layers that the adapter should have and has not.
            warnings.filterwarnings("error", message=".*missing adapter keys")
            options = {"adapter_name": name, "torch_device": str(device), **adapter.arguments}
            if isinstance(model, library.PeftModel):
                model.load_adapter(adapter.path, **options)
            else:
                model = library.PeftModel.from_pretrained(model, adapter.path, **options)
        # It says nothing of layers that the adapter has and the model has not.
        given = library.load_peft_weights(adapter.path, device="cpu", **adapter.arguments)
        taken = library.get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=False)
        if beyond := sorted(key for key in given if "lora_" in key and key not in taken):
            raise ValueError(f"the model has no place for {beyond[0]}")
    return model


@contextmanager
def _as_misfit(adapter: Place, base: str) -> Generator[None]:
    try:
        yield
    except (InputError, UsageError):
        raise
    except Exception as error:  # a wrong adapter may break anything
        raise InputError(
            f"the adapter does not fit {base}: {first_line(error)}", source=adapter.name
        ) from error
