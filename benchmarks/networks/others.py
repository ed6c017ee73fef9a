"""Networks of libraries other than transformers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from archcost.sources.libraries import import_library
from benchmarks.networks.line import Call, Line, ids, image, mask, sound
from benchmarks.networks.text import GROUPED

if TYPE_CHECKING:
    from collections.abc import Callable

LATENT: dict[str, Any] = {"norm_num_groups": 4, "block_out_channels": (8, 16)}
NODES, EDGES = 12, 40


def positional(make: Callable[[], nn.Module], *args: Any, **kwargs: Any) -> Call:
    """Build a network, and return it with its arguments."""
    return Call(make(), args, kwargs)


def of(module: str, name: str, *args: Any, **settings: Any) -> nn.Module:
    """Build an object by its name in a module of a library."""
    found: nn.Module = getattr(import_library(module), name)(*args, **settings)
    return found


def line(library: str, kind: str, name: str, make: Callable[[], Call], **more: Any) -> Line:
    """Return a line."""
    return Line(library, kind, name, make, **more)


def diffusers(
    name: str, inputs: Callable[[], dict[str, Any]], *, kind: str = "denoiser", trained: bool = False, **settings: Any
) -> Line:
    """Return the line of a class of diffusers."""
    return Line("diffusers", kind, name, lambda: Call(of("diffusers", name, **settings), (), inputs()), trained)


def smp(name: str, encoder: str = "resnet18", **more: Any) -> Line:
    """Return the line of a segmentation network and its encoder."""

    def make() -> Call:
        network = of("segmentation_models_pytorch", name, encoder_name=encoder, encoder_weights=None, classes=3)
        return Call(network, (image(64, batch=2),))

    return Line("segmentation-models-pytorch", "segmentation", f"{name}, {encoder}", make, **more)


def detector(name: str, kind: str = "detection") -> Line:
    """Return the line of a detector, which takes a list of images, or of a segmentation network."""
    small = {"min_size": 96, "max_size": 96} if kind == "detection" else {}

    def make() -> Call:
        network = of(f"torchvision.models.{kind}", name, weights=None, weights_backbone=None, num_classes=3, **small)
        if kind == "segmentation":
            return Call(network, (image(64),))
        return Call(network, ([image(96)[0], image(64)[0]],))

    return Line("torchvision", kind, name, make)


def monai(name: str, *args: Any, title: str = "", size: tuple[int, ...] = (1, 1, 32, 32), **settings: Any) -> Line:
    """Return the line of a network for medical images."""
    trained = settings.pop("trained", False)
    return Line(
        "monai",
        "medical",
        title or name,
        lambda: Call(of("monai.networks.nets", name, *args, **settings), (sound(*size),)),
        trained,
    )


def graph(name: str, *settings: Any, **more: Any) -> Line:
    """Return the line of a graph network."""
    trained = more.pop("trained", False)

    def make() -> Call:
        edges = torch.stack([torch.arange(EDGES) % NODES, (torch.arange(EDGES) * 7 + 1) % NODES])
        return Call(of("torch_geometric.nn.models", name, *settings, **more), (sound(NODES, 8), edges))

    return Line("torch_geometric", "graph", name, make, trained)


def yolo(config: str) -> Line:
    """Return the line of a configuration of ultralytics."""

    def make() -> Call:
        tasks = import_library("ultralytics.nn.tasks")
        build = {"-seg": "SegmentationModel", "-pose": "PoseModel", "-cls": "ClassificationModel"}
        kind = next((k for ending, k in build.items() if config.endswith(ending)), "DetectionModel")
        return Call(getattr(tasks, kind)(f"{config}.yaml", verbose=False), (image(64),))

    return Line("ultralytics", "detection", config, make)


def lora(kind: str, **settings: Any) -> Line:
    """Return the line of a decoder with adapters."""

    def make() -> Call:
        peft, transformers = import_library("peft"), import_library("transformers")
        network = transformers.LlamaModel(transformers.LlamaConfig(**GROUPED))
        config = getattr(peft, kind)(target_modules=["q_proj", "v_proj"], **settings)
        return Call(peft.get_peft_model(network, config), (), {"input_ids": ids(2, 12), "attention_mask": mask()})

    return Line("peft", "adapted", f"{kind}, LlamaModel", make, kind == "LoraConfig")


def quantised(config: str) -> Line:
    """Return the line of a small network with linear layers quantised by torchao."""

    def make() -> Call:
        quantization = import_library("torchao.quantization")
        network = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 32)).eval()
        quantization.quantize_(network, getattr(quantization, config)())
        return Call(network, (sound(4, 64),))

    return Line("torchao", "quantised", config, make)


def clip(name: str) -> Line:
    """Return the line of a network that compares images and texts."""
    tiny = {
        "embed_dim": 32,
        "text_cfg": {"context_length": 12, "vocab_size": 100, "width": 32, "heads": 2, "layers": 2},
    }
    sights: dict[str, Any] = {
        "ViT": {"image_size": 32, "layers": 2, "width": 64, "head_width": 16, "patch_size": 8},
        "ResNet": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "patch_size": None, "head_width": 16},
    }

    def make() -> Call:
        vision = sights[name.partition(",")[0]]
        network = of(
            "open_clip",
            "CoCa" if "CoCa" in name else "CLIP",
            **tiny,
            vision_cfg=vision,
            **(
                {"multimodal_cfg": {"width": 32, "heads": 2, "layers": 1, "context_length": 12, "vocab_size": 100}}
                if "CoCa" in name
                else {}
            ),
        )
        return Call(network, (image(vision["image_size"], batch=2), ids(2, 12)))

    return Line("open_clip_torch", "multimodal", name, make)


def time_and_words(size: int = 16, channels: int = 4, wide: int = 32) -> dict[str, Any]:
    """Return noise, a time step, and an encoded text."""
    return {"sample": image(size, channels), "timestep": torch.tensor([3]), "encoder_hidden_states": sound(1, 6, wide)}


LINES = (
    diffusers(
        "UNet2DModel",
        lambda: {"sample": image(16), "timestep": torch.tensor([3])},
        trained=True,
        sample_size=16,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        attention_head_dim=4,
        **LATENT,
    ),
    diffusers(
        "UNet2DConditionModel",
        time_and_words,
        trained=True,
        sample_size=16,
        cross_attention_dim=32,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        attention_head_dim=4,
        **LATENT,
    ),
    diffusers(
        "ControlNetModel",
        lambda: time_and_words() | {"controlnet_cond": image(128)},
        cross_attention_dim=32,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        layers_per_block=1,
        attention_head_dim=4,
        conditioning_embedding_out_channels=(4, 8, 8, 8),
        **LATENT,
    ),
    diffusers(
        "AutoencoderKL",
        lambda: {"sample": image(32)},
        kind="autoencoder",
        trained=True,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        **LATENT,
    ),
    diffusers(
        "VQModel",
        lambda: {"sample": image(32)},
        kind="autoencoder",
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        num_vq_embeddings=16,
        **LATENT,
    ),
    diffusers(
        "AutoencoderTiny",
        lambda: {"sample": image(32)},
        kind="autoencoder",
        encoder_block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8),
        num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
    ),
    diffusers(
        "DiTTransformer2DModel",
        lambda: {"hidden_states": image(16, 4), "timestep": torch.tensor([3]), "class_labels": torch.tensor([1])},
        num_attention_heads=2,
        attention_head_dim=16,
        num_layers=2,
        sample_size=16,
        in_channels=4,
        out_channels=8,
        num_embeds_ada_norm=10,
    ),
    diffusers(
        "PixArtTransformer2DModel",
        lambda: {
            "hidden_states": image(16, 4),
            "timestep": torch.tensor([3]),
            "encoder_hidden_states": sound(1, 6, 32),
            "added_cond_kwargs": {"resolution": None, "aspect_ratio": None},
        },
        num_attention_heads=2,
        attention_head_dim=16,
        num_layers=2,
        sample_size=16,
        in_channels=4,
        out_channels=8,
        caption_channels=32,
        cross_attention_dim=32,
        use_additional_conditions=False,
    ),
    diffusers(
        "SD3Transformer2DModel",
        lambda: {
            "hidden_states": image(16, 4),
            "timestep": torch.tensor([3]),
            "encoder_hidden_states": sound(1, 6, 32),
            "pooled_projections": sound(1, 64),
        },
        sample_size=16,
        patch_size=2,
        in_channels=4,
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        caption_projection_dim=32,
        joint_attention_dim=32,
        pooled_projection_dim=64,
        out_channels=4,
    ),
    diffusers(
        "FluxTransformer2DModel",
        lambda: {
            "hidden_states": sound(1, 16, 4),
            "timestep": torch.tensor([0.5]),
            "encoder_hidden_states": sound(1, 6, 32),
            "pooled_projections": sound(1, 32),
            "img_ids": torch.zeros(16, 3),
            "txt_ids": torch.zeros(6, 3),
        },
        in_channels=4,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        pooled_projection_dim=32,
        axes_dims_rope=(4, 4, 8),
    ),
    diffusers(
        "UVit2DModel",
        lambda: {
            "input_ids": ids(1, 8, 8, below=15),
            "encoder_hidden_states": sound(1, 6, 32),
            "pooled_text_emb": sound(1, 32),
            "micro_conds": sound(1, 5),
        },
        hidden_size=32,
        cond_embed_dim=32,
        micro_cond_encode_dim=8,
        micro_cond_embed_dim=40,
        encoder_hidden_size=32,
        vocab_size=16,
        codebook_size=15,
        num_hidden_layers=2,
        num_attention_heads=2,
        block_out_channels=32,
        in_channels=32,
        block_num_heads=2,
        sample_size=8,
    ),
    *(smp(name) for name in ("UnetPlusPlus", "MAnet", "Linknet", "FPN", "DeepLabV3", "DeepLabV3Plus", "UPerNet")),
    smp("Unet", trained=True),
    smp("Unet", "mobilenet_v2"),
    smp("PSPNet", "efficientnet-b0"),
    smp("Segformer", "mit_b0"),
    clip("ViT"),
    clip("ResNet"),
    monai("UNet", 2, 1, 2, (8, 16), (2,), trained=True),
    monai("UNet", 3, 1, 2, (8, 16), (2,), size=(1, 1, 16, 16, 16), title="UNet, 3d"),
    monai("AttentionUnet", 2, 1, 2, (8, 16), (2,)),
    monai("BasicUNet", 2, features=(8, 8, 16, 16, 32, 8)),
    monai("SegResNet", 2, init_filters=8, trained=True),
    monai("DynUNet", 2, 1, 2, (3, 3, 3), (1, 2, 2), (2, 2), filters=(8, 8, 16)),
    monai("VNet", size=(1, 1, 32, 32, 32)),
    monai("UNETR", 1, 2, (32, 32), 4, 32, 64, 4, spatial_dims=2),
    monai(
        "SwinUNETR",
        1,
        2,
        feature_size=12,
        spatial_dims=2,
        patch_size=2,
        depths=(1, 1, 1, 1),
        num_heads=(1, 1, 2, 2),
        size=(1, 1, 64, 64),
    ),
    monai("ViT", 1, (32, 32), (8, 8), 32, 64, 2, 4, spatial_dims=2),
    monai("DenseNet121", 2, 1, 2),
    monai("SEResNet50", spatial_dims=2, in_channels=1, num_classes=2, size=(1, 1, 64, 64)),
    monai("AutoEncoder", 2, 1, 1, (8, 16), (2, 2)),
    graph("GCN", 8, 16, 2, 3, trained=True),
    graph("GAT", 8, 16, 2, 3, heads=2),
    graph("GraphSAGE", 8, 16, 2, 3, trained=True),
    graph("GIN", 8, 16, 2, 3),
    graph("PNA", 8, 16, 2, 3, aggregators=["mean", "max"], scalers=["identity"], deg=torch.arange(5)),
    graph("EdgeCNN", 8, 16, 2, 3),
    graph("LINKX", NODES, 8, 16, 3, 1),
    *(
        yolo(name)
        for name in (
            "yolov8n",
            "yolov8n-seg",
            "yolov8n-pose",
            "yolov8n-cls",
            "yolo11n",
            "yolo12n",
            "yolov10n",
            "rtdetr-l",
        )
    ),
    # other detectors need torchvision's compiled operators, which PyPI's torchvision lacks beside a CPU build of torch
    detector("fcos_resnet50_fpn"),
    *(
        detector(name, "segmentation")
        for name in ("fcn_resnet50", "deeplabv3_mobilenet_v3_large", "lraspp_mobilenet_v3_large")
    ),
    lora("LoraConfig", r=4),
    lora("LoHaConfig", r=4),
    lora("IA3Config", feedforward_modules=[]),
    lora("VeraConfig", r=4),
    lora("OFTConfig", oft_block_size=4),
    quantised("Int8WeightOnlyConfig"),
    quantised("Int8DynamicActivationInt8WeightConfig"),
    line("kornia", "features", "DISK", lambda: positional(lambda: of("kornia.feature", "DISK"), image(64))),
    line(
        "kornia",
        "features",
        "HardNet",
        lambda: positional(lambda: of("kornia.feature", "HardNet", pretrained=False), image(32, 1, 2)),
    ),
    line(
        "kornia",
        "features",
        "SOSNet",
        lambda: positional(lambda: of("kornia.feature", "SOSNet", pretrained=False), image(32, 1, 2)),
    ),
)
