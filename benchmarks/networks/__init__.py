"""Small networks of other libraries, one a line, called as their documentation calls them."""

from benchmarks.networks.line import Line as Line
from benchmarks.networks.table import LINES as LINES
