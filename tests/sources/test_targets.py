"""Targets for the training step of a network that finds objects."""

import pytest
import torch
from peer_packages import peer
from torch import nn

import archcost
from archcost.profiling.choice import settle
from archcost.sources import InputSpec, Network, resolve
from archcost.sources.network_inputs import Choice
from archcost.sources.targets import describe_targets

IMAGE = InputSpec(shape=(3, 8, 12), name="pixel_values")


class Finds(nn.Module):
    def __init__(self):
        super().__init__()
        self.boxes = nn.Conv2d(3, 4, 1)

    def forward(self, pixel_values, labels: list[dict] | None = None):
        found = self.boxes(pixel_values).mean((2, 3))
        if labels is None:
            return found
        assert len(labels) == len(pixel_values)
        return sum((found[place] - each["boxes"].mean(0)).abs().sum() for place, each in enumerate(labels))


class Segments(Finds):
    loss_type = "ForSegmentation"


class Queries(nn.Module):
    def forward(self, pixel_values, mask_labels: list[torch.Tensor], class_labels: list[torch.Tensor]):
        pass


class Classifies(nn.Module):
    def forward(self, pixel_values, labels: torch.Tensor | None = None):
        pass


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (Finds(), ["labels.each.class_labels", "labels.each.boxes"]),
        (Segments(), ["labels.each.class_labels", "labels.each.boxes", "labels.each.masks"]),
        (Queries(), ["mask_labels.each", "class_labels.each"]),
    ],
)
def test_targets_are_those_that_the_signature_of_a_forward_demands(module, names):
    found = describe_targets(module, (IMAGE,))
    assert [spec.name for spec in found] == ["pixel_values", *names]
    assert all(spec.shape == (2, 8, 12) for spec in found if "mask" in spec.name)


def test_a_network_whose_loss_archcost_computes_needs_no_targets():
    assert describe_targets(Classifies(), (IMAGE,)) == ()
    assert describe_targets(Finds(), (InputSpec(name="input_ids"),)) == ()


def test_targets_are_given_in_training_alone():
    def choose(module):
        return Choice(inputs=(IMAGE,), why="its configuration", training_inputs=describe_targets(module, (IMAGE,)))

    network = Network(spec="mine:Finds", name="Finds", build=Finds, choose=choose)
    assert settle(network).inputs == (IMAGE,)
    assert "labels.each.boxes" in settle(network, training=True).notes[0]
    assert settle(network, training=True).inputs[2].name == "labels.each.boxes"


@pytest.mark.peers
def test_a_detector_of_torchvision_trains_on_its_own_loss():
    """The loss, which the detector returns, reaches the regions of its backbone."""
    peer("torchvision")
    spec = (
        "torchvision:fasterrcnn_mobilenet_v3_large_320_fpn@64?min_size=64&max_size=64&box_batch_size_per_image=6"
        "&rpn_pre_nms_top_n_train=8&rpn_post_nms_top_n_train=8"
    )
    report = archcost.profile(spec, train="sgd", batch=2)
    assert not report.uncovered
    forward, backward = (report.operators[f"torchvision.{name}"] for name in ("roi_align", "_roi_align_backward"))
    regions = forward.other_ops / (256 * 7 * 7 * 2**2 * 8)  # channels, bins, samples in each, their neighbours
    assert regions in range(1, 2 * 6 + 1)
    assert backward.other_ops == forward.other_ops
    assert [spec.name for spec in resolve(spec).training_inputs] == [
        "images.each", "targets.each.boxes", "targets.each.labels",
    ]  # fmt: skip
