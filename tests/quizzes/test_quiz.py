"""Quizzes: the questions about a network, whose answers come from its walk."""

from __future__ import annotations

import json
from random import Random

import pytest
import torch
from page.html.parsed import parse
from torch import nn

import archcost
from archcost.cli import run
from archcost.errors import ArgumentError
from archcost.quizzes import build_quiz
from archcost.quizzes.slips import yield_slip_questions


class Narrowed(nn.Sequential):
    """A 1x1 from 16 to 4 channels before a 3x3 of stride 2, normalised between."""

    def __init__(self):
        super().__init__()
        self.reduce = nn.Conv2d(16, 4, 1, bias=False)
        self.bn = nn.BatchNorm2d(4)
        self.relu = nn.ReLU()
        self.conv = nn.Conv2d(4, 8, 3, padding=1)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(8 * 5 * 5, 10)


@pytest.fixture(scope="module")
def asked():
    """Return all questions about the network on 10x10, by kind and layer."""
    quiz = build_quiz(archcost.profile(Narrowed(), torch.ones(1, 16, 10, 10)), count=1000)
    return {(each.kind, each.layer): each for each in quiz.questions}


@pytest.mark.parametrize(
    ("kind", "layer", "answer", "arithmetic"),
    [
        ("volume", "conv", "10x10x8", "(10 + 2*1 - 3)/1 + 1 = 10; one map for each filter: 8"),
        ("volume", "pool", "5x5x8", "(10 - 3)/2 + 1 = 4.5, up to 5; a pool keeps the number of maps: 8"),
        ("parameters", "reduce", "64", "(1*1*16)*4 = 64"),
        ("parameters", "conv", "296", "(3*3*4)*8 = 288; with a bias for each output, 288 + 8 = 296"),
        ("parameters", "pool", "0", "a pool has no weights"),
        ("parameters", "fc", "2,010", "200*10 = 2,000; with a bias for each output, 2,000 + 10 = 2,010"),
        ("multiply-adds", "conv", "28,800", "10x10x8x3x3x4 = 28,800"),
        ("multiply-adds", "fc", "2,000", "10x200 = 2,000"),
        ("memory", "conv", "3.200 kB", "10x10x8 = 800; x 4 = 3,200 bytes"),
        ("receptive field", "conv", "3", "1 + (3 - 1) x 1 = 3"),
        ("receptive field", "pool", "5", "3 + (3 - 1) x 1 = 5"),
        ("saving", "conv", "69.4 %", "6,400 + 28,800 = 35,200; without it 10x10x8x3x3x16 = 115,200"),
        (
            "what if", "conv", "5x5, 7,200 (0.25 times as many)",
            "288 for each place; 5x5 = 25 places, now 100 with 28,800",
        ),
    ],
)  # fmt: skip
def test_answers_are_the_walks_with_their_arithmetic(asked, kind, layer, answer, arithmetic):
    assert (asked[kind, layer].answer, asked[kind, layer].arithmetic) == (answer, arithmetic)


def test_the_layer_with_most_is_named_where_one_alone_has_it():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Flatten(), nn.Linear(144, 2))
    quiz = build_quiz(archcost.profile(net, torch.ones(1, 3, 10, 10)), count=100)
    most = {each.text: (each.answer, each.arithmetic) for each in quiz.questions if each.kind == "largest"}
    # weights 108, 144 and 288; multiply-adds 64 x 108, 36 x 144 and 288; values 256, 144 and 2
    assert most == {
        "Which convolution, pool or linear layer has the most parameters, not counting biases?": (
            "3, 53.3 % of 540",
            "288; the next is 1 with 144",
        ),
        "Which convolution, pool or linear layer has the most multiply-adds?": (
            "0, 55.8 % of 12,384",
            "6,912; the next is 1 with 5,184",
        ),
        "Which convolution, pool or linear layer has the most values in its output?": (
            "0, 63.7 % of 402",
            "256; the next is 1 with 144",
        ),
    }


def test_a_1x1_may_cost_more_than_it_saves():
    net = nn.Sequential(nn.Conv2d(8, 7, 1, bias=False), nn.Conv2d(7, 1, 3, padding=1, bias=False))
    quiz = build_quiz(archcost.profile(net, torch.ones(1, 8, 4, 4)), count=100)
    (saving,) = [each for each in quiz.questions if each.kind == "saving"]
    assert saving.answer == "nothing: it costs 65.3 % more"  # 56 + 63 instead of 72 at each position


def test_vectors_side_by_side_are_told():
    """8 and 5 alone do not tell that the product runs for each of 3 tokens."""
    quiz = build_quiz(archcost.profile(nn.Sequential(nn.Linear(8, 5)), torch.ones(1, 3, 8)), count=100)
    (macs,) = [each for each in quiz.questions if each.kind == "multiply-adds"]
    assert "from 8 values to 5, for each of 3 vectors" in macs.text
    assert macs.answer == "120"


def test_slips_are_claims_that_differ():
    slips = list(yield_slip_questions("googlenet", Random(0), 1))  # noqa: S311 - a quiz
    assert slips
    assert all(slip.text.startswith("Find the slip. ") and slip.arithmetic for slip in slips)
    assert not list(yield_slip_questions("model.py:build", Random(0), 2))  # noqa: S311


def test_a_seed_chooses_and_stays():
    report = archcost.profile("lenet5_simple")
    first, again, other = (build_quiz(report, seed=seed, layers=["*"]) for seed in (1, 1, 2))
    assert first == again
    assert first.questions != other.questions
    assert len({each.kind for each in first.questions}) >= 5
    assert len(build_quiz(report, count=3, layers=["*"]).questions) == 3


def test_layers_can_be_chosen():
    report = archcost.profile("alexnet")
    quiz = build_quiz(report, layers=["conv2", "pool*"], count=100)
    assert {each.layer for each in quiz.questions} == {"conv2", "pool1", "pool2", "pool3"}


@pytest.mark.parametrize(
    ("options", "message"),
    [({"layers": ["convv1"]}, "no layer 'convv1'; did you mean conv1"), ({"layers": ["relu1"]}, "leave --layers out")],
)
def test_what_cannot_be_asked_is_refused(options, message):
    with pytest.raises(ArgumentError, match=message):
        build_quiz(archcost.profile("alexnet"), **options)
    with pytest.raises(ArgumentError, match="one image, not a batch of 2"):
        build_quiz(archcost.profile("lenet5_simple", batch=2))


def test_a_terminal_has_the_answers_after_the_questions(capsys):
    assert run(["quiz", "lenet5_simple", "--layers", "*", "--count", "2"]) == 0
    before, _, after = capsys.readouterr().out.partition("\nAnswers\n")
    assert "Hint: " in before
    assert [line[:3] for line in after.split("\n") if line[:1].isdigit()] == ["1. ", "2. "]


def test_pages_fold_hints_and_answers(tmp_path):
    files = [tmp_path / f"quiz.{suffix}" for suffix in ("md", "html", "json", "tex")]
    outputs = [part for file in files for part in ("-o", str(file))]
    assert run(["quiz", "lenet5_simple", "--layers", "*", "--count", "3", "-q", *outputs]) == 0
    markdown, html, data, latex = (file.read_text(encoding="utf-8") for file in files)
    questions = json.loads(data)["questions"]
    assert markdown.count("<details><summary>Answer</summary>") == 3
    folded = parse(html).all("details")
    assert [each.all("summary")[0].text for each in folded] == ["Hint", "Answer"] * 3
    assert all(each["answer"] in html and each["answer"] in latex for each in questions)


def ask(spec, count=1000, **more):
    return build_quiz(archcost.profile(spec), count=count, **more).questions


def test_a_size_that_is_rounded_up_is_said_to_be():
    volumes = {question.layer: question for question in ask("googlenet") if question.kind == "volume"}
    up, down = volumes["stem.pool1"], volumes["stem.conv1.conv"]

    assert "112x112x64, which rounds sizes up. Which" in up.text
    assert (up.answer, up.hint[-11:]) == ("56x56x64", "rounded up.")  # (112 - 3)/2 + 1 = 55.5
    assert "rounds" not in down.text
    assert (down.answer, down.hint[-13:]) == ("112x112x64", "rounded down.")  # (224 + 6 - 7)/2 + 1 = 112.5


def test_no_value_is_asked_to_see_more_rows_than_the_image_has():
    fields = [question for question in ask("resnet50") if question.kind == "receptive field"]

    assert fields
    assert max(int(question.answer) for question in fields) <= 224


def test_blocks_that_repeat_are_asked_about_once():
    questions = ask("resnet50")
    texts = [question.text.replace(question.layer, "") for question in questions if question.layer]

    assert len(texts) == len(set(texts))


def test_a_linear_layer_has_no_filters_in_its_hint():
    (linear,) = [each for each in ask("resnet50", layers=("fc",)) if each.kind == "multiply-adds"]

    assert (linear.answer, linear.hint) == ("2,048,000", "One for each weight, for each vector that it reads.")


def test_a_printed_error_is_a_slip_of_the_paper_not_of_the_network():
    (slip,) = [question for question in ask("zfnet") if question.kind == "slip" and "error" in question.text]

    assert "prints 11.7 % for the top-5 error of zfnet. What does its own paper print" in slip.text
    assert slip.answer == "14.8 %"
    assert "Clarifai" in slip.arithmetic


def test_every_kind_of_question_is_asked_of_googlenet():
    assert {question.kind for question in ask("googlenet")} == {
        "volume", "parameters", "multiply-adds", "memory", "receptive field", "largest", "saving", "what if", "slip"
    }  # fmt: skip
