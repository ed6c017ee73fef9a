"""Frozen parameters save nothing and cost no gradient; patterns name parameters and modules."""

import pytest
import torch
from torch import nn

import archcost
from archcost.errors import ArgumentError, WalkError
from archcost.records import Report

IMAGE = torch.zeros(2, 3)


def network():
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2))


def test_training_the_last_layer_alone_keeps_its_input_alone():
    report = archcost.profile(network(), IMAGE, train="momentum", train_only="4")
    totals, full = report.totals, report.full_training

    assert (totals.trainable_params, full.trainable_params) == (5 * 2 + 2, 16 + 25 + 12)
    assert totals.saved_bytes == 4 * 2 * 5
    assert full.saved_bytes == 4 * 2 * (3 + 4 + 5)
    assert totals.gradient_bytes == totals.optimizer_state_bytes == 4 * 12
    assert totals.backward_macs == 2 * 5 * 2
    assert full.backward_macs == 2 * (3 * 4 + 2 * 4 * 5 + 2 * 5 * 2)
    assert totals.peak_training_bytes < full.peak_training_bytes
    assert totals.params == full.params
    assert Report.from_json(report.to_json()) == report


def test_freezing_the_first_layers_stops_the_backward_there():
    report = archcost.profile(network(), IMAGE, train="sgd", freeze=["0", "2.bias"])

    assert report.totals.trainable_params == 20 + 12
    assert [row.backward_macs for row in report.layers if row.kind == "Linear"] == [0, 2 * 4 * 5, 2 * 2 * 5 * 2]


def test_the_lectures_three_ways_of_transfer_learning():
    """VGG-16 after its features: the last layer, the classifier, everything."""
    full = 138_357_544
    features = 14_714_688
    last = archcost.profile("vgg16", device="meta", train="sgd", train_only="classifier.6")
    classifier = archcost.profile("vgg16", device="meta", train="sgd", freeze="features.*")

    assert last.totals.trainable_params == 4096 * 1000 + 1000
    assert last.totals.saved_bytes == 4 * 4096
    assert classifier.totals.trainable_params == full - features
    assert classifier.full_training.trainable_params == full
    assert last.totals.peak_training_bytes < classifier.totals.peak_training_bytes
    assert classifier.totals.peak_training_bytes < classifier.full_training.peak_training_bytes


def test_the_users_network_trains_what_it_trained_before():
    given = network()
    given[2].requires_grad_(False)
    archcost.profile(given, IMAGE, device="cpu", train="sgd", train_only="2.*")
    assert [parameter.requires_grad for parameter in given.parameters()] == [True, True, False, False, True, True]


def test_patterns_that_match_nothing_and_everything():
    with pytest.raises(ArgumentError, match=r"'head\.\*' matches no parameter of the network; it consists of 0, 1, 2"):
        archcost.profile(network(), IMAGE, train="sgd", freeze="head.*")
    with pytest.raises(WalkError, match="nothing to train"):
        archcost.profile(network(), IMAGE, train="sgd", freeze="*")
    with pytest.raises(ArgumentError, match="they need train"):
        archcost.profile(network(), IMAGE, freeze="0")
