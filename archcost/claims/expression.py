"""The arithmetic of the ledger: numbers, networks, their quantities, and + - * / ** between them.

    alexnet.layer('conv1').params          net('resnet50@320').macs / resnet50.macs
    2 * vgg16.convolutions.macs            googlenet.module('inception3a').weights

    paper('googlenet', '10-crop').top5_error    ensemble('Clarifai').top5_error

A bare name is a network of the zoo, `net('...')` any network that archcost can build. `paper` and `ensemble` look up
errors that a primary source prints (`archcost.claims.errors`). Results are exact fractions. Python never runs the text:
it is parsed, and everything outside this list is refused.
"""

from __future__ import annotations

import ast
import operator
from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING

from archcost.claims.errors import RATES, Errors, find_ensemble_errors, find_paper_errors
from archcost.claims.measured import QUANTITIES, ROLES, MeasuredPart
from archcost.errors import ArgumentError, closest, quote
from archcost.zoo import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable

OPERATORS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
PARTS = ("layer", "module")
LARGEST_POWER = 64
LARGEST = 10**60  # more than any network costs
LONGEST_TEXT, DEEPEST = 2000, 100
MOST_BITS = 4096


def find_networks(text: str) -> tuple[str, ...]:
    """Return the networks of an expression, after checking the whole expression.

    Raises:
        ArgumentError: the text is not such an expression, or names an unknown network.
    """
    return tuple(dict.fromkeys(_check(text).networks))


def find_sources(text: str) -> tuple[str, ...]:
    """Return the places that print the errors of an expression.

    Raises:
        ArgumentError: as `find_networks`.
    """
    return tuple(dict.fromkeys(errors.source for errors in _check(text).errors))


def evaluate(text: str, measured: Callable[[str], MeasuredPart]) -> Fraction:
    """Return the value of an expression.

    Args:
        text: the expression.
        measured: gives the measured network of a name.

    Raises:
        ArgumentError: the text is not such an expression, names a row, module or quantity that a network lacks, or
            divides by zero.
    """
    find_networks(text)
    return _Evaluator(text, measured).number(_parse(text))


def find_sibling(text: str, quantity: str) -> str | None:
    """Return the expression with another quantity in place of its own."""
    node = _parse(text)
    if not isinstance(node, ast.Attribute) or node.attr not in QUANTITIES:
        return None
    return f"{ast.unparse(node.value)}.{quantity}"


def _check(text: str) -> _Checker:
    checker = _Checker(text)
    checker.visit(_parse(text))
    return checker


def _parse(text: str) -> ast.expr:
    if len(text) > LONGEST_TEXT:
        raise ArgumentError(f"{quote(text)} has {len(text):,} characters, and an expression at most {LONGEST_TEXT:,}")
    try:
        parsed = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ArgumentError(f"{quote(text)} is not an expression: {error}") from error
    level: list[ast.AST] = [parsed]
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    if level:
        raise ArgumentError(f"{quote(text)} has parts within more than {DEEPEST} others; compute some of them before")
    return parsed


class _Checker(ast.NodeVisitor):
    """Refuses every node outside the language, and collects the networks."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.networks: list[str] = []
        self.errors: list[Errors] = []

    def generic_visit(self, node: ast.AST) -> None:
        raise ArgumentError(
            f"{quote(self.text)}: {quote(ast.unparse(node))} is not allowed; an expression has numbers, networks, "
            ".layer('...'), .module('...'), quantities, paper('...', '...'), ensemble('...'), and + - * / **"
        )

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if not isinstance(node.op, ast.USub):
            self.generic_visit(node)
        self.visit(node.operand)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if type(node.op) not in OPERATORS:
            self.generic_visit(node)
        self.visit(node.left)
        if not isinstance(node.op, ast.Pow):
            self.visit(node.right)
        elif not (isinstance(node.right, ast.Constant) and node.right.value in range(LARGEST_POWER + 1)):
            raise ArgumentError(f"{quote(self.text)}: a power is a whole number from 0 to {LARGEST_POWER}")

    def visit_Name(self, node: ast.Name) -> None:
        if node.id not in REGISTRY:
            hint = closest(node.id, REGISTRY.names, "see `archcost list`")
            raise ArgumentError(f"{quote(self.text)}: there is no network {node.id!r}; {hint}")
        self.networks.append(node.id)

    def visit_Call(self, node: ast.Call) -> None:
        match node:
            case ast.Call(func=ast.Name(id="net"), args=[ast.Constant(value=str(name))], keywords=[]):
                self.networks.append(name)
            case ast.Call(func=ast.Name(id="paper" | "ensemble")):
                self.errors.append(_find_errors(node, self.text))
            case ast.Call(
                func=ast.Attribute(value=inner, attr=attr), args=[ast.Constant(value=str())], keywords=[]
            ) if attr in PARTS:
                self.visit(inner)
            case _:
                self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        known = (*QUANTITIES, *ROLES, *RATES)
        if node.attr not in known:
            hint = closest(node.attr, known, f"there are {', '.join(known)}")
            raise ArgumentError(f"{quote(self.text)}: there is no quantity {node.attr!r}; {hint}")
        self.visit(node.value)


class _Evaluator:
    """Computes an expression that a `_Checker` has accepted."""

    def __init__(self, text: str, measured: Callable[[str], MeasuredPart]) -> None:
        self.text = text
        self.measured = measured

    def number(self, node: ast.expr) -> Fraction:
        match node:
            case ast.Constant(value=value):
                return Fraction(str(value))
            case ast.UnaryOp(operand=operand):
                return -self.number(operand)
            case ast.BinOp(left=left, op=op, right=right):
                return self._combine(self.number(left), self.number(right), op, node)
            case ast.Attribute(value=ast.Call(func=ast.Name(id="paper" | "ensemble")) as call, attr=attr):
                return _find_errors(call, self.text).rate(attr)
            case ast.Attribute(value=inner, attr=attr) if attr not in ROLES:
                return Fraction(self.part(inner).quantity(attr))
        raise ArgumentError(
            f"{quote(self.text)}: {quote(ast.unparse(node))} is a network, not a number; ask for its .params, ..."
        )

    def part(self, node: ast.expr) -> MeasuredPart:
        match node:
            case ast.Name(id=name) | ast.Call(func=ast.Name(), args=[ast.Constant(value=str(name))]):
                return self.measured(name)
            case ast.Call(func=ast.Attribute(value=inner, attr=kind), args=[ast.Constant(value=str(name))]):
                whole = self.part(inner)
                return whole.layer(name) if kind == "layer" else whole.module(name)
            case ast.Attribute(value=inner, attr=attr) if attr in ROLES:
                return self.part(inner).of_role(attr)
        raise ArgumentError(f"{quote(self.text)}: {quote(ast.unparse(node))} is a number, not a network")

    def _combine(self, left: Fraction, right: Fraction, op: ast.operator, node: ast.BinOp) -> Fraction:
        if (
            isinstance(op, ast.Pow)
            and max(left.numerator.bit_length(), left.denominator.bit_length()) * right > MOST_BITS
        ):
            raise ArgumentError(f"{quote(self.text)}: {quote(ast.unparse(node))} is too large")
        try:
            result = OPERATORS[type(op)](left, right)
        except ZeroDivisionError:
            raise ArgumentError(f"{quote(self.text)} divides by zero: {quote(ast.unparse(node.right))}") from None
        if max(result.numerator.bit_length(), result.denominator.bit_length()) > MOST_BITS or abs(result) > LARGEST:
            raise ArgumentError(f"{quote(self.text)}: {quote(ast.unparse(node))} is too large")
        return result


def _find_errors(node: ast.Call, text: str) -> Errors:
    """Return the errors that `paper('...', '...')` or `ensemble('...')` looks up."""
    match node:
        case ast.Call(
            func=ast.Name(id="paper"),
            args=[ast.Constant(value=str(network)), ast.Constant(value=str(protocol))],
            keywords=[],
        ):
            return find_paper_errors(network, protocol)
        case ast.Call(func=ast.Name(id="ensemble"), args=[ast.Constant(value=str(name))], keywords=[]):
            return find_ensemble_errors(name)
    raise ArgumentError(f"{quote(text)}: write paper('NETWORK', 'PROTOCOL') or ensemble('NAME')")
