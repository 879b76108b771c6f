"""Driving a server with wrk: the scripts it runs, and what it says."""

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.figures import Load, load_in

DONE = """
function done(summary, latency, requests)
  local counts = {}
  for _, name in ipairs(counted) do
    local sum = 0
    for _, thread in ipairs(threads) do sum = sum + (thread:get(name) or 0) end
    table.insert(counts, string.format('"%s": %d', name, sum))
  end
  local e = summary.errors
  io.write(string.format(
    'MEASURED {"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, ' ..
    '"refused": %d, "broken": %d, "bytes": %d, "counts": {%s}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.status, e.connect + e.read + e.write + e.timeout, summary.bytes,
    table.concat(counts, ", ")))
end
"""

READING = """
counted, threads = {}, {}
local texts, turn = {}, 0
function init(args)
  for _, each in ipairs(asked) do
    table.insert(texts, wrk.format("GET", each.path, each.headers))
  end
end
function request()
  turn = turn % #texts + 1
  return texts[turn]
end
"""

# Each thread has one connection, so that an answer belongs to the request before it: create,
# then edit and delete what was created.
WRITING = """
counted = {"created", "edited", "deleted", "other", "strange"}
threads = {}
function setup(thread)
  table.insert(threads, thread)
  thread:set("number", #threads)
end
created, edited, deleted, other, strange = 0, 0, 0, 0, 0
local me, step, path, serial = nil, "create", nil, 0
function init(args)
  me = writers[(number - 1) % #writers + 1]
  me.form = {["Content-Type"] = "application/x-www-form-urlencoded"}
  for name, value in pairs(me.headers) do me.form[name] = value end
end
function request()
  if step == "create" then
    serial = serial + 1
    local body = me.create .. "&title=" .. prefix .. "-" .. number .. "-" .. serial
    return wrk.format("POST", "/appointments/create/", me.form, body)
  elseif step == "edit" then
    local body = me.edit .. "&title=" .. prefix .. "-" .. number .. "-" .. serial .. "-edited"
    return wrk.format("POST", path .. "edit/", me.form, body)
  else
    return wrk.format("DELETE", path .. "delete/", me.headers)
  end
end
function response(status, headers, body)
  if step == "create" then
    local location = headers["location"] or headers["Location"]
    if (status == 302 or status == 303) and location then
      created = created + 1
      path = location:gsub("^https?://[^/]*", "")
      step = "edit"
      return
    end
  elseif step == "edit" and (status == 302 or status == 303) then
    edited = edited + 1
    step = "delete"
    return
  elseif step == "delete" and status == 200 then
    deleted = deleted + 1
    step = "create"
    return
  end
  other = other + 1
  strange = status
  step = "create"
end
"""


@dataclass(frozen=True)
class Asked:
    """One request of the round that wrk goes through."""

    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Writer:
    """A person who is signed in and writes: headers, and bodies without the title."""

    headers: Mapping[str, str]
    create: Mapping[str, str]
    edit: Mapping[str, str]


def lua(value: object) -> str:
    """Write a value as Lua does."""
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r") + '"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"[{lua(k)}] = {lua(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence):
        return "{" + ", ".join(lua(each) for each in value) + "}"
    raise TypeError(f"no Lua for {value!r}")


def reading_script(asked: Sequence[Asked]) -> str:
    """Return the script that asks for pages in turn."""
    said = lua([{"path": each.path, "headers": each.headers} for each in asked])
    return f"asked = {said}\n{READING}{DONE}"


def writing_script(writers: Sequence[Writer], prefix: str) -> str:
    """Return the script in which each connection creates, edits and deletes without pause."""
    said = lua(
        [
            {
                "headers": each.headers,
                "create": urlencode(each.create),
                "edit": urlencode(each.edit),
            }
            for each in writers
        ]
    )
    return f"writers = {said}\nprefix = {lua(prefix)}\n{WRITING}{DONE}"


def drive(address: str, script: str, *, connections: int, threads: int, seconds: int) -> Load:
    """Let wrk drive a server and return what it measured."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "script.lua")
        file.write_text(script)
        done = subprocess.run(
            [
                "wrk",
                f"--connections={connections}",
                f"--threads={threads}",
                f"--duration={seconds}s",
                "--timeout=60s",
                f"--script={file}",
                address,
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=seconds + 120,
        )
    return load_in(done.stdout)
