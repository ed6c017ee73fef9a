"""Groups of options, which reach a command as one record."""

from __future__ import annotations

from dataclasses import dataclass

import click
import pytest
from click.testing import CliRunner

from archcost.cli import COMMANDS, archcost
from archcost.cli.groups import add_group, add_training, spell_training
from archcost.errors import ArgumentError

MOST_PARAMETERS = 9


@dataclass
class Pair:
    left: int
    right: int


def test_a_group_hands_on_one_record_and_leaves_other_options_alone():
    got = []

    @click.command()
    @add_group("pair", Pair, click.option("--left", type=int, help="L."), click.option("--right", type=int, default=2))
    @click.option("--other")
    def command(pair, other):
        """Say what it does."""
        got.append((pair, other))

    assert CliRunner().invoke(command, ["--left", "1", "--other", "x"], standalone_mode=False).exception is None
    assert got == [(Pair(1, 2), "x")]
    assert [option.name for option in command.params] == ["left", "right", "other"]
    assert command.help == "Say what it does."


def read_training(*arguments, parts=True):
    got = []

    @click.command()
    @add_training("Train.", parts=parts)
    def command(training):
        got.append(training)

    command.main(list(arguments), standalone_mode=False)
    return got[0]


def test_without_train_there_is_no_training():
    assert read_training() is None
    assert spell_training(None) == {}


def test_a_training_is_handed_on_as_the_library_takes_it():
    assert spell_training(read_training("--train", parts=False)) == {"train": "sgd", "loss": "cross-entropy"}
    training = read_training("--train", "--optimizer", "adam", "--loss", "sum", "--freeze", "a.*", "--freeze", "b")
    assert spell_training(training) == {"train": "adam", "loss": "sum", "freeze": ("a.*", "b")}


@pytest.mark.parametrize("option", ["--optimizer=adam", "--loss=sum", "--freeze=a", "--train-only=a"])
def test_options_of_a_training_need_one_and_are_named(option):
    with pytest.raises(ArgumentError, match=f"belong to --train: {option.partition('=')[0]};"):
        read_training(option)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_a_handful_of_parameters_and_every_option_a_help(name):
    command = archcost.get_command(None, name)
    call = getattr(command.callback, "__wrapped__", command.callback)
    while hasattr(call, "__wrapped__"):
        call = call.__wrapped__
    assert call.__code__.co_argcount + call.__code__.co_kwonlyargcount <= MOST_PARAMETERS
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert all(each.help or each.name in {"theme", "size"} for each in options)
    assert len({each.name for each in command.params}) == len(command.params)
