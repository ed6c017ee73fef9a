"""Run a network once and record its operators: hooks name the module, a dispatch mode records the operator."""

from archcost.walk.caches import Caches as Caches
from archcost.walk.copies import Unfilled as Unfilled, meta_copy as meta_copy, unfilled as unfilled
from archcost.walk.parts import Parts as Parts
from archcost.walk.restoration import Restoration as Restoration
from archcost.walk.surroundings import run_undisturbed as run_undisturbed
from archcost.walk.values import Values as Values
from archcost.walk.walk import walk as walk
