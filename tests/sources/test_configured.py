"""Inputs of networks of transformers by their configuration."""

from types import SimpleNamespace

from torch import nn

import archcost
from archcost.sources.configured import describe_configured


class PreTrainedModel(nn.Module):
    main_input_name = "pixel_values"


class Patches(PreTrainedModel):
    config = SimpleNamespace(num_patches=9, patch_size=2, num_channels=3)

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(3 * 2 * 2, 5, bias=False)

    def forward(self, pixel_values, pixel_attention_mask, spatial_shapes):
        assert pixel_attention_mask.shape == pixel_values.shape[:2]
        rows, columns = spatial_shapes[0].tolist()
        return self.embed(pixel_values).unflatten(1, (rows, columns))


def test_an_image_that_is_a_sequence_of_patches_has_a_square_grid():
    image, mask, grid = describe_configured(Patches(), size=None, seq=8)
    assert (str(image), str(mask)) == ("pixel_values=9x12", "pixel_attention_mask=9:int64")
    assert grid.sample.tolist() == [[3, 3]]
    assert archcost.profile(Patches(), batch=2).totals.macs == 2 * 9 * 12 * 5
