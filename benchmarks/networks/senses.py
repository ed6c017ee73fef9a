"""Vision, audio and multimodal networks of transformers."""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.networks.line import ids, image, mask, sound
from benchmarks.networks.text import EXPERTS, GROUPED, TOWER, WIDE, line

SIGHT: dict[str, Any] = {**WIDE, "image_size": 32, "patch_size": 8}
STAGES = {"hidden_sizes": [16, 32], "depths": [1, 1], "num_attention_heads": [2, 4], "decoder_hidden_size": 32}
SWIN = {"image_size": 32, "patch_size": 4, "embed_dim": 16, "depths": [1, 1], "num_heads": [2, 4], "window_size": 4}
WAVES = {**WIDE, "conv_dim": [16, 16], "conv_stride": [5, 2], "conv_kernel": [10, 3], "num_feat_extract_layers": 2,
         "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4}  # fmt: skip
CLIP = {"text_config": {**WIDE, "projection_dim": 32}, "vision_config": {**SIGHT, "projection_dim": 32},
        "projection_dim": 32}  # fmt: skip
DETR = {**TOWER, "num_queries": 5, "use_timm_backbone": False, "use_pretrained_backbone": False, "backbone": None,
        "backbone_config": {"model_type": "resnet", "embedding_size": 8, "hidden_sizes": [8, 16, 16, 32],
                            "depths": [1, 1, 1, 1], "out_features": ["stage4"]}}  # fmt: skip


def sight() -> dict[str, Any]:
    """Return an image processor's result for one image."""
    return {"pixel_values": image(32)}


def large() -> dict[str, Any]:
    """Return a larger image."""
    return {"pixel_values": image(64)}


def large_and_padded() -> dict[str, Any]:
    """Return a larger image and its pixel mask."""
    seen = torch.ones(1, 64, 64, dtype=torch.int64)
    seen[:, 48:] = 0
    return {**large(), "pixel_mask": seen}


def pair() -> dict[str, Any]:
    """Return an image and two sentences."""
    return {"input_ids": ids(2, 12), "attention_mask": mask(), "pixel_values": image(32, batch=2)}


def wave() -> dict[str, Any]:
    """Return two waveforms, the second padded."""
    return {"input_values": sound(2, 400), "attention_mask": mask(2, 400)}


def spoken() -> dict[str, Any]:
    """Return a spectrogram and the first tokens of its text."""
    return {"input_features": sound(1, 16, 40), "decoder_input_ids": ids(1, 5)}


def chat(image_token: int, count: int) -> dict[str, Any]:
    """Return a question with the positions of an image's patches in it."""
    words = torch.cat([ids(1, 3), torch.full((1, count), image_token), ids(1, 6)], 1)
    return {"input_ids": words, "attention_mask": torch.ones_like(words), "pixel_values": image(32)}


def chat_of_patches() -> dict[str, Any]:
    """Return a question, and an image as the patches of Qwen's processors."""
    asked = chat(99, 4)
    return asked | {
        "pixel_values": sound(16, 96),
        "image_grid_thw": torch.tensor([[1, 4, 4]]),
        "mm_token_type_ids": (asked["input_ids"] == 99).long(),  # noqa: PLR2004 - a picture's place
    }


LINES = (
    line("vision", "ViTForImageClassification", SIGHT, sight, trained=True),
    line("vision", "DeiTModel", SIGHT, sight),
    line("vision", "BeitModel", SIGHT, sight, use_relative_position_bias=True),
    line("vision", "Dinov2Model", SIGHT, sight, trained=True),
    line("vision", "ViTMAEModel", SIGHT, sight),
    line("vision", "ViTMSNModel", SIGHT, sight, trained=True),
    line("vision", "SwinModel", SWIN, sight, trained=True),
    line("vision", "Swinv2Model", SWIN, sight),
    line("vision", "SegformerForSemanticSegmentation", {"hidden_sizes": [16, 32], "depths": [1, 1], "sr_ratios": [2, 1],
         "num_encoder_blocks": 2, "num_attention_heads": [2, 4], "decoder_hidden_size": 32, "patch_sizes": [7, 3],
         "strides": [4, 2], "mlp_ratios": [2, 2]}, large, trained=True),
    line("vision", "ConvNextModel", {"hidden_sizes": [8, 16], "depths": [1, 1], "num_stages": 2}, sight, trained=True),
    line("vision", "ResNetModel", {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]}, sight),
    line("vision", "RegNetModel", {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1], "groups_width": 4},
         sight),
    line("vision", "MobileViTModel", {"image_size": 64, "hidden_sizes": [16, 24, 32],
         "neck_hidden_sizes": [8, 8, 16, 16, 24, 32, 64], "expand_ratio": 2.0}, large),
    line("vision", "PoolFormerModel", {"hidden_sizes": [8, 16, 16, 32], "depths": [1, 1, 1, 1]}, large),
    line("vision", "LevitModel", {"image_size": 64, "hidden_sizes": [16, 32, 48], "num_attention_heads": [2, 2, 2],
         "depths": [1, 1, 1], "key_dim": [8, 8, 8]}, large),
    line("vision", "FocalNetModel", {"image_size": 32, "embed_dim": 16, "depths": [1, 1], "hidden_sizes": [16, 32],
         "focal_levels": [2, 2], "focal_windows": [3, 3]}, sight),
    line("vision", "DPTForDepthEstimation", SIGHT, sight, num_hidden_layers=4, backbone_out_indices=[0, 1, 2, 3],
         neck_hidden_sizes=[8, 8, 16, 16], fusion_hidden_size=16, image_size=32, is_hybrid=False,
         reassemble_factors=[4, 2, 1, 0.5]),
    line("vision", "DetrForObjectDetection", DETR, large_and_padded),
    line("vision", "YolosForObjectDetection", SIGHT, sight, image_size=[32, 32], num_detection_tokens=5),
    line("vision", "DeformableDetrModel", DETR, large_and_padded,
         num_feature_levels=1),
    line("vision", "SamVisionModel", SIGHT, sight, output_channels=16, window_size=2, global_attn_indexes=[1],
         mlp_dim=96, num_pos_feats=8),
    line("vision", "VideoMAEModel", SIGHT, lambda: {"pixel_values": sound(1, 4, 3, 32, 32)}, num_frames=4),
    line("vision", "TimesformerModel", SIGHT, lambda: {"pixel_values": sound(1, 4, 3, 32, 32)}, num_frames=4),
    line("vision", "HieraModel", {"image_size": [32, 32], "embed_dim": 16, "depths": [1, 1], "num_heads": [1, 2],
         "patch_stride": [4, 4], "masked_unit_size": [4, 4], "query_stride": [2, 2], "num_query_pool": 1}, sight),
    line("audio", "Wav2Vec2Model", WAVES, wave, trained=True),
    line("audio", "HubertModel", WAVES, wave),
    line("audio", "WavLMModel", WAVES, wave, num_buckets=8, max_bucket_distance=16),
    line("audio", "UniSpeechSatModel", WAVES, wave),
    line("audio", "Data2VecAudioModel", WAVES, wave, conv_pos_kernel_size=3, num_conv_pos_embeddings=2),
    line("audio", "WhisperModel", TOWER, spoken, num_mel_bins=16, max_source_positions=20, pad_token_id=0,
         bos_token_id=1, eos_token_id=2, decoder_start_token_id=1, trained=True),
    line("audio", "Speech2TextModel", TOWER, lambda: {"input_features": sound(1, 40, 16),
         "decoder_input_ids": ids(1, 5), "attention_mask": mask(1, 40)}, input_feat_per_channel=16, conv_channels=32),
    line("audio", "ASTModel", WIDE, lambda: {"input_values": sound(1, 32, 32)}, max_length=32, num_mel_bins=32),
    line("audio", "EncodecModel", {"num_filters": 4, "hidden_size": 16, "codebook_dim": 16, "codebook_size": 16,
         "upsampling_ratios": [4, 2], "num_lstm_layers": 1}, lambda: {"input_values": sound(1, 1, 400)}),
    line("audio", "SEWModel", WAVES, wave, squeeze_factor=2),
    line("audio", "VitsModel", {"vocab_size": 40, "hidden_size": 32, "num_hidden_layers": 1, "ffn_dim": 48,
         "flow_size": 32, "spectrogram_bins": 17, "upsample_initial_channel": 32, "upsample_rates": [4, 4],
         "upsample_kernel_sizes": [8, 8], "resblock_kernel_sizes": [3], "resblock_dilation_sizes": [[1, 3]],
         "prior_encoder_num_flows": 1, "prior_encoder_num_wavenet_layers": 1,
         "use_stochastic_duration_prediction": False, "depth_separable_num_layers": 1},
         lambda: {"input_ids": ids(1, 12, below=40)}),
    line("multimodal", "CLIPModel", CLIP, pair, trained=True),
    line("multimodal", "SiglipModel", {"text_config": WIDE, "vision_config": SIGHT}, pair, trained=True),
    line("multimodal", "BlipForConditionalGeneration", CLIP, pair),
    line("multimodal", "GroupViTModel", CLIP | {"vision_config": SIGHT | {"depths": [1, 1, 1], "num_group_tokens":
         [8, 4, 0], "num_output_groups": [8, 4, 0]}}, pair),
    line("multimodal", "ViltModel", SIGHT, lambda: pair() | {"pixel_mask": torch.ones(2, 32, 32, dtype=torch.int64)}),
    line("multimodal", "LayoutLMv3Model", WIDE, lambda: {"input_ids": ids(2, 12), "attention_mask": mask(),
         "bbox": ids(2, 12, 4).clamp(max=90), "pixel_values": image(32, batch=2)}, input_size=32, patch_size=8,
         coordinate_size=8, shape_size=16),
    line("multimodal", "FlavaModel", {"text_config": WIDE, "image_config": SIGHT, "multimodal_config": WIDE,
         "hidden_size": 64}, pair),
    line("multimodal", "LlavaForConditionalGeneration", {"text_config": GROUPED | {"model_type": "llama"},
         "vision_config": SIGHT | {"model_type": "clip_vision_model"}, "image_token_index": 99, "image_seq_length": 16,
         "vision_feature_layer": -1}, lambda: chat(99, 16)),
    line("multimodal", "Qwen2VLForConditionalGeneration", {"text_config": GROUPED | {"rope_parameters": {"rope_type":
         "default", "mrope_section": [2, 3, 3], "rope_theta": 1e4}}, "vision_config": {"depth": 1, "embed_dim": 32,
         "num_heads": 2, "hidden_size": 64, "patch_size": 4, "spatial_merge_size": 2, "temporal_patch_size": 2},
         "image_token_id": 99, "vision_start_token_id": 98},
         chat_of_patches),
    line("multimodal", "Qwen3VLMoeForConditionalGeneration", {"text_config": GROUPED | EXPERTS | {"head_dim": 16,
         "rope_parameters": {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 1e4}},
         "vision_config": {"depth": 1, "hidden_size": 32, "num_heads": 2,
         "intermediate_size": 48, "out_hidden_size": 64, "patch_size": 4, "spatial_merge_size": 2,
         "temporal_patch_size": 2, "num_position_embeddings": 16,
         "deepstack_visual_indexes": [0]}, "image_token_id": 99, "vision_start_token_id": 98},
         chat_of_patches),
    line("multimodal", "PaliGemmaForConditionalGeneration", {"text_config": GROUPED | {"model_type": "gemma",
         "head_dim": 16}, "vision_config": SIGHT | {"model_type": "siglip_vision_model", "vision_use_head": False},
         "projection_dim": 64, "image_token_index": 99}, lambda: chat(99, 16)),
)  # fmt: skip
