"""Networks of diffusers in their default configuration, changed by the arguments."""

from archcost.sources.class_source import ClassSource


class _Diffusers(ClassSource):
    name = "diffusers"
    form = "diffusers:CLASS"
    prefix = "diffusers:"
    about = "a network of diffusers; the arguments are its configuration"
    example = "diffusers:UNet2DConditionModel?sample_size=64"
    install = "diffusers"
    modules = ("diffusers",)


SOURCE = _Diffusers()
