"""archcost compared with its peers: time and accuracy.

`python -m benchmarks.peers` installs nothing, measures the peers that can be imported, prints the table and writes
reports/measured/performance.md. Every peer runs in separate processes, since some leave torch or the network changed.
"""
