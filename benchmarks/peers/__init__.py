"""archcost beside its peers: how long each takes, and how often each is right.

`python -m benchmarks.peers` installs nothing, measures whichever peers can be imported, prints the table and writes
reports/measured/performance.md. Every peer runs in processes of its own: some leave torch or the network changed.
"""
