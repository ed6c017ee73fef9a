"""Architectures of timm, one of each kind: nothing uncovered, all parameters found, torch's own counter agrees.

torch's counter does not support the CPU's attention kernel, so both counts run on the meta device, where torch
decomposes attention into products.
"""

import pytest
import torch
from peer_packages import peer
from torch.utils.flop_counter import FlopCounterMode

import archcost
from archcost import sources

ARCHITECTURES = {
    "convnext_atto": "depthwise 7x7 convolutions, layer normalisation over channels",
    "convmixer_1024_20_ks9_p14": "depthwise 9x9 convolutions, nothing but them and 1x1 ones",
    "resmlp_12_224": "linear layers across tokens",
    "mixer_s32_224": "the same, transposed",
    "vit_tiny_patch16_224": "plain attention",
    "eva02_tiny_patch14_224": "rotary positions, SwiGLU",
    "swin_tiny_patch4_window7_224": "shifted windows: roll, masks, a table of biases",
    "hiera_tiny_224": "attention within masked units",
    "xcit_nano_12_p16_224": "attention across channels",
    "levit_128s": "attention that shrinks the map, hard-swish",
    "efficientformer_l1": "convolutions, then attention",
    "volo_d1_224": "outlook attention: unfold and fold",
    "halonet26t": "blocks with halos: unfold",
    "lambda_resnet26t": "lambda layers: 3-d convolution as position embedding",
    "regnety_002": "grouped convolutions, squeeze and excitation",
    "dm_nfnet_f0": "weights standardised in the forward",
    "ghostnet_100": "cheap operations, concatenation, slicing",
    "hrnet_w18_small": "parallel resolutions, interpolation",
    "poolformer_s12": "pooling in place of attention",
    "gcvit_xxtiny": "global queries over windows",
}

pytestmark = [pytest.mark.peers, pytest.mark.no_cover]


@pytest.fixture
def built(request):
    """Return the network on the meta device with its input, built by timm itself."""
    timm = peer("timm")
    with torch.device("meta"):
        network = timm.create_model(request.param, pretrained=False).eval()
        return request.param, network, torch.zeros(1, *network.default_cfg["input_size"])


@pytest.mark.parametrize("built", ARCHITECTURES, indirect=True)
def test_parameters_and_multiply_adds_are_right(built):
    name, network, image = built
    report = archcost.profile(f"timm:{name}", device="meta")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(image)

    assert report.network.inputs[0].shape == tuple(image.shape)
    assert report.uncovered == {}
    assert report.totals.params == sum(parameter.numel() for parameter in network.parameters())
    assert 2 * report.totals.macs == counter.get_total_flops()
    assert sum(layer.macs for layer in report.layers) == report.totals.macs
    assert sum(layer.params for layer in report.layers) == report.totals.params


def test_a_name_that_timm_lacks_suggests_others():
    peer("timm")
    with pytest.raises(archcost.errors.UnknownNetworkError, match=r"did you mean.*resnet50"):
        sources.resolve("timm:resnet5O")


def test_arguments_reach_timm():
    peer("timm")
    report = archcost.profile("timm:resnet18?num_classes=10&in_chans=1", device="meta")

    assert report.network.inputs[0].shape == (1, 1, 224, 224)
    assert report.totals.params == 11_689_512 - 2 * 64 * 49 - 990 * 513


def test_training_on_one_image_that_cannot_be_normalised_says_what_to_do():
    peer("timm")
    with pytest.raises(archcost.errors.WalkError, match="try --batch 2"):
        archcost.profile("timm:levit_128s", device="meta", train="sgd")

    assert archcost.profile("timm:levit_128s", device="meta", train="sgd", batch=2).totals.backward_macs > 0
