"""One script per claim: each measures, checks what it measured, and prints machine, versions, seed and sizes.

The variants that the benchmarks compare with (no policy, no record, no commit) live here and nowhere else.
"""
