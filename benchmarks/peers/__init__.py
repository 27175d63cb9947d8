"""The parts of `benchmarks/gan_peers.py`: the peers, one file each, and what measures them."""
