"""Measure sched beside a bare Flask view and a plain port of the 2013 program.

Run it with `python -m benchmarks --help`. It needs `wrk` (Debian) and, for the parts about
PostgreSQL, the server programs of PostgreSQL.
"""
