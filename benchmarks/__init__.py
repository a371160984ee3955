"""The figures of Lookalike, each measured beside what it is compared with, in one run.

make bench                            all of them → benchmarks/latest.json
python -m benchmarks.search --quick   one of them, on less data, printed only
"""
