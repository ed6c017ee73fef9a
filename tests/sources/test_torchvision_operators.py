"""torchvision's operators in Python, against loops and torchvision's own differentiable `roi_align`."""

import pytest
import torch
from peer_packages import peer

from archcost.errors import BuildError
from archcost.sources.torchvision_operators import nms, roi_align, roi_align_backward


def make_boxes(number):
    corners = torch.rand(number, 2) * 100
    return torch.cat((corners, corners + 1 + torch.rand(number, 2) * 50), 1)


def overlap(one, other):
    width = max(0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0, min(one[3], other[3]) - max(one[1], other[1]))
    shared = width * height
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.7, 1.0])
def test_a_box_stays_if_no_better_one_overlaps_it(threshold):
    torch.manual_seed(0)
    boxes, scores = make_boxes(60), torch.rand(60)
    kept = []
    for place in sorted(range(60), key=lambda place: -scores[place]):
        if all(overlap(boxes[place].tolist(), boxes[better].tolist()) <= threshold for better in kept):
            kept.append(place)
    assert nms(boxes, scores, threshold).tolist() == kept


def test_no_boxes_leave_none():
    assert nms(torch.zeros(0, 4), torch.zeros(0), 0.5).tolist() == []


def align(images, rois, bins, scale, ratio, aligned):
    return roi_align(images, rois, scale, *bins, ratio, aligned)


@pytest.mark.parametrize("ratio", [-1, 0, 1, 2, 3])
@pytest.mark.parametrize("aligned", [False, True])
def test_regions_and_their_gradient_are_those_of_torchvision(ratio, aligned):
    theirs = peer("torchvision.ops.roi_align")._roi_align
    theirs = getattr(theirs, "__wrapped__", theirs)
    torch.manual_seed(0)
    images = torch.randn(2, 3, 15, 20, dtype=torch.float64, requires_grad=True)
    rois = torch.cat((torch.randint(0, 2, (12, 1)), make_boxes(12)), 1).double()
    found = torch.ops.torchvision.roi_align(images, rois, 0.1, 4, 3, ratio, aligned)
    expected = theirs(images, rois, 0.1, 4, 3, ratio, aligned)
    torch.testing.assert_close(found, expected)
    weights = torch.randn_like(found)
    mine, his = (torch.autograd.grad((each * weights).sum(), images)[0] for each in (found, expected))
    torch.testing.assert_close(mine, his)


def test_a_region_outside_the_image_is_zero():
    """As in torchvision's compiled operator: a sample more than a place outside counts as zero."""
    images = torch.ones(1, 1, 8, 8)
    half = torch.tensor([[0.0, 4.0, 0.0, 20.0, 8.0]])  # columns 4 to 20 in four bins; the image ends at 8
    assert align(images, half, (1, 4), 1.0, 2, False).flatten().tolist() == [1, 0, 0, 0]
    assert roi_align_backward(torch.ones(1, 1, 1, 4), half, 1.0, 1, 4, 1, 1, 8, 8, 2, False).sum() == 1


def test_an_empty_region_is_zero():
    empty = torch.tensor([[0.0, 3.0, 3.0, 3.0, 3.0]])
    assert align(torch.ones(1, 2, 8, 8), empty, (2, 2), 1.0, 0, True).abs().sum() == 0


def test_the_operators_that_are_missing_are_one_sentence():
    vision = peer("torchvision")
    if hasattr(torch.ops.torchvision, "deform_conv2d"):
        pytest.skip("torchvision is compiled for this torch")
    with pytest.raises(BuildError, match=r"operators do not fit torch .*: install the torchvision that was built"):
        vision.ops.deform_conv2d(torch.rand(1, 1, 4, 4), torch.rand(1, 18, 2, 2), torch.rand(1, 1, 3, 3))
