"""The positions of boxes and lines, without overlaps."""

import itertools

import pytest
from hypothesis import given, settings, strategies as st

import archcost
from archcost.diagrams.folding import Level, simplify
from archcost.diagrams.layout import Spaces, lay_out
from archcost.diagrams.plan import Style, plan_all

SPACES = Spaces(across=10.0, along=20.0, lane=8.0, column=10.0)


def lay(reads, height=float("inf")):
    return lay_out(list(reads), reads, lambda key: (30.0 + key, 12.0), SPACES, height)


def overlapping(layout):
    boxes = layout.boxes.items()
    return [
        (one, other)
        for (one, a), (other, b) in itertools.combinations(boxes, 2)
        if abs(a.x - b.x) < (a.width + b.width) / 2 - 1e-6 and abs(a.y - b.y) < (a.height + b.height) / 2 - 1e-6
    ]


def covered(layout):
    """Return the lines with a vertical part that crosses a box other than their ends."""
    return [
        (ends, key)
        for ends, points in layout.lines.items()
        for (x0, y0), (x1, y1) in itertools.pairwise(points)
        for key, box in layout.boxes.items()
        if key not in ends and x0 == x1 and abs(x0 - box.x) < box.width / 2 - 1e-6
        and min(y0, y1) < box.bottom - 1e-6 and max(y0, y1) > box.top + 1e-6
    ]  # fmt: skip


def test_a_chain_is_a_column():
    layout = lay({0: [], 1: [0], 2: [1]})
    assert len({box.x for box in layout.boxes.values()}) == 1
    assert [layout.boxes[key].y for key in (0, 1, 2)] == [6, 38, 70]  # 12 high, 20 apart


def test_branches_stand_side_by_side_in_the_order_in_which_they_join():
    layout = lay({0: [], 1: [0], 2: [0], 3: [0], 4: [3, 1, 2]})
    assert layout.boxes[3].x < layout.boxes[1].x < layout.boxes[2].x
    assert layout.boxes[1].y == layout.boxes[2].y == layout.boxes[3].y
    assert layout.boxes[0].x == layout.boxes[4].x


def test_a_residual_line_goes_around():
    layout = lay({0: [], 1: [0], 2: [1], 3: [2, 0]})
    around = layout.lines[0, 3]
    assert max(x for x, _ in around) > max(layout.boxes[key].x + layout.boxes[key].width / 2 for key in (1, 2))
    assert not covered(layout)


def test_a_long_chain_goes_on_in_another_column():
    layout = lay({key: [key - 1] if key else [] for key in range(12)}, height=120.0)
    assert layout.height <= 120
    assert len({round(box.x) for box in layout.boxes.values()}) == 3
    assert not overlapping(layout)


def test_a_branch_that_leads_nowhere_stands_beside_the_main_path():
    layout = lay({0: [], 1: [0], 2: [1], 3: [1], 4: [3]})  # 2 is a side classifier
    assert layout.boxes[0].x == layout.boxes[1].x == layout.boxes[3].x == layout.boxes[4].x
    assert layout.boxes[2].x - layout.boxes[2].width / 2 > layout.boxes[1].x
    assert layout.boxes[1].bottom < layout.boxes[2].top < layout.boxes[2].bottom < layout.boxes[3].top
    assert not covered(layout)


def test_a_loose_layout_goes_on_before_branches_and_enters_them_from_above():
    reads = {0: [], 1: [0], 2: [1], 3: [2], 4: [3], 5: [3], 6: [5], 7: [4, 6]}
    tight, loose = (
        lay_out(list(reads), reads, lambda key: (30.0, 12.0), SPACES, 130.0, loose=x) for x in (False, True)
    )
    assert loose.height <= 130 < tight.height + 62  # 4 boxes of 12 and 3 spaces of 20 are 108
    assert loose.boxes[4].x > loose.boxes[3].x
    assert not covered(loose)
    assert not overlapping(loose)


def test_a_drawing_from_left_to_right_is_the_same_with_x_and_y_exchanged():
    layout = lay({0: [], 1: [0], 2: [0], 3: [1, 2]})
    turned = layout.turn()
    assert (turned.width, turned.height) == (layout.height, layout.width)
    assert all((box.y, box.x) == (turned.boxes[key].x, turned.boxes[key].y) for key, box in layout.boxes.items())


def nest(levels):
    """Return an encoder and a decoder: a chain in which each of the first boxes is also read by one of the last."""
    chain = {key: [key - 1] if key else [] for key in range(2 * levels + 1)}
    return chain | {2 * levels - level: [2 * levels - level - 1, level] for level in range(levels)}


def test_an_encoder_and_its_decoder_are_a_u():
    layout = lay(nest(3))  # 0, 1, 2 go down, 3 is the bottom, 4, 5, 6 go up
    boxes = layout.boxes
    assert boxes[0].x == boxes[1].x == boxes[2].x < boxes[3].x < boxes[4].x == boxes[5].x == boxes[6].x
    assert boxes[0].y == boxes[6].y < boxes[1].y == boxes[5].y < boxes[2].y == boxes[4].y < boxes[3].y
    assert layout.rising == {4, 5, 6}
    for source, key in ((0, 6), (1, 5), (2, 4)):  # each skip is one level line between the columns
        low = boxes[source].bottom + 10  # half of the space between boxes
        assert layout.lines[source, key][1:3] == ((boxes[source].x, low), (boxes[key].x, low))
    assert layout.lines[4, 5] == ((boxes[4].x, boxes[4].top), (boxes[5].x, boxes[5].bottom))
    assert not covered(layout)
    assert not overlapping(layout)


def test_two_skips_within_each_other_are_not_a_u():
    assert not lay(nest(2)).rising


@st.composite
def graphs(draw):
    count = draw(st.integers(2, 14))
    return {
        key: sorted(draw(st.sets(st.integers(0, key - 1), min_size=1, max_size=3))) if key else []
        for key in range(count)
    }


@given(graphs(), st.sampled_from([float("inf"), 100.0]))
@settings(max_examples=150, deadline=None)
def test_in_no_graph_do_boxes_overlap_and_every_line_leads_down_to_its_end(reads, height):
    layout = lay(reads, height)
    assert not overlapping(layout)
    assert {*layout.lines} == {(source, key) for key in reads for source in reads[key]}
    for (source, key), points in layout.lines.items():
        (leaves, enters), rises = (layout.boxes[source], layout.boxes[key]), layout.rising
        assert points[0] == pytest.approx((leaves.x, leaves.top if source in rises else leaves.bottom))
        assert points[-1] == pytest.approx((enters.x, enters.bottom if key in rises else enters.top))
    assert all(box.x - box.width / 2 > -1e-6 and box.top > -1e-6 for box in layout.boxes.values())


@pytest.mark.parametrize("name", ["inception_reduced", "googlenet", "resnet50", "densenet121", "nasnet_a_mobile"])
def test_the_diagrams_of_the_zoo_have_no_overlaps(name):
    report = archcost.profile(name)
    for depth in (1, 2):
        graph = simplify(report, Level(depth))
        if len(graph.nodes) < 80:
            layout = plan_all([("", graph, report)], Style())[0].layout
            assert not overlapping(layout)
