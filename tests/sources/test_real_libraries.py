"""The sources with the real libraries, against published figures or arithmetic."""

import json
import os
import subprocess
import sys

import pytest
from peer_packages import peer

import archcost
from archcost.errors import UnknownNetworkError
from archcost.sources.resolve import resolve

LLAMA_70B = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8192, "intermediate_size": 28672,
    "num_attention_heads": 64, "num_hidden_layers": 80, "num_key_value_heads": 8, "vocab_size": 128_256,
    "dtype": "bfloat16", "tie_word_embeddings": False,
}  # fmt: skip


@pytest.mark.extras
def test_a_decoder_of_70_billion_parameters_from_its_configuration(tmp_path):
    peer("transformers")
    (tmp_path / "config.json").write_text(json.dumps(LLAMA_70B))
    totals = archcost.profile(f"{tmp_path}/config.json@seq2048").totals
    width, inner, tokens = 8192, 28672, 2048
    layer = width * (2 * width + 2 * width // 8 + 3 * inner)  # q and o, k and v, gate, up and down
    assert totals.params == 80 * (layer + 2 * width) + width + 2 * 128_256 * width
    assert totals.param_bytes == 2 * totals.params
    assert totals.macs == tokens * (80 * (layer + 2 * tokens * width) + 128_256 * width)


@pytest.mark.extras
@pytest.mark.parametrize(("command", "seconds"), [("profile", 10), ("generate", 20)])
def test_a_decoder_of_70_billion_parameters_is_fast_and_small(tmp_path, command, seconds):
    """Seconds of the processors, because other tests run beside this one."""
    peer("transformers")
    (tmp_path / "config.json").write_text(json.dumps(LLAMA_70B))
    line = [sys.executable, "-m", "archcost", command, f"{tmp_path}/config.json", "--format", "json"]
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0
    assert used.ru_utime + used.ru_stime < seconds
    assert used.ru_maxrss * 1024 < 1e9


@pytest.mark.extras
@pytest.mark.parametrize(
    ("package", "spec", "params"),
    [
        ("open_clip", "open_clip:ViT-B-32", 151_277_313), ("transformers", "hf:clip", 151_277_313),
        ("ultralytics", "ultralytics:yolo11n", 2_624_080), ("segmentation_models_pytorch", "smp:Unet", 24_436_369),
        ("monai.networks.nets", "monai:SwinUNETR", 15_703_004),
        ("torch_geometric", "pyg:GCN", 1433 * 64 + 64 + 65 * 64),
        ("diffusers", "diffusers:UNet2DModel?sample_size=32", 274_056_163),
    ],
)  # fmt: skip
def test_networks_of_libraries_have_the_parameters_that_they_are_known_for(package, spec, params):
    peer(package)
    assert archcost.profile(spec).totals.params == params


@pytest.mark.peers
def test_weights_of_torchvision_are_named_as_timms_are():
    """SWAG's end-to-end weights use a crop of 384 pixels, torchvision's own weights 224."""
    peer("torchvision")
    network = resolve("torchvision:regnet_y_16gf.IMAGENET1K_SWAG_E2E_V1")
    assert network.inputs[0].shape == (3, 384, 384)
    assert network.name == "regnet_y_16gf.IMAGENET1K_SWAG_E2E_V1"
    assert resolve("torchvision:regnet_y_16gf.IMAGENET1K_V2").inputs[0].shape == (3, 224, 224)
    assert sum(each.numel() for each in resolve("torchvision:alexnet.IMAGENET1K_V1").build().parameters()) == 61_100_840
    with pytest.raises(
        UnknownNetworkError, match="torchvision has no weights 'IMAGENET1K_V3' of resnet50; did you mean"
    ):
        resolve("torchvision:resnet50.IMAGENET1K_V3")
