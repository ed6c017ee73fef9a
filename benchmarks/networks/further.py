"""Networks of kinds that the other files lack: chunked and recurrent attention, series, codecs, flow, pooled graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from archcost.sources.libraries import import_library
from benchmarks.networks.line import Call, Line, ids, image, mask, sound
from benchmarks.networks.others import EDGES, NODES, diffusers, of
from benchmarks.networks.senses import SIGHT, large
from benchmarks.networks.text import EXPERTS, GROUPED, WIDE, line, translation, words

if TYPE_CHECKING:
    from collections.abc import Callable

PATCHES = {"num_input_channels": 2, "context_length": 16, "patch_length": 4, "patch_stride": 4}
QUERIES = ["q_proj", "v_proj"]


def series() -> dict[str, Any]:
    """Return two series of 16 steps with two values each."""
    return {"past_values": sound(2, 16, 2)}


def timm(name: str, size: int, *, trained: bool = False) -> Line:
    """Return the line of a network of timm, for images of a size."""

    def make() -> Call:
        return Call(of("timm", "create_model", name), (image(size),))

    return Line("timm", "vision", name, make, trained)


def adapted(config: str, *, trained: bool = False, **settings: Any) -> Line:
    """Return the line of a decoder with adapters, or with learnt prompts."""

    def make() -> Call:
        transformers = import_library("transformers")
        kind = transformers.LlamaForCausalLM if "task_type" in settings else transformers.LlamaModel
        network = of(
            "peft", "get_peft_model", kind(transformers.LlamaConfig(**GROUPED)), of("peft", config, **settings)
        )
        return Call(network, (), {"input_ids": ids(2, 12), "attention_mask": mask()})

    return Line("peft", "adapted", f"{config}, Llama", make, trained)


def quantised(name: str, config: Callable[[Any], Any]) -> Line:
    """Return the line of a small network that torchao changes by a configuration."""

    def make() -> Call:
        quantization = import_library("torchao.quantization")
        network = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64)).eval()
        quantization.quantize_(network, config(quantization))
        return Call(network, (sound(4, 64),))

    return Line("torchao", "quantised", name, make)


def fake(quantization: Any) -> Any:
    """Return the configuration of training with fake quantisation."""
    base = quantization.Int8DynamicActivationIntxWeightConfig(
        weight_dtype=torch.int4, weight_granularity=quantization.PerGroup(32)
    )
    return import_library("torchao.quantization.qat").QATConfig(base, step="prepare")


class Pooled(nn.Module):
    """A convolution of graphs, a pool of nodes if there is one, and the mean of each graph of a batch."""

    def __init__(self, convolution: nn.Module, pool: nn.Module | None = None) -> None:
        super().__init__()
        self.convolution, self.pool, self.head = convolution, pool, nn.Linear(16, 3)

    def forward(self, nodes: torch.Tensor, edges: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
        """Return three values for each graph."""
        nodes = self.convolution(nodes, edges).relu()
        if self.pool is not None:
            nodes, _, _, which, *_ = self.pool(nodes, edges, batch=which)
        return self.head(of("torch_geometric.nn", "global_mean_pool", nodes, which))  # type: ignore[no-any-return]


class OfBatches(nn.Module):
    """Takes a batch of graphs as one object."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, batch: Any) -> Any:
        """Return three values for each graph."""
        return self.inner(batch.x, batch.edge_index, batch.batch)


def graphs(
    name: str, make: Callable[[Any, torch.Tensor, torch.Tensor, torch.Tensor], Call], *, trained: bool = False
) -> Line:
    """Return the line of a network of graphs; `make` gets the package, nodes, edges, and the graph of each node."""

    def build() -> Call:
        edges = torch.stack([torch.arange(EDGES) % NODES, (torch.arange(EDGES) * 7 + 1) % NODES])
        return make(import_library("torch_geometric"), sound(NODES, 8), edges, (torch.arange(NODES) >= 5).long())  # noqa: PLR2004

    return Line("torch_geometric", "graph", name, build, trained)


def several_kinds(library: Any, nodes: torch.Tensor, edges: torch.Tensor, _: torch.Tensor) -> Call:
    """Return a convolution of a graph with two kinds of nodes, six of each, and of edges."""
    kinds = {
        ("a", "to", "b"): library.nn.SAGEConv((8, 8), 16),
        ("b", "back", "a"): library.nn.GATConv((8, 8), 16, add_self_loops=False),
    }
    half = EDGES // 2
    ends = {("a", "to", "b"): edges[:, :half] % 6, ("b", "back", "a"): edges[:, half:] % 6}
    return Call(library.nn.HeteroConv(kinds), ({"a": nodes[:6], "b": nodes[6:]}, ends))


def in_one_batch(library: Any, nodes: torch.Tensor, edges: torch.Tensor, _: torch.Tensor) -> Call:
    """Return a network of a `Batch` of two graphs."""
    data = library.data
    two = [data.Data(x=half, edge_index=edges % 6) for half in (nodes[:6], nodes[6:])]
    return Call(OfBatches(Pooled(library.nn.GCNConv(8, 16))), (data.Batch.from_data_list(two),))


LINES = (
    line("encoder", "ReformerModel", {"vocab_size": 100, "hidden_size": 64, "attention_head_size": 16,
         "num_attention_heads": 4, "feed_forward_size": 96, "attn_layers": ["local", "lsh"], "axial_pos_shape": [4, 4],
         "axial_pos_embds_dim": [32, 32], "lsh_attn_chunk_length": 4, "local_attn_chunk_length": 4, "num_buckets": 4,
         "is_decoder": False, "hash_seed": 3, "max_position_embeddings": 16},
         lambda: {"input_ids": ids(2, 16), "attention_mask": mask(2, 16)}),
    line("encoder", "LukeModel", WIDE, lambda: words() | {"entity_ids": ids(2, 2, below=5), "entity_attention_mask":
         torch.ones(2, 2, dtype=torch.int64), "entity_position_ids": torch.arange(8).view(2, 2, 2)},
         entity_vocab_size=10, entity_emb_size=16, trained=True),
    line("encoder", "TapasModel", WIDE, lambda: words() | {"token_type_ids": ids(2, 12, 7, below=2)}),
    line("decoder", "RecurrentGemmaModel", GROUPED, lru_width=64, attention_window_size=8,
         block_types=["recurrent", "attention"], head_dim=16, trained=True),
    line("decoder", "Qwen3NextModel", GROUPED | EXPERTS, head_dim=16, layer_types=["linear_attention",
         "full_attention"], linear_num_value_heads=4, linear_num_key_heads=2, linear_key_head_dim=16,
         linear_value_head_dim=16, shared_expert_intermediate_size=32, trained=True),
    line("decoder", "Lfm2Model", GROUPED, layer_types=["conv", "full_attention"], block_multiple_of=8, trained=True),
    line("mixture of experts", "Llama4TextModel", GROUPED | EXPERTS, head_dim=16, intermediate_size_mlp=96,
         interleave_moe_layer_step=1, num_experts_per_tok=1, attention_chunk_size=8, trained=True),
    line("state space", "Zamba2Model", GROUPED, num_mem_blocks=1, hybrid_layer_ids=[1], layers_block_type=["mamba",
         "hybrid"], mamba_d_state=8, mamba_headdim=16, n_mamba_heads=8, mamba_ngroups=1, chunk_size=4, adapter_rank=8,
         attention_head_dim=32),
    line("encoder-decoder", "ProphetNetModel", {"vocab_size": 100, "hidden_size": 64, "num_encoder_layers": 1,
         "num_decoder_layers": 1, "num_encoder_attention_heads": 4, "num_decoder_attention_heads": 4,
         "encoder_ffn_dim": 96, "decoder_ffn_dim": 96}, translation),
    line("series", "PatchTSTModel", PATCHES, series, num_hidden_layers=1, d_model=32, num_attention_heads=2, ffn_dim=48,
         trained=True),
    line("series", "PatchTSMixerModel", PATCHES, series, num_layers=1, d_model=16, trained=True),
    line("audio", "MimiModel", {"num_filters": 4, "hidden_size": 16, "codebook_dim": 8, "codebook_size": 16,
         "upsampling_ratios": [4, 2], "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2,
         "head_dim": 8, "intermediate_size": 32, "vector_quantization_hidden_dimension": 8, "num_quantizers": 4,
         "num_semantic_quantizers": 1, "upsample_groups": 16, "sampling_rate": 400, "frame_rate": 25},
         lambda: {"input_values": sound(1, 1, 400)}),
    line("audio", "DacModel", {"encoder_hidden_size": 4, "downsampling_ratios": [2, 2], "decoder_hidden_size": 16,
         "n_codebooks": 2, "codebook_size": 16, "codebook_dim": 4, "upsampling_ratios": [2, 2]},
         lambda: {"input_values": sound(1, 1, 64)}),
    line("audio", "ClapAudioModel", {"hidden_size": 32, "window_size": 4, "num_mel_bins": 16, "spec_size": 64,
         "patch_embeds_hidden_size": 16, "patch_size": 4, "patch_stride": [4, 4], "depths": [1, 1],
         "num_attention_heads": [2, 4], "num_hidden_layers": 2, "enable_fusion": False, "projection_dim": 16},
         lambda: {"input_features": sound(1, 1, 64, 16), "is_longer": torch.tensor([False])}),
    line("vision", "RTDetrModel", {"backbone_config": {"model_type": "rt_detr_resnet", "embedding_size": 8,
         "hidden_sizes": [8, 16, 16, 32], "depths": [1, 1, 1, 1], "out_features": ["stage2", "stage3", "stage4"],
         "layer_type": "basic"}, "encoder_hidden_dim": 32, "encoder_in_channels": [16, 16, 32], "feat_strides":
         [8, 16, 32], "encoder_attention_heads": 2, "encoder_ffn_dim": 32, "d_model": 32, "num_queries": 5,
         "decoder_in_channels": [32, 32, 32], "decoder_ffn_dim": 32, "decoder_layers": 1,
         "decoder_attention_heads": 2, "num_denoising": 0}, large),
    line("vision", "VJEPA2Model", SIGHT, lambda: {"pixel_values_videos": sound(1, 4, 3, 32, 32)}, frames_per_clip=4,
         crop_size=32, pred_hidden_size=32, pred_num_attention_heads=2, pred_num_hidden_layers=1,
         pred_num_mask_tokens=2),
    diffusers("CogVideoXTransformer3DModel", lambda: {"hidden_states": sound(1, 2, 4, 8, 8), "timestep":
              torch.tensor([3]), "encoder_hidden_states": sound(1, 6, 16)}, num_attention_heads=2,
              attention_head_dim=16, in_channels=4, out_channels=4, time_embed_dim=8, text_embed_dim=16, num_layers=2,
              sample_width=8, sample_height=8, sample_frames=5, patch_size=2, temporal_compression_ratio=4,
              max_text_seq_length=6),
    diffusers("SanaTransformer2DModel", lambda: {"hidden_states": image(8, 4), "timestep": torch.tensor([3]),
              "encoder_hidden_states": sound(1, 6, 16)}, trained=True, in_channels=4, out_channels=4,
              num_attention_heads=2, attention_head_dim=8, num_layers=1, num_cross_attention_heads=2,
              cross_attention_head_dim=8, cross_attention_dim=16, caption_channels=16, sample_size=8, patch_size=1),
    diffusers("WanTransformer3DModel", lambda: {"hidden_states": sound(1, 4, 2, 8, 8), "timestep": torch.tensor([3]),
              "encoder_hidden_states": sound(1, 6, 16)}, trained=True, patch_size=(1, 2, 2), num_attention_heads=2,
              attention_head_dim=12, in_channels=4, out_channels=4, text_dim=16, freq_dim=32, ffn_dim=32,
              num_layers=1, cross_attn_norm=True, qk_norm="rms_norm_across_heads"),
    timm("convit_tiny", 224),
    timm("efficientvit_b0", 64, trained=True),
    timm("mambaout_femto", 64, trained=True),
    Line("torchvision", "flow", "raft_small", lambda: Call(
         of("torchvision.models.optical_flow", "raft_small", weights=None), (image(128), image(128)),
         {"num_flow_updates": 2})),
    graphs("TopKPooling", lambda library, *args: Call(
           Pooled(library.nn.GCNConv(8, 16), library.nn.TopKPooling(16)), args)),
    graphs("TransformerConv", lambda library, *args: Call(Pooled(library.nn.TransformerConv(8, 8, heads=2)), args),
           trained=True),
    graphs("HeteroConv", several_kinds),
    graphs("Batch", in_one_batch, trained=True),
    graphs("GPSConv", lambda library, *args: Call(library.nn.GPSConv(8, library.nn.GINConv(nn.Linear(8, 8)), heads=2),
           args)),
    graphs("RGCNConv", lambda library, nodes, edges, _: Call(library.nn.RGCNConv(8, 16, 3, num_bases=2), (nodes, edges,
           torch.arange(EDGES) % 3)), trained=True),
    graphs("AttentiveFP", lambda library, nodes, edges, which: Call(library.nn.AttentiveFP(8, 16, 3, 4, 2, 2), (nodes,
           edges, sound(EDGES, 4), which)), trained=True),
    adapted("AdaLoraConfig", r=4, target_modules=QUERIES, total_step=10, tinit=1, tfinal=1),
    adapted("BOFTConfig", boft_block_size=4, target_modules=QUERIES, trained=True),
    adapted("FourierFTConfig", n_frequency=10, target_modules=QUERIES),
    adapted("PromptTuningConfig", task_type="CAUSAL_LM", num_virtual_tokens=4),
    adapted("PrefixTuningConfig", task_type="CAUSAL_LM", num_virtual_tokens=4, trained=True),
    quantised("IntxWeightOnlyConfig", lambda q: q.IntxWeightOnlyConfig(weight_dtype=torch.int4,
              granularity=q.PerGroup(32))),
    quantised("Float8WeightOnlyConfig", lambda q: q.Float8WeightOnlyConfig()),
    quantised("QATConfig", fake),
)  # fmt: skip
