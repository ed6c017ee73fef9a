"""Peak memory, by hand and against what a real run on the CPU holds."""

import weakref

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

import archcost
from archcost import zoo

NETWORKS = (
    "alexnet", "cifar_preresnet110", "densenet121", "fractalnet_c3_w16_cifar100", "googlenet", "inception_reduced",
    "lenet5", "mobilenet_v2", "mobilenet_v3_small", "nin_cifar10", "resnet18", "se_resnet50", "shufflenet_v1_g3",
    "shufflenet_v2_1x", "squeezenet1_0",
)  # fmt: skip


class LiveStorages(TorchDispatchMode):
    """Counts the bytes of the storages that are alive after each operator of a real run."""

    def __init__(self, tensors):
        super().__init__()
        self.references = {}
        self.live = self.peak = 0
        for tensor in tensors:
            self.see(tensor)

    def see(self, tensor):
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key not in self.references:
            self.live += size
            self.references[key] = weakref.ref(storage, lambda _: self.gone(key, size))

    def gone(self, key, size):
        self.live -= size
        del self.references[key]

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, tuple | list) else (result,):
            if isinstance(tensor, torch.Tensor):
                self.see(tensor)
        self.peak = max(self.peak, self.live)
        return result


def real_peak(network, image):
    with torch.no_grad(), LiveStorages([*network.parameters(), *network.buffers(), image]) as live:
        network(image)
    return live.peak


@pytest.mark.parametrize("name", NETWORKS)
def test_the_prediction_is_what_a_real_run_holds(name):
    """Predicted on the meta device, without weights; counted on the CPU, with them."""
    entry = zoo.REGISTRY.find(name)

    predicted = archcost.profile(name, device="meta").totals.peak_inference_bytes

    assert predicted == real_peak(zoo.build(entry).eval(), torch.randn(1, *entry.input))


def test_vgg16_peaks_where_two_of_its_largest_maps_are_alive():
    """Parameters, the image, and the input and the output of the second convolution, 64 maps of 224 x 224 each."""
    maps = 64 * 224 * 224
    expected = 4 * (138_357_544 + 3 * 224 * 224 + 2 * maps)

    assert archcost.profile("vgg16").totals.peak_inference_bytes == expected


def test_an_in_place_activation_saves_its_own_output():
    """Out of place, the convolution's result and the activation's are alive together."""
    image = torch.zeros(1, 1, 8, 8)
    map_bytes = 4 * 8 * 8
    held = 4 * 9 + map_bytes  # the weights and the image

    def peak(inplace):
        net = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1, bias=False), nn.ReLU(inplace=inplace))
        return archcost.profile(net, image).totals.peak_inference_bytes

    assert peak(inplace=True) == held + map_bytes
    assert peak(inplace=False) == held + 2 * map_bytes


def test_a_walk_with_gradients_has_no_peak_of_inference():
    assert archcost.profile("lenet5", train="sgd").totals.peak_inference_bytes is None
