"""archcost's own shape rules, for operators whose meta kernel in torch is written in Python and takes milliseconds.

On the meta device an operator only allocates its results. A rule returns them for the ordinary case, and NotImplemented
for every other case, which torch then handles.

Check mode compares each result with torch's own kernel; the tests use it over the whole zoo and over generated calls.
ARCHCOST_CHECK_SHAPES=1 in the environment turns it on for a process and its child processes.
"""

from archcost.walk.shapes.run import (
    by_rule as by_rule,
    check_answers as check_answers,
    is_checking as is_checking,
    run as run,
)
from archcost.walk.shapes.table import SHAPES as SHAPES
