"""One Argon2 check per request and nothing else: what a sign-in cannot be faster than.

`BENCHMARK_HASH` is a hash of the password `BENCHMARK_PASSWORD`, made with the parameters of the
program whose sign-ins are measured.
"""

import os

from argon2 import PasswordHasher
from flask import Flask, request

app = Flask(__name__)
hasher = PasswordHasher()
known = os.environ["BENCHMARK_HASH"]


@app.get("/")
def ready() -> str:
    return "Ready."


@app.post("/")
def check() -> str:
    hasher.verify(known, request.form["password"])
    return "Right."
