"""Test cases as JUnit XML, which GitLab, Jenkins, Azure and CircleCI show."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from archcost.page.names import make_printable

if TYPE_CHECKING:
    from archcost.page.cases import Case, Suite
    from archcost.page.document import Document
    from archcost.page.target import Target


def write_text(document: Document, target: Target) -> str:
    """Return a document's cases as JUnit XML, with a suite for each network."""
    del target
    root = ET.Element("testsuites", name="archcost")
    for suite in () if document.cases is None else document.cases():
        element = ET.SubElement(root, "testsuite", name=make_printable(suite.name))
        for case in suite.cases:
            element.append(_build_case(suite, case))
        _count_cases(element)
    _count_cases(root)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _build_case(suite: Suite, case: Case) -> ET.Element:
    element = ET.Element("testcase", classname=make_printable(suite.name), name=make_printable(case.name))
    if case.outcome == "note":
        ET.SubElement(element, "system-out").text = make_printable(case.message)
    elif case.outcome != "passed":
        found = ET.SubElement(element, case.outcome, message=make_printable(case.message))
        if case.type:
            found.set("type", case.type)
        found.text = "\n".join(map(make_printable, case.text.splitlines())) or None
    return element


def _count_cases(element: ET.Element) -> None:
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        element.set(name, str(sum(1 for _ in element.iter(tag))))
