"""A small Ray cluster on this machine, for tests."""

import os

import pytest


@pytest.fixture(scope="module")
def nodes():
    """Yield a cluster of two nodes on one machine, with fake accelerators."""
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster as Nodes

    os.environ.setdefault("RAY_AUTH_MODE", "disabled")  # otherwise it writes a token to the home folder
    store = {"object_store_memory": 100 << 20}
    nodes = Nodes(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **store})
    for kind in ("H100", "A100"):
        nodes.add_node(num_cpus=2, num_gpus=1, resources={f"accelerator_type:{kind}": 1}, **store)
    yield nodes
    ray.shutdown()
    nodes.shutdown()
