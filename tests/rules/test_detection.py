"""torchvision's detection operators, from recorded calls, without its compiled extension."""

import torch
from torch import nn

import archcost
from archcost.records import OpCall, TensorSpec
from archcost.rules import find
from tests.peer_packages import peer


def call(op, output, **args):
    tensors = {name: TensorSpec(value, "float32", 0, 0, 0) for name, value in args.items() if isinstance(value, tuple)}
    result = TensorSpec(output, "float32", 1, 0, 0)
    return OpCall(0, 0, op, args | tensors, tuple(tensors.values()), (result,), (), -1)


def work(op, output, **args):
    return find(op, {}).count(call(op, output, **args))


def test_a_deformable_convolution_is_a_convolution_of_what_it_takes():
    sizes = {"input": (2, 4, 8, 8), "weight": (6, 4, 3, 3), "offset": (2, 18, 8, 8)}
    found = work("torchvision.deform_conv2d", (2, 6, 8, 8), **sizes, use_mask=False)
    assert found.macs == 2 * 8 * 8 * 6 * 4 * 9
    assert found.other_ops == 2 * 8 * 8 * 4 * 9 * (4 * 2)
    assert work("torchvision.deform_conv2d", (2, 6, 8, 8), **sizes, use_mask=True).other_ops == 2 * 8 * 8 * 4 * 9 * 9
    back = work("torchvision._deform_conv2d_backward", (2, 4, 8, 8), grad=(2, 6, 8, 8), **sizes)
    assert back.macs == 2 * found.macs


def test_each_pair_of_boxes_is_compared_once():
    assert work("torchvision.nms", (5,), dets=(100, 4), scores=(100,)).other_ops == 100 * 7 + 13 * 100 * 99 // 2


def test_regions_are_averaged_over_places_between_four_neighbours():
    sizes = {"input": (1, 4, 32, 32), "rois": (10, 5)}
    for op in ("torchvision.roi_align", "torchvision.ps_roi_align"):
        assert work(op, (10, 4, 7, 7), **sizes, sampling_ratio=2).other_ops == 10 * 4 * 49 * 4 * (4 * 2)
        assert work(op, (10, 4, 7, 7), **sizes, sampling_ratio=0).other_ops == 10 * 4 * 49 * (4 * 2)


class Kept(nn.Module):
    def forward(self, boxes, scores):
        return boxes[torch.ops.torchvision.nms(boxes, scores, 0.5)]


def test_suppression_in_a_forward_is_covered_and_noted():
    peer("torchvision")
    library = None
    if not torch._C._dispatch_has_kernel_for_dispatch_key("torchvision::nms", "CPU"):
        library = torch.library.Library("torchvision", "IMPL", "CPU")
        library.impl("nms", lambda boxes, scores, threshold: torch.arange(2))
    report = archcost.profile(Kept(), (torch.rand(8, 4), torch.rand(8)), device="cpu")
    assert report.uncovered == {}
    assert any("nms" in warning and "depend on values" in warning for warning in report.warnings)
    del library
