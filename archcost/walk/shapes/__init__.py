"""Shape rules of archcost's own, for operators whose meta kernel in torch is written in Python and takes milliseconds.

On the meta device an operator has nothing to do but to allocate its results. A rule here answers the ordinary case and
returns NotImplemented for everything else, which then goes to torch.

No rule can be wrong unnoticed: in check mode, which the tests use over the whole zoo and over generated calls, each
answer is compared with that of torch's own kernel. ARCHCOST_CHECK_SHAPES=1 in the environment turns it on for a process
and those that it starts.
"""

from archcost.walk.shapes.run import check_answers as check_answers, run as run
from archcost.walk.shapes.table import SHAPES as SHAPES
