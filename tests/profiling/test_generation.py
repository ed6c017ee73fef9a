"""Text generation: prefill, decode and cache of tiny decoders by hand, and of transformers' decoders."""

import copy
import json

import nets_decoder
import pytest
import torch
from nets_decoder import ATTENTION, LINEAR, TOKEN_BYTES, WIDTH, WORDS, Decoder, Experts, Forgetful
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

import archcost
from archcost.account.reading import count_least_macs, count_macs
from archcost.cli import run
from archcost.errors import ArgumentError, NoDeviceError
from archcost.profiling import generation
from archcost.profiling.largest import find_largest
from archcost.sources import parse_input
from archcost.walk import run_undisturbed, walk
from archcost.walk.arguments import tensors_within

FILE = f"{nets_decoder.__file__}:Decoder"
PARAMS = 2 * WORDS * WIDTH + 2 * 448


def test_a_step_costs_the_difference_of_two_prefills_less_what_they_do_again():
    """A prefill's attention is dense: one more token adds one key to each of the n earlier queries."""
    found = archcost.generate(Decoder(), 5, contexts=[6, 9])
    five, six, nine = found.contexts

    for each in (five, six, nine):
        logits = (each.tokens - 1) * WORDS * WIDTH  # only the last position gets them
        assert each.prefill.macs == LINEAR * each.tokens - logits + ATTENTION * each.tokens**2
        assert each.decode.macs == LINEAR + ATTENTION * (each.tokens + 1)
    assert found.all_logits_macs == LINEAR * 5 + ATTENTION * 25
    without_logits = LINEAR - WORDS * WIDTH
    assert six.prefill.macs - five.prefill.macs == without_logits + ATTENTION * (2 * 5 + 1)
    assert five.decode.macs == six.prefill.macs - five.prefill.macs + WORDS * WIDTH - 5 * ATTENTION


def test_the_cache_is_as_large_as_one_that_was_really_generated():
    network, words = Decoder(window=3).eval(), torch.zeros(2, 5, dtype=torch.int64)
    found = archcost.generate(network, 5, batch=2).contexts[0]
    with torch.no_grad():
        _, cache = network(words)
        _, grown = network(words[:, :1], copy.deepcopy(cache))

    size = sum(tensor.nbytes for tensor in tensors_within(cache))
    assert found.cache_bytes == size == 2 * (5 + 3) * 32
    assert 2 * found.token_bytes == sum(tensor.nbytes for tensor in tensors_within(grown)) - size == 2 * 32
    assert [(part.name, part.tokens, part.nbytes) for part in found.cache] == [("0", 5, 320), ("1", 3, 192)]


def test_the_precision_and_the_blocks_of_a_cache():
    """Five tokens take two blocks of four, three tokens take one."""
    found = archcost.generate(Decoder(window=3), 5, dtype="bf16", kv_dtype="fp8", block=4)

    assert (found.dtypes, found.weight_bytes) == (("bfloat16",), 2 * PARAMS)
    assert [(part.nbytes, part.paged_bytes) for part in found.contexts[0].cache] == [(5 * 8, 8 * 8), (3 * 8, 4 * 8)]


def test_a_pass_reads_what_it_meets():
    """A pass reads a row of the embedding table per token, all other weights, and eight bytes per token id."""
    found = archcost.generate(Decoder(), 5)
    rest = 4 * (PARAMS - WORDS * WIDTH)

    assert found.params == found.active_params == PARAMS
    assert found.contexts[0].prefill.read_bytes == rest + 5 * 4 * WIDTH + 5 * 8
    assert found.contexts[0].decode.read_bytes == rest + 4 * WIDTH + 5 * TOKEN_BYTES
    assert found.contexts[0].decode.intensity == (LINEAR + ATTENTION * 6) / found.contexts[0].decode.read_bytes


def test_of_experts_a_token_meets_those_that_it_chooses():
    found = archcost.generate(Experts(), 3)
    (three,) = found.contexts
    table, gate, expert = WORDS * WIDTH, 4 * WIDTH, WIDTH * WIDTH

    assert (found.params, found.active_params) == (table + gate + 4 * expert, table + gate + 2 * expert)
    assert three.decode.read_bytes == 4 * (WIDTH + gate + 2 * expert) + 4 * WIDTH
    assert three.prefill.read_bytes == 4 * (3 * WIDTH + gate + 4 * expert) + 3 * 8  # six choices of four
    assert three.prefill.least_read_bytes == 4 * (WIDTH + gate + 2 * expert) + 3 * 8


def test_a_state_does_not_grow():
    (part,) = archcost.generate(Experts(), 3, contexts=[7], batch=2).contexts[1].cache

    assert (part.tokens, part.nbytes, part.paged_bytes) == (None, 2 * 4 * WIDTH, 2 * 4 * WIDTH)
    assert archcost.generate(Experts(), 3).contexts[0].token_bytes == 0


def test_what_fits_does_and_the_next_does_not():
    found = archcost.generate(Decoder(), 4, contexts=[8], memory=100_000)

    def need(batch, context):
        return archcost.generate(Decoder(), 4, contexts=[context], batch=batch).contexts[-1].needed_bytes

    batch, context = found.room.largest_batch, found.room.longest_context
    assert need(batch, 8) <= 100_000 < need(batch + 1, 8)
    assert {batch, batch + 1} <= {each.batch for each in found.room.batches}
    assert need(1, context) <= 100_000 < need(1, context + 1)
    assert found.contexts[-1].needed_bytes == need(1, 8)


def test_long_contexts_of_a_scan_token_by_token_are_not_tried(monkeypatch):
    """Each token takes a select, a product and a sum: 3 operators, so 100 tokens take the 300 of the limit."""

    class Scan(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(WORDS, WIDTH)

        def forward(self, tokens, state=None):
            x = self.embed(tokens)
            state = {"sum": x.new_zeros(x[:, 0].shape)} if state is None else state
            for place in range(x.shape[1]):
                state = {"sum": 0.5 * state["sum"] + x[:, place]}
            return {"logits": state["sum"], "state": state}

    monkeypatch.setattr(generation, "MOST_OPERATORS", 300)
    found = archcost.generate(Scan(), 8, memory=10**9)
    assert found.room.longest_context == 300 // 3
    assert found.notes[-1].startswith("contexts longer than 100 tokens may fit")
    assert found.notes[-1].endswith("the network runs 3 operators for each token")
    small = archcost.generate(Scan(), 8, memory=WORDS * WIDTH * 4 + 1000)
    assert small.room.longest_context < 300 // 3
    assert not small.notes


def test_prompts_that_are_read_in_turn_leave_room_for_more():
    """The peak is the cache of all prompts plus the prefill of one; here a step of all prompts takes less."""
    found = archcost.generate(Decoder(), 8, memory=100_000)
    room, alone = found.room, archcost.generate(Decoder(), 8).contexts[0].prefill.activation_bytes
    fixed = found.weight_bytes + found.buffer_bytes

    assert room.batch_in_turn > room.largest_batch
    steps = {
        n: archcost.generate(Decoder(), 8, batch=n).contexts[0] for n in (room.batch_in_turn, room.batch_in_turn + 1)
    }
    needs = [
        fixed + max(n * 8 * TOKEN_BYTES + alone, n * 9 * TOKEN_BYTES + each.decode.activation_bytes)
        for n, each in steps.items()
    ]
    assert needs[0] <= 100_000 < needs[1]


def test_a_bound_is_the_larger_of_arithmetic_and_reading():
    """An H200 reads 4.8e12 B/s: the bytes determine the time of a tiny step."""
    found = archcost.generate(Decoder(), 4, dtype="bf16", device_name="h200").contexts[0]

    assert found.decode.bound_ns == pytest.approx(found.decode.read_bytes / 4800)


ROOF = {
    "device": "abacus", "driver": None, "torch": "2.13", "threads": 1, "disturbed": None,
    "copies": [{"nbytes": 10**6, "bytes_per_second": 5e8}], "flops_per_second": {"float32": 1e9},
}  # fmt: skip


def test_a_bound_is_taken_from_a_roof_that_was_measured(tmp_path, capsys):
    """A multiply-add takes 2 ns here, a byte 2 ns: a prompt takes the time of its products, a token of its bytes."""
    roof = tmp_path / "roof.json"
    roof.write_text(json.dumps({"schema": "archcost.device/1", "measured": ROOF, "datasheet": None}))
    found = archcost.generate(Decoder(), 64, roof=str(roof))
    (row,) = found.contexts

    assert (found.device, found.ceiling, found.notes) == ("abacus", "measured", ())
    assert row.prefill.bound_ns == pytest.approx(2 * row.prefill.macs)
    assert row.decode.bound_ns == pytest.approx(2 * row.decode.read_bytes)
    assert run(["generate", FILE, "--prompt", "4", "-q", "--roof", str(roof)]) == 0
    assert "that abacus needs" in " ".join(capsys.readouterr().out.split())


def test_a_roof_that_was_disturbed_is_said_to_be_too_low(tmp_path):
    roof = tmp_path / "roof.json"
    disturbed = {**ROOF, "disturbed": "load 9 on 2 cores"}
    roof.write_text(json.dumps({"schema": "archcost.device/1", "measured": disturbed, "datasheet": None}))
    assert archcost.generate(Decoder(), 4, roof=str(roof)).notes == ("the roof may be too low: load 9 on 2 cores",)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"roof": "missing.json"}, "there is no such file .*; write --roof this, or a file: `archcost device"),
        ({"roof": __file__}, "it is not JSON"),
        ({"roof": "this"}, "no roof is saved for this .*: run `archcost device` while nothing else runs"),
        ({"roof": "this", "device_name": "h200"}, "--roof from a measurement: give one"),
    ],
)
def test_a_roof_that_is_not_there_is_refused(tmp_path, monkeypatch, how, says):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises((ArgumentError, NoDeviceError), match=says):
        archcost.generate(Decoder(), 4, **how)


@pytest.mark.parametrize(("how", "pairs"), [({}, 16), ({"is_causal": True}, 10), ({"attn_mask": True}, 0)])
def test_a_bound_leaves_out_what_a_mask_hides(how, pairs):
    """Of 4 x 4 pairs of tokens a causal mask leaves 1 + 2 + 3 + 4; each is 2 x 8 multiply-adds."""

    class Attending(nn.Module):
        def forward(self, x):
            given = {
                name: x.new_ones(4, 4, dtype=torch.bool) if name == "attn_mask" else value
                for name, value in how.items()
            }
            return scaled_dot_product_attention(x, x, x, **given)

    trace = run_undisturbed(lambda: walk(Attending(), (torch.randn(1, 1, 4, 8),)))
    assert (count_macs(trace, {}), count_least_macs(trace, {})) == (16 * 16, 16 * pairs)


def test_the_text_is_what_the_input_says():
    class Renamed(Decoder):
        def forward(self, words, cache=None):
            return super().forward(words, cache)

    found = archcost.generate(Renamed(), 5, inputs=[parse_input("words=1:int64")])
    assert (found.text_input, found.contexts[0].cache_bytes) == ("words", 5 * TOKEN_BYTES)
    assert found.all_logits_macs is None  # this network cannot leave out any logits
    assert found.contexts[0].prefill.macs == LINEAR * 5 + ATTENTION * 25
    assert archcost.generate(Renamed(), 5).contexts[0].cache_bytes == 5 * TOKEN_BYTES


def test_a_network_is_left_as_it_was():
    network = Decoder()
    before = [(name, value.device, value.dtype) for name, value in network.state_dict().items()]
    archcost.generate(network, 3, dtype="bf16")

    assert [(name, value.device, value.dtype) for name, value in network.state_dict().items()] == before
    assert network.training


@pytest.mark.parametrize(
    ("network", "how", "says"),
    [
        (nn.Linear(3, 2), {}, "takes no cache, .* Linear needs a parameter past_key_values, .* and has input"),
        (Forgetful(), {}, r"takes cache, but does not return it: its forward must return \(logits, cache\)"),
        (Decoder(), {"inputs": [parse_input("3x8x8")]}, "takes 3x8x8, and none of it is text; .* --input"),
        (Decoder(), {"batch": 0}, "batch must be at least 1, not 0"),
        (Decoder(), {"contexts": [4, -1]}, "context must be at least 1, not -1"),
        (Decoder(), {"dtype": "fp8"}, "dtype must be one of bf16, fp16, fp32, not 'fp8'"),
        (Decoder(), {"kv_dtype": "int2"}, "kv_dtype must be one of fp8, int8, bf16, fp16, fp32, not 'int2'"),
    ],
)
def test_what_generates_nothing_is_refused(network, how, says):
    with pytest.raises(ArgumentError, match=says):
        archcost.generate(network, 4, **how)


@pytest.mark.parametrize("power", [0.5, 1, 2])
@pytest.mark.parametrize("limit", [100, 103, 12_345, 10**7])
@pytest.mark.parametrize("second", [2, 500])
def test_the_largest_is_found_whatever_the_shape_of_the_need(power, limit, second):
    tried = []

    def need(count):
        tried.append(count)
        return int(100 + 3 * count**power) + 7 * (count > 40)

    largest = find_largest(need, limit, 10**6, second)
    if limit < need(1):
        assert largest is None
    else:
        assert need(largest) <= limit
        assert largest == 10**6 or need(largest + 1) > limit
        assert len(tried) < 70


def test_the_command_writes_both_passes_of_each_context(capsys):
    asked = ["generate", FILE, "--prompt", "4", "--context", "8", "--memory", "1MB", "-q"]
    assert run([*asked, "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [context["cache_bytes"] for context in data["contexts"]] == [4 * TOKEN_BYTES, 8 * TOKEN_BYTES]
    assert run([*asked, "--format", "csv"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.startswith("context,pass,macs,attention_macs,read_bytes,")
    assert [row.split(",")[:2] for row in rows] == [[n, name] for n in "48" for name in ("prefill", "decode")]
    assert run(asked) == 0
    text = capsys.readouterr().out
    assert "decode at 8" in text
    assert f"largest batch {data['room']['largest_batch']:,} in 1.000 MB" in " ".join(text.split())


def test_a_picture_needs_more_than_one_point(tmp_path, capsys):
    svg, html = tmp_path / "a.svg", tmp_path / "a.html"
    asked = ["generate", FILE, "--prompt", "4", "-q", "-o", str(html), "-o", str(svg)]
    assert run(asked) == 2
    assert "a chart needs several contexts (--context 8192,32768) or a memory" in capsys.readouterr().err
    assert run([*asked, "--context", "8,16", "--memory", "1MB"]) == 0
    text = svg.read_text(encoding="utf-8")
    for words in ("tokens of the context", "bytes to read (GB)", "sequences of 16 tokens, read at once", "activations"):
        assert words in text
    assert "<img" in html.read_text(encoding="utf-8")


def test_conventions_stand_beside_what_was_counted(capsys):
    """2N omits attention, and counts the embedding table (88 parameters), which costs nothing."""
    assert run(["generate", FILE, "--prompt", "4", "--batch", "3", "--format", "json", "-q"]) == 0
    quoted = {each["words"]: each for each in json.loads(capsys.readouterr().out)["conventions"]}

    prompt, token = 3 * (4 * LINEAR + 16 * ATTENTION), 3 * (LINEAR + 5 * ATTENTION)
    assert quoted["prompt: counted, logits at every position"]["operations"] == 2 * prompt
    assert quoted["prompt: 2ND, N all parameters"] == {
        "words": "prompt: 2ND, N all parameters",
        "operations": 2 * 3 * 4 * (LINEAR + 88),
        "counted": 2 * prompt,
    }
    assert quoted["prompt: 2ND and attention, N all parameters"]["operations"] == 2 * (prompt + 3 * 4 * 88)
    assert quoted["token: 2N and attention, N all parameters"]["operations"] == 2 * (token + 3 * 88)
    assert quoted["token: 2N, N all parameters"]["counted"] == 2 * token
    training = "training on the prompt: 6ND{}, N all parameters"
    assert quoted[training.format("")]["operations"] == 6 * 12 * PARAMS
    assert quoted[training.format(" and attention")]["operations"] == 6 * (12 * PARAMS + 3 * 16 * ATTENTION)


def test_the_command_refuses_and_says_what_does_not_fit(capsys):
    assert run(["generate", FILE, "--context", "8k"]) == 2
    assert "--context '8k' is not a list of numbers" in capsys.readouterr().err
    assert run(["generate", "lenet5", "--download"]) == 2
    assert "'lenet5' needs nothing fetched" in capsys.readouterr().err
    assert run(["generate", "lenet5"]) == 2
    assert "lenet5 takes no cache" in capsys.readouterr().err
    assert run(["generate", FILE, "--prompt", "4", "--memory", "1kB", "-q"]) == 1
    assert "not even one sequence of 4 tokens fits" in capsys.readouterr().err


LLAMA = "hf:llama#LlamaForCausalLM?num_key_value_heads=8&"
SMALL = "hidden_size=64&num_attention_heads=4&num_key_value_heads=2&head_dim=16&vocab_size=99&intermediate_size=32"


@pytest.mark.extras
@pytest.mark.parametrize(
    ("spec", "cache"),
    [
        # 4 layers x 2 x 8 heads x 128 x 2 B = 16,384 B of each of 2,048 tokens
        (f"{LLAMA}num_hidden_layers=4&hidden_size=4096&num_attention_heads=32&intermediate_size=14336", 33_554_432),
        # 2 x 4 heads x 256 x 2 B = 4,096 B of a token in a layer: one layer keeps 2,048, five keep 511
        ("hf:gemma3_text#Gemma3ForCausalLM?num_hidden_layers=6&sliding_window=512", 4096 * (2048 + 5 * 511)),
        # 512 + 64 numbers of a token in each of 3 layers
        ("hf:deepseek_v3#DeepseekV3ForCausalLM?num_hidden_layers=3&first_k_dense_replace=2", 7_077_888),
    ],
    ids=["llama", "gemma3", "deepseek_v3"],
)
def test_caches_of_2048_tokens(spec, cache):
    pytest.importorskip("transformers")
    found = archcost.generate(f"{spec}&vocab_size=32000", 2048, dtype="bf16")
    assert found.contexts[0].cache_bytes == cache


@pytest.mark.extras
def test_llama_3_of_70b():
    pytest.importorskip("transformers")
    sizes = "num_hidden_layers=80&hidden_size=8192&num_attention_heads=64&intermediate_size=28672&vocab_size=128256"
    found = archcost.generate(f"{LLAMA}{sizes}", 2048, dtype="bf16")

    assert (found.params, found.active_params) == (70_553_706_496, 70_553_706_496)
    assert found.all_logits_macs == 147_837_069_295_616
    assert found.all_logits_macs - found.contexts[0].prefill.macs == 2047 * 8192 * 128_256


@pytest.mark.extras
def test_mixtral_meets_two_experts_of_eight():
    pytest.importorskip("transformers")
    found = archcost.generate("hf:mixtral#MixtralForCausalLM?num_hidden_layers=2", 16, dtype="bf16")
    assert found.params - found.active_params == 2 * 6 * 3 * 4096 * 14_336


@pytest.mark.extras
def test_all_of_mixtral_8x7b():
    pytest.importorskip("transformers")
    found = archcost.generate("hf:mixtral#MixtralForCausalLM", 16, dtype="bf16")
    width, expert = 4096, 3 * 4096 * 14_336
    rest = (
        32 * (width * (2 * width + 2 * 1024) + 8 * width + 2 * width) + width + 2 * 32_000 * width
    )  # attention, router, norms
    assert found.params == rest + 32 * 8 * expert
    assert found.active_params == rest + 32 * 2 * expert


@pytest.mark.extras
@pytest.mark.parametrize(
    ("spec", "explained"),
    [
        # less the products of 9 earlier queries with the new key, in 2 layers; plus the logits
        (f"hf:llama#LlamaForCausalLM?num_hidden_layers=2&{SMALL}", 64 * 99 - 2 * 9 * 2 * 64),
        (f"hf:mixtral#MixtralForCausalLM?num_hidden_layers=2&{SMALL}", 64 * 99 - 2 * 9 * 2 * 64),
        ("hf:gpt2#GPT2LMHeadModel?n_layer=2&n_embd=64&n_head=4&vocab_size=99", 64 * 99 - 2 * 9 * 2 * 64),
        # five of six layers keep 5 of the 10 keys
        (
            f"hf:gemma3_text#Gemma3ForCausalLM?num_hidden_layers=6&sliding_window=5&{SMALL}",
            64 * 99 - 6 * 9 * 2 * 64 - 5 * 5 * 2 * 64,
        ),
        # the keys and values of the 9 tokens before are made from their latents again
        (
            "hf:deepseek_v3#DeepseekV3ForCausalLM?num_hidden_layers=3&first_k_dense_replace=2",
            7168 * 129_280 + 3 * 9 * (512 * 128 * 256 - 128 * (192 + 128)),
        ),
        # its update convolves 5 columns of 128 channels with 4 weights, of which 2 results come, and takes one
        ("hf:mamba#MambaForCausalLM?num_hidden_layers=2&hidden_size=64&vocab_size=99", 64 * 99 + 2 * 128 * 4),
    ],
    ids=["llama", "mixtral", "gpt2", "gemma3", "deepseek_v3", "mamba"],
)
def test_a_step_of_transformers_is_the_difference_of_two_prefills(spec, explained):
    pytest.importorskip("transformers")
    nine, ten = (archcost.generate(spec, tokens).contexts[0] for tokens in (9, 10))
    assert nine.decode.macs == ten.prefill.macs - nine.prefill.macs + explained


@pytest.mark.extras
@pytest.mark.parametrize(
    "spec",
    [
        f"hf:llama#LlamaForCausalLM?num_hidden_layers=2&{SMALL}",
        f"hf:gemma3_text#Gemma3ForCausalLM?num_hidden_layers=6&sliding_window=5&{SMALL}",
        f"hf:mixtral#MixtralForCausalLM?num_hidden_layers=2&{SMALL}",
        "hf:mamba#MambaForCausalLM?num_hidden_layers=2&hidden_size=64&vocab_size=99",
        "hf:gpt2#GPT2LMHeadModel?n_layer=2&n_embd=64&n_head=4&vocab_size=99",
        "hf:t5#T5ForConditionalGeneration?num_layers=2&d_model=64&vocab_size=99",
        "hf:whisper#WhisperForConditionalGeneration?encoder_layers=1&decoder_layers=2&d_model=48&encoder_ffn_dim=64",
    ],
)
def test_a_predicted_cache_of_transformers_is_the_real_one(spec):
    pytest.importorskip("transformers")
    from archcost.sources import resolve

    found = archcost.generate(spec, 9)
    network = resolve(spec).build().eval()
    words = torch.zeros(1, 9, dtype=torch.int64)
    given = {found.text_input: words}
    if found.text_input == "decoder_input_ids":
        name = network.main_input_name
        given[name] = words if name == "input_ids" else torch.zeros(1, network.config.num_mel_bins, 3000)
    with torch.no_grad():
        output = network(**given, use_cache=True)
    cache = next(value for value in output.values() if not isinstance(value, torch.Tensor))
    real = {id(tensor): tensor.nbytes for tensor in tensors_within(cache) if tensor.dim()}

    assert found.contexts[0].cache_bytes == sum(real.values())
    assert found.params == sum(parameter.numel() for parameter in network.parameters())
