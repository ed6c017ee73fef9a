"""Language models of transformers: encoders, decoders, both, mixtures of experts, state spaces."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from archcost.sources.libraries import import_library
from benchmarks.networks.line import Call, Line, ids, mask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WIDE: dict[str, Any] = {
    "vocab_size": 100, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 96,
}  # fmt: skip
GROUPED = {**WIDE, "num_key_value_heads": 2, "pad_token_id": 0}
TOWER = {"vocab_size": 100, "d_model": 64, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
         "decoder_attention_heads": 4, "encoder_ffn_dim": 96, "decoder_ffn_dim": 96}  # fmt: skip
T5 = {"vocab_size": 100, "d_model": 64, "d_kv": 16, "d_ff": 96, "num_layers": 2, "num_heads": 4}
GPT = {"vocab_size": 100, "n_embd": 64, "n_layer": 2, "n_head": 4}
EXPERTS = {"num_experts": 4, "num_local_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}


def words() -> dict[str, Any]:
    """Return a tokenizer's result for two sentences."""
    return {"input_ids": ids(2, 12), "attention_mask": mask()}


def translation() -> dict[str, Any]:
    """Return two sentences, and the first tokens of two others."""
    return {**words(), "decoder_input_ids": ids(2, 5)}


def build(name: str, settings: Mapping[str, Any], inputs: Callable[[], dict[str, Any]]) -> Call:
    """Build a class of transformers from settings of its configuration; settings that it lacks are left out."""
    transformers = import_library("transformers")
    kind = getattr(transformers, name)
    return Call(kind(kind.config_class(**settings)), kwargs=inputs())


def line(
    kind: str, name: str, settings: Mapping[str, Any], inputs: Callable[[], dict[str, Any]] = words, **more: Any
) -> Line:
    """Return the line of a class of transformers."""
    trained = more.pop("trained", False)
    return Line("transformers", kind, name, partial(build, name, {**settings, **more}, inputs), trained)


LINES = (
    line("encoder", "BertModel", WIDE, trained=True),
    line("encoder", "RobertaForMaskedLM", WIDE),
    line("encoder", "AlbertModel", WIDE, embedding_size=16, trained=True),
    line("encoder", "DistilBertModel", {"vocab_size": 100, "dim": 64, "n_layers": 2, "n_heads": 4, "hidden_dim": 96}),
    line("encoder", "ElectraModel", WIDE, embedding_size=16, trained=True),
    line("encoder", "DebertaModel", WIDE, pos_att_type=["c2p", "p2c"], relative_attention=True, trained=True),
    line("encoder", "DebertaV2Model", WIDE, pos_att_type=["c2p", "p2c"], relative_attention=True),
    line("encoder", "MPNetModel", WIDE),
    line("encoder", "XLMRobertaForSequenceClassification", WIDE),
    line("encoder", "LongformerModel", WIDE, attention_window=4),
    line("encoder", "BigBirdModel", WIDE, block_size=2, num_random_blocks=1, attention_type="original_full"),
    line("encoder", "FNetModel", WIDE, lambda: {"input_ids": ids(2, 12)}, trained=True),
    line("encoder", "SqueezeBertModel", WIDE, embedding_size=64),
    line("encoder", "MobileBertModel", WIDE, embedding_size=16, intra_bottleneck_size=32, true_hidden_size=32),
    line("encoder", "ModernBertModel", WIDE, pad_token_id=0, cls_token_id=1, sep_token_id=2),
    line("encoder", "FunnelModel", {"vocab_size": 100, "d_model": 64, "block_sizes": [1, 1], "n_head": 4, "d_head": 16,
                                    "d_inner": 96}),
    line("encoder", "ConvBertModel", WIDE, embedding_size=32),
    line("encoder", "NystromformerModel", WIDE, segment_means_seq_len=12, num_landmarks=12),
    line("encoder", "YosoModel", WIDE, use_expectation=True),
    line("encoder", "EsmModel", WIDE, position_embedding_type="rotary", pad_token_id=1),
    line("encoder", "XLNetModel", {"vocab_size": 100, "d_model": 64, "n_layer": 2, "n_head": 4, "d_inner": 96}),
    line("encoder", "CanineModel", WIDE, lambda: {"input_ids": ids(2, 16), "attention_mask": mask(2, 16)}),
    line("encoder", "PerceiverModel", {"d_model": 32, "d_latents": 32, "num_latents": 8,
         "num_cross_attention_heads": 4},
         lambda: {"inputs": ids(2, 12, 32).float() / 90, "attention_mask": mask()}),
    line("encoder", "RemBertModel", WIDE, input_embedding_size=32, output_embedding_size=32),
    line("encoder", "IBertModel", WIDE),
    line("encoder", "ErnieModel", WIDE),
    line("encoder", "RoFormerModel", WIDE, embedding_size=32),
    line("decoder", "GPT2LMHeadModel", GPT, trained=True),
    line("decoder", "GPTNeoModel", WIDE, num_layers=2, num_heads=4, attention_types=[[["global", "local"], 1]]),
    line("decoder", "GPTNeoXModel", WIDE, trained=True),
    line("decoder", "GPTJModel", GPT, rotary_dim=8),
    line("decoder", "OPTModel", {"vocab_size": 100, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
                                 "ffn_dim": 96, "word_embed_proj_dim": 64}, trained=True),
    line("decoder", "BloomModel", GPT, hidden_size=64),
    line("decoder", "LlamaForCausalLM", GROUPED, trained=True),
    line("decoder", "MistralModel", GROUPED, sliding_window=4),
    line("decoder", "Qwen2ForCausalLM", GROUPED),
    line("decoder", "Qwen3Model", GROUPED, head_dim=16, trained=True),
    line("decoder", "GemmaModel", GROUPED, head_dim=16),
    line("decoder", "Gemma2Model", GROUPED, head_dim=16, sliding_window=4, trained=True),
    line("decoder", "Gemma3TextModel", GROUPED, head_dim=16, sliding_window=4),
    line("decoder", "Phi3Model", GROUPED),
    line("decoder", "FalconModel", WIDE, new_decoder_architecture=True, num_kv_heads=2),
    line("decoder", "StableLmModel", GROUPED),
    line("decoder", "CohereModel", GROUPED),
    line("decoder", "Olmo2Model", GROUPED),
    line("decoder", "MptModel", {"vocab_size": 100, "d_model": 64, "n_layers": 2, "n_heads": 4}),
    line("decoder", "CTRLModel", GPT, dff=96),
    line("decoder", "XGLMModel", {"vocab_size": 100, "d_model": 64, "num_layers": 2, "attention_heads": 4,
         "ffn_dim": 96}),
    line("encoder-decoder", "T5ForConditionalGeneration", T5, translation, trained=True),
    line("encoder-decoder", "MT5Model", T5, translation),
    line("encoder-decoder", "LongT5Model", T5, translation, local_radius=3),
    line("encoder-decoder", "BartModel", TOWER, translation, trained=True),
    line("encoder-decoder", "MBartModel", TOWER, translation),
    line("encoder-decoder", "PegasusModel", TOWER, translation, trained=True),
    line("encoder-decoder", "MarianModel", TOWER, translation, pad_token_id=0),
    line("encoder-decoder", "M2M100Model", TOWER, translation),
    line("encoder-decoder", "BlenderbotModel", TOWER, translation),
    line("encoder-decoder", "LEDModel", TOWER, translation, attention_window=4),
    line("mixture of experts", "MixtralForCausalLM", GROUPED | EXPERTS, trained=True),
    line("mixture of experts", "Qwen2MoeModel", GROUPED | EXPERTS, shared_expert_intermediate_size=32),
    line("mixture of experts", "Qwen3MoeModel", GROUPED | EXPERTS, head_dim=16),
    line("mixture of experts", "DeepseekV3Model", GROUPED | EXPERTS, n_routed_experts=4, n_group=2, topk_group=1,
         num_key_value_heads=4, q_lora_rank=16, kv_lora_rank=16, qk_rope_head_dim=8, qk_nope_head_dim=8, v_head_dim=16,
         first_k_dense_replace=1),
    line("mixture of experts", "GptOssModel", GROUPED | EXPERTS, head_dim=16, sliding_window=4),
    line("mixture of experts", "OlmoeModel", GROUPED | EXPERTS),
    line("mixture of experts", "GraniteMoeModel", GROUPED | EXPERTS),
    line("mixture of experts", "PhimoeModel", GROUPED | EXPERTS),
    line("mixture of experts", "JetMoeModel", GROUPED | EXPERTS, kv_channels=16),
    line("mixture of experts", "SwitchTransformersModel", T5, translation, num_experts=4, num_decoder_layers=2),
    line("mixture of experts", "NllbMoeModel", TOWER, translation, num_experts=4),
    line("state space", "MambaModel", {"vocab_size": 100, "hidden_size": 64, "num_hidden_layers": 2, "state_size": 8},
         lambda: {"input_ids": ids(2, 12)}, trained=True),
    line("state space", "Mamba2Model", {"vocab_size": 100, "hidden_size": 64, "num_hidden_layers": 2, "state_size": 8,
                                        "num_heads": 8, "head_dim": 16, "n_groups": 2, "chunk_size": 4}),
    line("state space", "FalconMambaModel", {"vocab_size": 100, "hidden_size": 64, "num_hidden_layers": 2,
                                             "state_size": 8}),
    line("state space", "JambaModel", GROUPED | EXPERTS, attn_layer_period=2, attn_layer_offset=1,
         expert_layer_period=2, expert_layer_offset=1, mamba_d_state=8, use_mamba_kernels=False),
    line("state space", "BambaModel", GROUPED, attn_layer_indices=[1], mamba_n_heads=8, mamba_d_head=16,
         mamba_d_state=8, mamba_chunk_size=4),
    line("state space", "RwkvModel", {"vocab_size": 100, "hidden_size": 64, "num_hidden_layers": 2,
                                      "attention_hidden_size": 64, "intermediate_size": 96}),
)  # fmt: skip
