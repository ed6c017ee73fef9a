"""Claims about error rates: the figure of the primary source decides, and each wrong figure is found."""

from dataclasses import replace
from fractions import Fraction

import pytest

from archcost.claims import check, read_published
from archcost.claims.errors import find_ensemble_errors, find_paper_errors
from archcost.claims.expression import evaluate, find_networks, find_sources
from archcost.errors import ArgumentError

# As printed in the papers: NIPS 2012 table 2; 1311.2901 table 2; 1409.1556 tables 6 and 7; 1409.4842 table 3;
# 1502.03167 figure 4; 1512.03385 table 5; 1602.07261 abstract; 1709.01507 section 5.4.
ENSEMBLES = {
    "AlexNet": "15.3", "AlexNet on the validation set": "15.4", "Clarifai": "11.7", "ZFNet": "14.8", "VGG": "7.3",
    "VGG after the challenge": "6.8", "GoogLeNet": "6.67", "BN-Inception": "4.82", "ResNet": "3.57",
    "Inception-v4 and Inception-ResNet-v2": "3.08", "SENet": "2.251",
}  # fmt: skip


@pytest.fixture(scope="module")
def claims():
    return [claim for claim in read_published() if claim.file == "errors.toml"]


@pytest.mark.parametrize(("name", "printed"), ENSEMBLES.items())
def test_errors_of_ensembles_are_those_of_the_papers(name, printed):
    assert find_ensemble_errors(name).rate("top5_error") == Fraction(printed) / 100


def test_the_error_of_a_person_is_counted():
    """Of 1,500 images the annotator got 12 + 5 + 28 + 18 + 4 + 9 = 76 wrong, by his list of the reasons."""
    found = find_ensemble_errors("a trained person").rate("top5_error")
    assert found == Fraction("5.0667") / 100
    assert round(float(Fraction(12 + 5 + 28 + 18 + 4 + 9, 1500)), 6) == float(found)


def test_errors_of_a_network_are_those_of_its_own_paper():
    assert find_paper_errors("alexnet_grouped", "10-crop").rate("top5_error") == Fraction("0.182")
    assert find_paper_errors("alexnet_grouped", "ensemble").rate("top5_error") == Fraction("0.164")
    assert find_paper_errors("googlenet", "single-crop").rate("top5_error") == Fraction("0.1007")  # Caffe's: 11.1


def test_expressions_look_up_errors_and_need_no_network():
    text = "ensemble('AlexNet').top5_error / ensemble('ResNet').top5_error"

    assert find_networks(text) == ()
    assert evaluate(text, lambda name: pytest.fail(f"asked for {name}")) == Fraction(1530, 357)
    assert find_sources(text) == ("Krizhevsky et al., NIPS 2012, Table 2", "arXiv 1512.03385, Table 5")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("ensemble('Clarify').top5_error", "there is no ensemble 'Clarify'; did you mean Clarifai?"),
        ("ensemble('Clarifai').top1_error", "Table 7 prints no top1_error of Clarifai; it prints top5_error"),
        ("paper('vgg16', 'single-crop').top5_error", "its protocols are dense, "),
        ("paper('mobilenet_v1_1.0', 'single-crop').top1_error", "4 figures of mobilenet_v1_1.0"),
        ("paper('vgg16').top1_error", r"write paper\('NETWORK', 'PROTOCOL'\) or ensemble\('NAME'\)"),
        ("ensemble('Clarifai')", "is a network, not a number|is a number, not a network"),
    ],
)
def test_a_figure_that_no_paper_prints_is_refused(text, problem):
    with pytest.raises(ArgumentError, match=problem):
        evaluate(text, lambda name: pytest.fail(f"asked for {name}"))


def test_every_verdict_about_an_error_is_the_recorded_one(claims):
    assert len(claims) > 20
    assert [each.claim.place for each in check(claims) if not each.expected] == []


def test_another_printed_figure_changes_every_verdict(claims):
    judged = [claim for claim in claims if claim.measured is not None]
    wrong = [replace(claim, printed="9.99 %", explained_by=None, nearest=None) for claim in judged]

    assert {each.verdict for each in check(wrong)} == {"unexplained"}


def test_the_lectures_error_of_zfnet_is_that_of_another_network(claims):
    claim = next(each for each in claims if each.network == "zfnet" and each.printed == "11.7 %")
    (found,) = check([claim])

    assert (found.verdict, found.measured) == ("differs", Fraction("0.148"))
    assert found.explanation == (
        "ensemble('Clarifai').top5_error = 11.7 %. The winner of 2013 is Clarifai's entry. Six networks of ZFNet's "
        "paper reach 14.8 %. From arXiv 1311.2901, Table 2; arXiv 1409.1556, Table 7."
    )


def test_a_claim_about_an_error_names_how_it_was_measured(claims):
    assert [claim.place for claim in claims if not claim.protocol.startswith(("validation", "test"))] == []
