"""Small networks of other libraries, one per line, called as in their documentation."""

from benchmarks.networks.line import Line as Line
from benchmarks.networks.table import LINES as LINES
