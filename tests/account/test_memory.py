"""Peak memory of inference, by hand."""

import torch
from torch import nn

import archcost


def test_vgg16_peaks_where_two_of_its_largest_maps_are_alive():
    """It is the parameters, the image, and input and output of the second convolution: 64 maps of 224 x 224 each."""
    maps = 64 * 224 * 224
    expected = 4 * (138_357_544 + 3 * 224 * 224 + 2 * maps)

    assert archcost.profile("vgg16").totals.peak_inference_bytes == expected


def test_an_in_place_activation_saves_its_own_output():
    """Out of place, the results of the convolution and the activation are alive together."""
    image = torch.zeros(1, 1, 8, 8)
    map_bytes = 4 * 8 * 8
    held = 4 * 9 + map_bytes  # the weights and the image

    def peak(inplace):
        net = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1, bias=False), nn.ReLU(inplace=inplace))
        return archcost.profile(net, image).totals.peak_inference_bytes

    assert peak(inplace=True) == held + map_bytes
    assert peak(inplace=False) == held + 2 * map_bytes


def test_flattening_channels_last_takes_a_copy():
    """Three maps of 8 x 8 are flattened in the order that a linear layer expects."""
    image = torch.zeros(1, 3, 8, 8)
    plain, last = (
        archcost.profile(nn.Flatten(), image.to(memory_format=layout)).totals.peak_inference_bytes
        for layout in (torch.contiguous_format, torch.channels_last)
    )
    assert (plain, last) == (4 * 3 * 64, 2 * 4 * 3 * 64)


def test_a_walk_with_gradients_has_no_peak_of_inference():
    assert archcost.profile("lenet5", train="sgd").totals.peak_inference_bytes is None
