"""Findings point to the line that they concern."""

from __future__ import annotations

import pytest
from regression.test_two_sides import MODEL, settings

from archcost.records import Check, Checked, Place
from archcost.regression.places import find_place, project_of
from archcost.regression.settings import read_settings
from archcost.render.check import build_document


@pytest.fixture
def project(repository):
    repository.commit({"packages/a/nets/cnn.py": MODEL.format(width=4), "packages/a/pyproject.toml": settings()})
    return repository.path / "packages" / "a"


def plan_of(project, spec):
    (project / "pyproject.toml").write_text(settings(spec=spec))
    found = read_settings(project / "pyproject.toml")
    return found.plans[0], found


@pytest.mark.parametrize("spec", ["nets/cnn.py:build", "nets/cnn.py:build?width=3", "nets.cnn:build"])
def test_a_network_of_the_project_is_found_by_its_callable(project, spec):
    assert find_place(*plan_of(project, spec)) == Place(file="packages/a/nets/cnn.py", line=5)


def test_a_network_of_a_package_is_found_by_its_settings(project):
    plan, found = plan_of(project, "resnet50")

    assert find_place(plan, found) == Place(file="packages/a/pyproject.toml", line=2)
    budget = 'tool.archcost.budgets."*".macs'
    assert find_place(plan, found, budget) == Place(file="packages/a/pyproject.toml", line=6)


def test_a_module_of_a_src_layout_is_found(project):
    (project / "src" / "pkg").mkdir(parents=True)
    (project / "src" / "pkg" / "__init__.py").write_text("\n\nnet = object()\n")

    assert find_place(*plan_of(project, "pkg:net")) == Place(file="packages/a/src/pkg/__init__.py", line=3)


def test_each_project_of_a_repository_has_a_comment_of_its_own(project):
    assert project_of(project) == "packages/a"
    assert project_of(project.parents[1]) == ""

    def comment(folder):
        check = Check(baseline="main", networks=(Checked(name="a", failure="it failed"),), project=folder)
        return build_document(check).own["markdown"]()

    assert comment("packages/a").startswith("<!-- archcost:check packages/a -->\n")
    assert comment("a --> <b>").startswith("<!-- archcost:check a_--__b_ -->\n".replace("a_--__b_", "a_--___b_"))
    assert comment("").startswith("<!-- archcost:check -->\n")
