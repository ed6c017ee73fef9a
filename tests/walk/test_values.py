"""Small values beside meta: they answer questions about masks, positions and grids like the CPU."""

import copy

import pytest
import torch
from counting import Calls
from torch import nn
from torch.nn.functional import one_hot

import archcost
from archcost.errors import WalkError
from archcost.sources import InputSpec
from archcost.sources.libraries import import_library
from archcost.walk import Values, run_undisturbed, values, walk

MASK = torch.tensor([[1, 1, 1, 0], [1, 1, 0, 0]])


class Asking(nn.Module):
    """Passes a mask and a sequence to `ask`; `weight` is 5x5."""

    def __init__(self, ask):
        super().__init__()
        self.linear = nn.Linear(5, 5, bias=False)
        self.register_buffer("grid", torch.arange(12).view(3, 4))
        self.register_buffer("started", torch.tensor(False))
        self.ask = ask

    def forward(self, mask, x):
        return self.ask(self, mask, x)


def first(self, x, count):
    """Apply the layer to the first `count` positions: 25 multiply-adds for each, in both sequences."""
    return self.linear(x[:, :count])


def ask_all(self, mask, x):
    return self.linear(x) if mask.all() else first(self, x, 1)


def ask_any_of_what_was_computed(self, mask, x):
    return first(self, x, 2) if ((1.0 - mask[:, None].to(x.dtype)) * torch.finfo(x.dtype).min < 0).any() else x


def ask_the_item_of_a_position(self, mask, x):
    return first(self, x, mask.sum(-1).argmax().item() + 3)


def ask_for_a_list(self, mask, x):
    return torch.cat([self.linear(x[i, :n]) for i, n in enumerate(mask.sum(-1).tolist())])


def ask_by_numpy(self, mask, x):
    return first(self, x, int(mask.numpy().sum() - 2))


def ask_on_the_cpu(self, mask, x):
    return first(self, x, int(mask.cpu().sum(-1).max()))


def ask_after_writes_in_place(self, mask, x):
    mask[0, 3:] = 1
    mask[1].fill_(1)
    return self.linear(x) if mask.bool().all() else x


def ask_after_writes_through_a_view(self, mask, x):
    made = mask.new_zeros(2, 4)
    made[:, 1:] = mask[:, :-1].clone()
    made[:, 0] = 1
    made.view(-1)[3:4] = 0
    return first(self, x, int(made.sum()) - 3)


def ask_about_what_was_overwritten(self, mask, x):
    made = torch.empty(3, dtype=torch.int64)
    made.copy_(mask[0, :3])
    return first(self, x, int(made.sum()))


def ask_about_constants(self, mask, x):
    table = torch.tensor([[4, 2], [3, 1]])
    return first(self, x, int(table[:, 1].max()) + int(x.new_tensor([1.0]).item()))


def ask_about_a_buffer(self, mask, x):
    if self.started:
        return x
    self.started.fill_(True)
    return first(self, x, int(self.grid[1, 0])) if self.started else x


def select_by_a_mask(self, mask, x):
    return self.linear(x[mask.bool()])


def write_by_a_mask(self, mask, x):
    made = torch.zeros_like(x)
    made[mask.bool()] = self.linear(x[mask.bool()])
    return made


def select_with_a_mask(self, mask, x):
    return self.linear(x.masked_select(mask.bool()[..., None]).view(-1, 5))


def take_the_places_that_are_not_zero(self, mask, x):
    rows, columns = torch.where(mask > 0)
    return self.linear(x[rows, columns])


def repeat_by_values(self, mask, x):
    return self.linear(x[:, 0].repeat_interleave(mask.sum(-1), dim=0))


def take_those_that_are_unique(self, mask, x):
    return first(self, x, len(mask.unique()))


def count_bins(self, mask, x):
    return first(self, x, int(mask.flatten().bincount()[0]))


def encode_one_hot(self, mask, x):
    return self.linear(one_hot(mask + 3).to(x.dtype))


def pack(self, mask, x):
    packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(-1), batch_first=True)
    return self.linear(packed.data)


def pack_by_lengths_on_the_cpu(self, mask, x):
    packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(-1).cpu(), batch_first=True)
    return self.linear(packed.data)


def take_places_of_numbers(self, mask, x):
    return self.linear(x[:, mask.new_tensor([0, 2])][:, torch.asarray([1])])


def compare(self, mask, x):
    return self.linear(x) if torch.equal(mask, mask.clone()) and mask.allclose(mask) else x


def name_by_a_value(self, mask, x):
    return first(self, x, int(f"{mask.sum()}"))


def loop_over_a_tensor(self, mask, x):
    for _ in range(mask.sum(-1)[1]):
        x = self.linear(x)
    return x


CASES = {
    ask_all: 2 * 1,
    ask_any_of_what_was_computed: 2 * 2,
    ask_the_item_of_a_position: 2 * 3,
    ask_for_a_list: 3 + 2,
    ask_by_numpy: 2 * 3,
    ask_on_the_cpu: 2 * 3,
    ask_after_writes_in_place: 2 * 4,
    ask_after_writes_through_a_view: 2 * 3,
    ask_about_what_was_overwritten: 2 * 3,
    ask_about_constants: 2 * 3,
    ask_about_a_buffer: 2 * 4,
    select_by_a_mask: 5,
    write_by_a_mask: 5,
    select_with_a_mask: 5,
    take_the_places_that_are_not_zero: 5,
    repeat_by_values: 5,
    take_those_that_are_unique: 2 * 2,
    count_bins: 2 * 3,
    encode_one_hot: 2 * 4,
    pack: 5,
    pack_by_lengths_on_the_cpu: 5,
    take_places_of_numbers: 2 * 1,
    compare: 2 * 4,
    name_by_a_value: 2 * 4,
    loop_over_a_tensor: 2 * 4 * 2,
}


@pytest.mark.parametrize("ask", CASES, ids=lambda ask: ask.__name__)
def test_a_question_is_answered_on_meta_as_on_the_cpu(ask):
    network, given = Asking(ask), (MASK.clone(), torch.randn(2, 4, 5))
    before = copy.deepcopy(network.state_dict())
    report = archcost.profile(network, given, device="meta")
    assert report.totals.macs == 25 * CASES[ask]
    assert report.totals.macs == archcost.profile(network, given, device="cpu").totals.macs
    assert torch.equal(given[0], MASK)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize(
    "ask",
    [
        *(ask_all, ask_for_a_list, ask_about_what_was_overwritten, ask_about_a_buffer, ask_on_the_cpu),
        *(select_by_a_mask, pack_by_lengths_on_the_cpu, take_places_of_numbers),
    ],
)
def test_a_walk_with_answers_is_that_of_the_cpu(ask):
    given = (MASK.clone(), torch.randn(2, 4, 5))
    on_meta, on_cpu = (archcost.profile(Asking(ask), given, device=device) for device in ("meta", "cpu"))
    assert on_meta.layers == on_cpu.layers
    assert on_meta.peak == on_cpu.peak


def ask_about_a_weight(self, mask, x):
    return self.linear(x) if (self.linear.weight > 100).any() else x


def ask_about_a_large_tensor(self, mask, x):
    return x if torch.zeros(values.SMALL + 1).any() else self.linear(x)


def ask_about_chance(self, mask, x):
    return self.linear(x) if torch.rand(3).sum() > 100 else x


def ask_about_what_a_weight_was_written_into(self, mask, x):
    made = torch.zeros(5)
    made[1:3] = self.linear.weight[0, 1:3]
    return self.linear(x) if made.sum() > 100 else x


@pytest.mark.parametrize(
    "ask",
    [ask_about_a_weight, ask_about_a_large_tensor, ask_about_chance, ask_about_what_a_weight_was_written_into],
    ids=lambda ask: ask.__name__,
)
def test_what_is_not_known_is_not_answered(ask):
    given = (MASK, torch.randn(2, 4, 5))
    with pytest.raises(WalkError, match="meta"):
        archcost.profile(Asking(ask), given, device="meta")
    report = archcost.profile(Asking(ask), given)
    assert report.environment["device"] == "cpu"
    assert "run on the CPU" in report.warnings[0]


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_a_table_too_large_for_answers_is_counted(device):
    """Positions are known, the table of their copies has no room for answers, and both count."""

    def table(x):
        return (torch.arange(300).repeat(300, 1) - 1)[:2, :3] + x

    report = archcost.profile(Calls(table), torch.ones(2, 3), device=device)
    assert report.totals.activation_elements == 6 + 300 + 300 * 300 + 300 * 300 + 6


def test_the_work_for_answers_is_bounded(monkeypatch):
    monkeypatch.setattr(values, "WORK", 3 * values.CALL)

    def ask_often(self, mask, x):
        for _ in range(9):
            mask = mask + 1
        return self.linear(x) if mask.any() else x

    with pytest.raises(WalkError, match="meta"):
        archcost.profile(Asking(ask_often), (MASK, torch.randn(2, 4, 5)), device="meta")


def test_a_fill_of_a_large_tensor_takes_no_memory():
    """2^42 floats, 16 TiB: no machine holds them, and their values are not needed."""
    network = Calls(lambda x: torch.zeros_like(x).copy_(x).zero_().fill_(1.0))
    report = archcost.profile(network, torch.empty(1 << 42, device="meta"))
    assert (report.environment["device"], report.totals.activation_elements) == ("meta", 2 * 2**42)


def test_a_large_tensor_costs_no_answers(monkeypatch):
    monkeypatch.setattr(values, "WORK", 9 * values.CALL)

    def ask(self, mask, x):
        x = x + torch.zeros(1 << 30, device=x.device)[:5]
        return self.linear(x) if mask.all() else x

    report = archcost.profile(Asking(ask), (torch.ones(2, dtype=torch.bool), torch.randn(2, 4, 5)), device="meta")
    assert report.totals.macs


def test_a_description_of_integers_is_zeros_on_every_device():
    def ask(self, mask, x):
        return x if mask.any() else self.linear(x)

    specs = [InputSpec(shape=(4,), dtype="int64"), InputSpec(shape=(4, 5))]
    assert archcost.profile(Asking(ask), specs, device="meta").totals.macs == 4 * 25


def test_a_training_step_is_answered_too():
    report = archcost.profile(Asking(ask_all), (MASK, torch.randn(2, 4, 5)), device="meta", train="adam", loss="sum")
    assert report.totals.macs == 2 * 25
    assert report.totals.backward_macs == 2 * 25  # the weight's gradient alone: the input does not learn


@pytest.mark.extras
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("padded", [False, True])
def test_a_network_of_transformers_runs_on_meta_with_the_mask_of_a_tokenizer(padded):
    import_library("torchvision")  # transformers imports torchvision, even beside a torch for the CPU
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        num_hidden_layers=2, hidden_size=64, intermediate_size=128, num_attention_heads=4, vocab_size=100
    )
    ids, mask = torch.ones(2, 16, dtype=torch.int64), torch.ones(2, 16, dtype=torch.int64)
    mask[0, 10:] = 1 - int(padded)
    report = archcost.profile(
        transformers.BertModel(config), kwargs={"input_ids": ids, "attention_mask": mask}, device="meta"
    )
    # for each layer 32 positions of four 64x64 and two 64x128 products, and 2 x 16 x 16 x 64 for scores and for values;
    # then one 64x64 product for each sequence
    assert report.totals.macs == 2 * (32 * (4 * 64 * 64 + 2 * 64 * 128) + 2 * 2 * 16 * 16 * 64) + 2 * 64 * 64


def test_another_walk_knows_what_was_learnt_and_nothing_of_this_one():
    """Each walk numbers storages anew: values of one walk would belong to other storages in the next."""
    first_walk = Values()
    given = torch.arange(4, device="meta")
    first_walk.learn(given, torch.arange(4))
    again = first_walk.start_again()
    run_undisturbed(lambda: walk(nn.ReLU(), (given,), values=first_walk))

    assert first_walk.real
    assert not again.real
    run_undisturbed(lambda: walk(nn.ReLU(), (given,), values=again))
    assert again.real.keys() == first_walk.real.keys()
