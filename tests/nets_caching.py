"""Networks that keep tensors outside of themselves, each in another kind of cache."""

import functools
import threading
import weakref
from collections import OrderedDict, defaultdict, deque
from contextvars import ContextVar
from types import SimpleNamespace
from typing import ClassVar

import torch
from torch import nn

TABLE = {}
TABLES = {"masks": {}, "scale": 2}
PAIRS = OrderedDict()
BY_KIND = defaultdict(dict)
HISTORY = deque(maxlen=3)
SEEN = []
STATE = SimpleNamespace(mask=None, calls=0)
BY_MODULE = weakref.WeakKeyDictionary()
LOCAL = threading.local()
CONTEXT = ContextVar("mask")
MASK = None


class Slots:
    __slots__ = ("__private", "mask")

    def __init__(self):
        self.mask = self.__private = None

    def of(self, size):
        if self.mask is None:
            self.mask, self.__private = torch.ones(size), torch.ones(size)
        return self.mask * self.__private


SLOTS = Slots()


def make(size, device):
    return torch.ones(size, device=device)


@functools.cache
def cached(size):
    return torch.ones(size)


@functools.lru_cache(maxsize=4)
def cached_with_room(size):
    return {"mask": (torch.ones(size),)}


def default(size, table={}):  # noqa: B006 - the table is the point
    if size not in table:
        table[size] = torch.ones(size)
    return table[size]


def closure():
    tables = {}

    def mask(size):
        if size not in tables:
            tables[size] = torch.ones(size)
        return tables[size]

    return mask


def closure_over_a_tensor():
    mask = None

    def own(size):
        nonlocal mask
        if mask is None:
            mask = torch.ones(size)
        return mask

    return own


enclosed, enclosed_tensor = closure(), closure_over_a_tensor()


def from_global(size):
    global MASK  # noqa: PLW0603
    if MASK is None:
        MASK = torch.ones(size)
    return MASK


class Tables:
    table: ClassVar = {}
    mask = None

    @classmethod
    def of(cls, size):
        if cls.mask is None:
            cls.mask = torch.ones(size)
        return cls.mask


class Layer(nn.Module):
    """Multiplies its input by a mask of ones."""

    shared = None

    def __init__(self, where):
        super().__init__()
        self.linear, self.where = nn.Linear(4, 4), where

    def forward(self, x):
        return self.linear(x) * getattr(self, self.where)(x)

    def in_a_global_table(self, x):
        if 4 not in TABLE:
            TABLE[4] = torch.ones(4)
        return TABLE[4]

    def in_a_table_of_tables(self, x):
        if 4 not in TABLES["masks"]:
            TABLES["masks"][4] = torch.ones(4)
        return TABLES["masks"][4] * TABLES["scale"]

    def in_a_pair_under_a_key(self, x):
        if 4 not in PAIRS:
            PAIRS[4] = {"cos": torch.ones(4), "sin": torch.ones(4)}
        return PAIRS[4]["cos"] + PAIRS[4]["sin"]

    def in_a_default_dictionary(self, x):
        table = BY_KIND[type(self)]
        if 4 not in table:
            table[4] = torch.ones(4)
        return table[4]

    def in_a_history(self, x):
        HISTORY.append(x)
        return HISTORY[0]

    def in_a_list_with_itself(self, x):
        SEEN.append(self)
        return torch.ones(4)

    def in_a_namespace(self, x):
        STATE.calls += 1
        if STATE.mask is None:
            STATE.mask = torch.ones(4)
        return STATE.mask

    def by_weak_key(self, x):
        if nn.Linear not in BY_MODULE:
            BY_MODULE[nn.Linear] = torch.ones(4)
        return BY_MODULE[nn.Linear]

    def in_functools_cache(self, x):
        return cached(4)

    def in_functools_lru_cache(self, x):
        return cached_with_room(4)["mask"][0]

    @functools.cache  # noqa: B019 - it keeps the module, which is the point
    def _own(self, size):
        return torch.ones(size)

    def in_a_cached_method(self, x):
        return self._own(4)

    def in_a_default_argument(self, x):
        return default(4)

    def in_a_closure(self, x):
        return enclosed(4)

    def in_a_variable_of_a_closure(self, x):
        return enclosed_tensor(4)

    def in_an_attribute_of_a_function(self, x):
        if not hasattr(make, "mask"):
            make.mask = torch.ones(4)
        return make.mask

    def in_slots(self, x):
        return SLOTS.of(4)

    def in_what_a_thread_has(self, x):
        if not hasattr(LOCAL, "mask"):
            LOCAL.mask = torch.ones(4)
        return LOCAL.mask

    def in_a_context(self, x):
        if CONTEXT.get(None) is None:
            CONTEXT.set(torch.ones(4))
        return CONTEXT.get()

    def in_a_global_variable(self, x):
        return from_global(4)

    def in_a_class_attribute(self, x):
        if Layer.shared is None:
            Layer.shared = torch.ones(4)
        return Layer.shared

    def in_another_class(self, x):
        return Tables.of(4)

    def in_a_table_of_another_class(self, x):
        if 4 not in Tables.table:
            Tables.table[4] = torch.ones(4)
        return Tables.table[4]


PLACES = [name for name in vars(Layer) if name.startswith(("in_", "by_"))]


def forget():
    """Empty every cache."""
    global MASK  # noqa: PLW0603
    MASK = Tables.mask = Layer.shared = STATE.mask = None
    for table in (TABLE, TABLES["masks"], PAIRS, BY_KIND, HISTORY, SEEN, BY_MODULE, Tables.table):
        table.clear()
    for table in (default.__defaults__[0], enclosed.__closure__[0].cell_contents):
        table.clear()
    SLOTS.__init__()
    enclosed_tensor.__closure__[0].cell_contents = None
    vars(make).clear()
    vars(LOCAL).clear()
    CONTEXT.set(None)
    for function in (cached, cached_with_room, Layer._own):
        function.cache_clear()
