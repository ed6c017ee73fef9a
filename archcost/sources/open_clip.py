"""Networks of open_clip with both towers, without weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.sources.inputs import InputSpec
from archcost.sources.libraries import build_unknown, import_library
from archcost.sources.network import Network
from archcost.sources.source import Source
from archcost.sources.user_code import build_module

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from archcost.sources.spec import Spec

WORDS = 77  # default tokens of a text


class _OpenClip(Source):
    name = "open_clip"
    form = "open_clip:NAME"
    prefix = "open_clip:"
    about = "a network of open_clip: a picture and a text"
    example = "open_clip:ViT-B-32"
    install = "open_clip_torch"
    aliases = ("clip", "openclip")

    def find(self, spec: Spec) -> Network:
        """Return both towers, with the inputs of their configuration."""
        open_clip = import_library("open_clip", self.install)
        if spec.target not in open_clip.list_models():
            raise build_unknown(spec, open_clip.list_models())
        config = open_clip.get_model_config(spec.target)
        arguments = {"pretrained": None, "pretrained_text": False, **spec.arguments}

        def build() -> nn.Module:
            return build_module(lambda: open_clip.create_model(spec.target, **arguments), spec.text)

        side = spec.size or config["vision_cfg"]["image_size"]
        sides = tuple(side) if isinstance(side, list | tuple) else (side, side)
        words = config["text_cfg"].get("context_length", WORDS)
        inputs = (InputSpec(shape=(3, *sides), name="image"), InputSpec(shape=(words,), dtype="int64", name="text"))
        return Network(spec=spec.text, name=spec.target, build=build, inputs=inputs)

    def names(self) -> Sequence[str]:
        """Return all names of open_clip."""
        return [f"open_clip:{name}" for name in import_library("open_clip", self.install).list_models()]


SOURCE = _OpenClip()
