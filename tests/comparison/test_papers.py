"""The years of architectures: each from a paper, each pattern used, each source cited by the library."""

import importlib.util
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from archcost.cli import run
from archcost.comparison.choosing import Choice
from archcost.comparison.compare import compare
from archcost.comparison.papers import find_paper, read_papers
from archcost.comparison.published import read_published_networks
from archcost.page.layout import lay_out
from archcost.render.comparing import build_page, find_columns
from archcost.zoo import REGISTRY

ARXIV = re.compile(r"arXiv:(\d\d)(\d\d)\.\d{4,5}")
# timm's own: networks for its tests, two variants, and PP-HGNetV2, which no paper introduced
UNDATED = ("test_*", "resnet51q", "resnet61q", "hgnetv2_*")


def list_architectures():
    return {each.architecture for each in read_published_networks()}


@pytest.mark.parametrize("paper", read_papers(), ids=lambda paper: paper.source)
def test_a_year_is_that_of_its_identifier(paper):
    found = ARXIV.fullmatch(paper.source)
    if found is None:
        assert paper.source.startswith("https://")
        assert paper.title
        assert str(paper.year) in paper.source + paper.title
    else:
        assert paper.year == 2000 + int(found[1])
        assert 1 <= int(found[2]) <= 12


def test_papers_are_named_once_the_oldest_first():
    papers = read_papers()
    assert len({paper.source for paper in papers}) == len({paper.title for paper in papers}) == len(papers)
    assert [paper.year for paper in papers] == sorted(paper.year for paper in papers)


def test_each_pattern_names_architectures_and_no_two_the_same():
    patterns = [name for paper in read_papers() for name in paper.architectures]
    named = {name: [each for each in list_architectures() if fnmatchcase(each, name)] for name in patterns}
    assert [name for name, found in named.items() if not found] == []
    every = [each for found in named.values() for each in found]
    assert len(every) == len(set(every))


def test_hardly_an_architecture_lacks_a_year():
    undated = {each for each in list_architectures() if find_paper(each) is None}
    assert undated == {each for each in list_architectures() if any(fnmatchcase(each, name) for name in UNDATED)}
    networks = read_published_networks()
    assert sum(each.year is not None for each in networks) / len(networks) > 0.97


@pytest.mark.parametrize(
    ("names", "year"),
    [
        ("alexnet vgg16_bn googlenet", 2014),
        ("resnet50 resnet152 inception_v3", 2015),
        ("resnetv2_50 resnext50_32x4d wide_resnet50_2 densenet121 legacy_xception", 2016),
        ("mobilenetv1_100 seresnet50 legacy_senet154 dpn92 nasnetalarge", 2017),
        ("resnet50d resnet101s seresnext26t_32x4d resnet50_gn mobilenet_v2 mnasnet1_0 xception65", 2018),
        ("efficientnet_b0 tf_efficientnet_l2 resnetaa50 resnetv2_101x1_bit mobilenetv3_rw efficientnet_es", 2019),
        ("vit_base_patch16_224 deit_base_patch16_224 regnety_032 resnest50d ecaresnet50d_pruned vit_b_16", 2020),
        ("resnetrs50 efficientnetv2_rw_s beit_base_patch16_224 swin_t swinv2_tiny_window8_256 coatnet_0_rw_224", 2021),
        (
            "convnext_tiny deit3_base_patch16_224 eva_large_patch14_196 coatnext_nano_rw_224",
            2022,
        ),
        ("convnextv2_tiny eva02_tiny_patch14_336 vit_medium_patch16_reg4_gap_256 efficientvit_m0", 2023),
        ("mobilenetv4_conv_small vit_base_patch16_rope_224 mambaout_tiny", 2024),
    ],
)
def test_versions_of_a_family_have_years_of_their_own(names, year):
    known = list_architectures()
    for name in names.split():
        assert name in known
        assert find_paper(name).year == year, name


@pytest.mark.extras
def test_the_libraries_cite_each_paper():
    """The libraries name the papers in their files; announcements have an address of their own."""
    text = ""
    for library in ("timm", "torchvision"):
        found = importlib.util.find_spec(library)
        if found is None:
            pytest.skip(f"no {library} here")
        text += "".join(path.read_text(encoding="utf-8") for path in Path(found.origin).parent.rglob("*.py"))
    spelled = spell(text)
    for paper in read_papers():
        if ARXIV.fullmatch(paper.source):
            assert paper.source.removeprefix("arXiv:") in text, paper
            assert spell(paper.title) in spelled, paper.title


def spell(text):
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def test_a_year_is_a_condition_and_an_order():
    found = compare(["timm:efficientnet*"], choice=Choice(where="year >= 2021"), sort="year").rows
    assert {row.year for row in found} == {2021}
    both = [row.year for row in compare(["timm:resnet*d"], choice=Choice(where="year < 2100"), sort="-year").rows]
    assert both == sorted(both, reverse=True)
    assert len(set(both)) > 1
    assert compare(["timm:test_vit"], choice=Choice(where="year < 2100")).rows == ()


def test_the_zoo_has_years_of_first_publication():
    """Squeeze-and-excitation networks: on arXiv in 2017, at a conference in 2018."""
    assert (REGISTRY.find("senet154").paper.first_year, REGISTRY.find("senet154").paper.year) == (2017, 2018)
    (row,) = compare(["lenet5"]).rows
    assert row.year == 1998


def test_a_receptive_field_is_a_condition():
    found = compare(["timm:vgg*"], choice=Choice(where="receptive_field > 300")).rows
    plain = {f"vgg{layers}" for layers in (11, 13, 16, 19)}
    assert {row.name.partition(".")[0] for row in found} == plain | {f"{name}_bn" for name in plain}
    found = compare(["timm:resnet18"], choice=Choice(where="receptive_field == 224")).rows
    assert {row.input for row in found} == {(3, 224, 224)}  # it sees its whole input


def test_the_zoos_table_shows_the_year_on_request(capsys):
    assert run(["compare", "lenet5", "--sort", "year", "--format", "markdown"]) == 0
    assert "| 1998 |" in capsys.readouterr().out
    assert run(["compare", "lenet5", "--format", "markdown"]) == 0
    assert "Year" not in capsys.readouterr().out


def test_a_column_that_the_request_names_stays_in_a_narrow_terminal():
    found = compare(["resnet50", "vgg16", "lenet5"])

    def show(*conditions):
        table = build_page(found, asked=find_columns(*conditions)).table
        return {table.columns[i].name for i in lay_out(table, 80).columns}

    asked = {"year", "depth", "top5"}
    assert not {"year", "depth"} & show(None)
    assert asked <= show("year > 2000 and depth < 100", None, "-top5")


def test_tables_show_the_year(capsys):
    assert run(["compare", "timm:resnet18", "--limit", "1", "--format", "markdown"]) == 0
    out = capsys.readouterr().out
    assert "| Year |" in out
    assert "Year: when the paper of the architecture was first published" in out
    assert run(["alternatives", "timm:resnet18.a1_in1k", "--limit", "1", "--format", "csv"]) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert int(dict(zip(head.split(","), line.split(","), strict=True))["year"]) > 2000
