"""Files to a model that can be run."""

from __future__ import annotations

import importlib.util
import io
import threading
import warnings
from contextlib import contextmanager, nullcontext, redirect_stderr
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import huggingface_hub.utils
import torch
import transformers
from huggingface_hub.utils import logging as hub_logging
from transformers.utils import logging

from mien.errors import InputError, UsageError
from mien.models.local.places import first_line
from mien.models.local.soundness import check_files

if TYPE_CHECKING:
    from collections.abc import Generator

    from mien.models.local.places import Place

_DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}

# Tokens that a context is taken to hold where neither the model nor its tokenizer tells.
_CONTEXT = 1 << 15

_ADAPTER_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")

# What transformers asks gguf for again and again: all that the file holds, for the configuration, the weights
# and the tokenizer, and the names of all tensors, for each part of the network.
_REPEATED: Final = ("GGUFReader", "get_tensor_name_map")
_READING: Final = threading.Lock()

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


@contextmanager
def _read_once(place: Place) -> Generator[None]:
    """Have a GGUF file read once, however often transformers asks for what it holds."""
    if not place.gguf:
        yield
        return
    import gguf

    library: Any = gguf
    with _READING:
        own = {name: getattr(library, name) for name in _REPEATED}
        for name, read in own.items():
            setattr(library, name, cache(read))
        try:
            yield
        finally:
            for name, read in own.items():
                setattr(library, name, read)


def load(place: Place, adapter: Place | None, device: torch.device, dtype: torch.dtype | None) -> Loaded:
    """Load a model and its tokenizer; the adapter is merged into the weights.

    The tokenizer, with its chat template, is the adapter's where that holds one. What a GGUF file holds in
    fewer bits is turned into whole numbers.

    Raises:
        InputError: the files are broken, of another kind, or the adapter does not fit the model.
        UsageError: the adapter needs peft, which is not installed.
    """
    _check(place)
    with quiet(), warnings.catch_warnings(), _read_once(place):
        warnings.simplefilter("ignore")
        model = _model(place, device, dtype)
        if adapter:
            model = merged(model, adapter, device, place.name)
        tokenizer = _tokenizer(adapter if adapter and adapter.has("tokenizer_config.json") else place)
    _check_numbers(model, (adapter or place).name)
    model.eval()
    return Loaded(model, tokenizer, _context(model.config, tokenizer))


class Reader(NamedTuple):
    """A tokenizer, and how much of it its model knows.

    Attributes:
        context: tokens that the model can read.
        vocabulary: tokens that it has embeddings for.
    """

    tokenizer: Any
    context: int
    vocabulary: int


def load_tokenizer(place: Place, adapter: Place | None) -> Reader:
    """Load a model's tokenizer without the model.

    Raises:
        InputError: the files are broken or of another kind.
    """
    auto: Any = transformers.AutoConfig
    _check(place)
    with quiet(), warnings.catch_warnings(), _read_once(place):
        warnings.simplefilter("ignore")
        tokenizer = _tokenizer(adapter if adapter and adapter.has("tokenizer_config.json") else place)
        try:
            config = auto.from_pretrained(place.path, **_options(place))
        except Exception as error:  # of no common kind, as where models are loaded
            raise InputError(f"cannot be loaded: {first_line(error)}", source=place.name) from error
    vocabulary = config.get_text_config(decoder=True).vocab_size
    return Reader(tokenizer, _context(config, tokenizer), vocabulary)


def _check(place: Place) -> None:
    """See that what is to be loaded can be.

    Raises:
        InputError: its files are not whole.
        UsageError: it is a GGUF file, and what reads these is not installed.
    """
    check_files(place)
    if place.gguf and not importlib.util.find_spec("gguf"):
        raise UsageError(f"{place.name} needs the package gguf; pip install 'mien[local]'")


def _check_numbers(model: Any, name: str) -> None:
    """See that all weights are numbers.

    Raises:
        InputError: some are not; or, in half precision, may have been too large for it.
    """
    for tensor, weights in model.named_parameters():
        # A sum is no number where one of its terms is none, and takes no memory.
        if weights.is_meta or bool(torch.isfinite(weights.detach().sum(dtype=torch.float32))):
            continue
        if bool(torch.isfinite(weights).all()):
            continue
        if weights.dtype == torch.float16:
            told = "does not fit into float16; choose dtype bfloat16 or float32"
        else:
            told = "holds NaN or infinity: the file is damaged, or the training broke; get another"
        raise InputError(f"the tensor {tensor} {told}", source=name)


def _context(config: Any, tokenizer: Any) -> int:
    told = getattr(config.get_text_config(decoder=True), "max_position_embeddings", None)
    longest: int = tokenizer.model_max_length
    return told or (longest if longest < _NO_LIMIT else _CONTEXT)


def _model(place: Place, device: torch.device, dtype: torch.dtype | None) -> Any:
    auto: Any = transformers.AutoModelForCausalLM
    options: dict[str, Any] = {"dtype": dtype or "auto", "output_loading_info": True, **_options(place)}
    if place.gguf:
        options |= {"dtype": dtype or torch.float32, **_unpacked()}
    try:
        # Its own progress bar while it unpacks cannot be switched off.
        with redirect_stderr(io.StringIO()) if place.gguf else nullcontext():
            model, info = auto.from_pretrained(place.path, **options)
    except Exception as error:  # of no common kind: each reader of files raises its own
        told = first_line(error)
        if place.gguf:
            raise InputError(_unread(place, told), source=place.name) from error
        if "custom code" in told or "trust_remote_code" in told:
            told = "it comes with code of its own, which mien does not run"
        elif "ignore_mismatched_sizes" in told:
            told = "its weights are not of the shapes that its config.json says"
        elif "does not recognize this architecture" in told:
            told = "it is of a kind that is not known to this transformers; try pip install -U transformers"
        elif "Should have a `model_type`" in told:
            told = "its config.json does not say of what kind it is (model_type)"
        elif "no file named" in told:
            told = "there are no weights in this folder (model.safetensors); fetch the folder again"
        raise InputError(f"cannot be loaded: {told}", source=place.name) from error
    if missing := sorted(info["missing_keys"]):
        # transformers would fill them with random numbers and go on.
        raise InputError(
            f"no causal language model, or not all of it: {len(missing)} tensors are missing, "
            f"the first is {missing[0]}",
            source=place.name,
        )
    if place.gguf:
        _forget_packing(model)
    try:
        return model.to(device)
    except torch.OutOfMemoryError as error:
        raise UsageError(
            f"{place.name}: the memory of {device} does not hold the model; "
            "try dtype bfloat16, a smaller model, or device cpu"
        ) from error


def _unpacked() -> dict[str, Any]:
    """What has a GGUF's weights unpacked also where they could be computed with as they are."""
    kind: Any = getattr(transformers, "GgufConfig", None)  # since transformers 5.20; before, all are unpacked
    return {"quantization_config": kind(dequantize=True)} if kind else {}


def _unread(place: Place, told: str) -> str:
    """Why transformers did not read a GGUF file."""
    import gguf

    library: Any = gguf
    try:
        library.GGUFReader(f"{place.path}/{place.gguf}")
    except Exception as error:  # it raises what it stumbles over
        return f"is cut short or damaged ({first_line(error)}); fetch it again"
    return f"transformers cannot read this GGUF file: {told}"


def _forget_packing(model: Any) -> None:
    """Have a model whose weights are whole say so, for it to be saved and trained as any other."""
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.is_quantized = False


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
    check_files(adapter)
    library: Any = peft
    with _as_misfit(adapter, base):
        kind: Any = library.PeftConfig.from_pretrained(adapter.path, **adapter.arguments)
        if kind.is_prompt_learning:
            raise InputError(
                f"is an adapter of the kind {kind.peft_type.value}, which puts trained vectors before "
                "each prompt and changes no weights; only those that change them, such as LoRA, can be used",
                source=adapter.name,
            )
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
