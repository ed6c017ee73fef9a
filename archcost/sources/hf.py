"""Networks of transformers and diffusers by their configuration on the hub, always without weights."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from archcost.errors import ArgumentError, UnknownNetworkError, closest, find_root, first_line
from archcost.sources.choose import choose_inputs
from archcost.sources.hf_config import change_fields, check_depth, read_config
from archcost.sources.hub import fetch_config, find_cached, find_config
from archcost.sources.libraries import build_missing, import_library, load_beside_torchvision
from archcost.sources.network import Network
from archcost.sources.source import Source
from archcost.sources.user_code import build_module

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from archcost.sources.spec import Spec


class _HuggingFace(Source):
    name = "hf"
    form = "hf:CONFIG"
    prefix = "hf:"
    about = "a config.json of transformers or diffusers: file, folder, OWNER/NAME in the cache; or a model type"
    example = "hf:llama?num_hidden_layers=4"
    install = "transformers"
    aliases = ("huggingface", "hub", "transformers")

    def accepts(self, source: str, target: str) -> bool:
        return source == "hf" or (not source and target.partition("#")[0].endswith(".json"))

    def file_in(self, source: str, target: str) -> str:
        path = target.partition("#")[0]
        return path if not source or path.endswith(".json") else ""

    def find(self, spec: Spec) -> Network:
        """Return the network that a configuration describes."""
        where, _, kind = spec.target.partition("#")
        if not where:
            raise ArgumentError(
                f"{spec.text!r} names no configuration; write {self.form}#CLASS, as in hf:llama{spec.target}"
            )
        file = find_config(where) or self._find_unowned(where)
        fields = {"model_type": where} if file is None else read_config(file)
        diffuses = "_class_name" in fields
        make = _prepare_diffusers if diffuses else _prepare_transformers
        build, name, notes = load_beside_torchvision(lambda: make(fields, where, kind, spec.arguments))
        return Network(
            spec=spec.text,
            name=f"{name} of {where}",
            build=lambda: build_module(build, f"{name} of {where}"),
            notes=notes,
            choose=partial(choose_inputs, size=spec.size, seq=spec.seq),
        )

    def _find_unowned(self, where: str) -> Path | None:
        """Return the file of a cached repository without an owner (bert-base-uncased); a model type comes first."""
        types = import_library("transformers").CONFIG_MAPPING
        return None if where in types else find_cached(where)

    def fetch(self, spec: Spec) -> str:
        """Download only a repository's configuration."""
        return fetch_config(spec.target.partition("#")[0])

    def names(self) -> Sequence[str]:
        """Return the model types that transformers knows."""
        return [f"hf:{name}" for name in import_library("transformers").CONFIG_MAPPING]


def _prepare_transformers(
    fields: dict[str, Any], title: str, kind: str, arguments: Mapping[str, object]
) -> tuple[Any, str, tuple[str, ...]]:
    transformers = import_library("transformers")
    known = list(transformers.CONFIG_MAPPING.keys())
    model_type = str(fields.get("model_type") or "")
    if not model_type:
        raise UnknownNetworkError(f"{title} has no model_type, by which transformers knows its networks")
    if model_type not in known:
        own = "; its code is on the hub (auto_map), and archcost does not run it" if "auto_map" in fields else ""
        hint = closest(model_type, known, "--download fetches the config.json of a repository of the hub")
        raise UnknownNetworkError(
            f"{title}: transformers {transformers.__version__} knows no model type {model_type!r}; {hint}{own}"
        )
    config_class = transformers.CONFIG_MAPPING[model_type]
    if arguments:
        fields = change_fields(fields, arguments, config_class().to_dict(), title)
    config = _make_config(config_class, fields, title)
    _refuse_downloads(config)
    kind = kind or next(iter(fields.get("architectures") or ()), "")
    if kind:
        network = _find_class(transformers, kind, title)
        if not hasattr(network, "_from_config"):
            raise UnknownNetworkError(
                f"{title}: {kind} of transformers is not a network; write another class after a #"
            )
    elif config_class in transformers.MODEL_MAPPING:
        network = transformers.MODEL_MAPPING[config_class]
        network = network[0] if isinstance(network, tuple) else network
    else:
        raise ArgumentError(
            f"{title} names no class, and transformers has no default class for {model_type!r}; add one: #CLASS"
        )
    quantised = getattr(config, "quantization_config", None)
    notes = ("its configuration stores quantized weights; they are counted without quantization",) if quantised else ()
    return lambda: network._from_config(config), network.__name__, notes  # noqa: SLF001 - AutoModel.from_config calls this


def _prepare_diffusers(
    fields: dict[str, Any], title: str, kind: str, arguments: Mapping[str, object]
) -> tuple[Any, str, tuple[str, ...]]:
    diffusers = import_library("diffusers")
    network = _find_class(diffusers, kind or str(fields["_class_name"]), title)
    if not hasattr(network, "from_config") or hasattr(network, "components"):
        raise ArgumentError(
            f"{title} describes {network.__name__}, which is not a network; name the configuration of a part, as in "
            "FOLDER/unet/config.json or hf:OWNER/NAME/unet"
        )
    fields = change_fields(fields, arguments, _read_defaults(network), title)
    check_depth(fields, title)
    return lambda: network.from_config(fields), network.__name__, ()


def _make_config(config_class: Any, fields: Mapping[str, Any], title: str) -> Any:
    check_depth(fields, title)
    try:
        return config_class.from_dict(dict(fields))
    except Exception as error:
        root = find_root(error)
        reason = f"{type(root).__name__}: {first_line(root)}"
        raise ArgumentError(f"{title}: {config_class.__name__} refuses these fields: {reason}") from error


def _find_class(library: Any, name: str, title: str) -> Any:
    try:
        found = getattr(library, name, None)
    except ImportError as error:  # the class needs a package that the library itself does not
        root = find_root(error)
        if not isinstance(root, ModuleNotFoundError) or root.name is None:
            raise
        raise build_missing(library.__name__, root.name) from error
    if isinstance(found, type):
        return found
    classes = [each for each in dir(library) if each[:1].isupper()]
    hint = closest(name, classes, "write one of its classes after a #")
    raise UnknownNetworkError(f"{title}: {library.__name__} {library.__version__} has no class {name!r}; {hint}")


def _read_defaults(network: Any) -> dict[str, Any]:
    import inspect

    return {name: each.default for name, each in inspect.signature(network.__init__).parameters.items()}


def _refuse_downloads(config: Any) -> None:
    """Stop the parts of a network from fetching weights during construction."""
    for each in (
        config,
        *(getattr(config, name, None) for name in ("backbone_config", "vision_config", "encoder", "decoder")),
    ):
        if getattr(each, "use_pretrained_backbone", False):
            each.use_pretrained_backbone = False


SOURCE = _HuggingFace()
