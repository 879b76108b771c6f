"""Serve a WSGI application just as `sched run` serves sched.

Takes the application's name (`module:name`), a port, and the number of threads.
"""

import sys
from importlib import import_module

from schedapp.config import Settings
from schedapp.plumbing.serving import serve


def main() -> None:
    target, port, threads = sys.argv[1:]
    module, _, name = target.partition(":")
    application = getattr(import_module(module), name)
    serve(application, Settings(threads=int(threads)), "127.0.0.1", int(port))


if __name__ == "__main__":
    main()
