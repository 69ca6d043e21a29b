#!/usr/bin/python3
"""Runs in the virtual machine: carries out what the test asks for, one line of JSON for each request and each answer.

A request is {"id", "run": [argv], "input"} (runs to its end), {"id", "start": [argv]} (goes on; answered with its number),
{"id", "tell": number, "text"} (a line for its standard input), {"id", "signal": number, "name"}. Of what was started, each line of output comes as
{"from": number, "line"} and its end as {"from": number, "ended": status}.
"""

import json
import os
import signal
import subprocess
import threading

port = os.open("/dev/virtio-ports/charger.agent", os.O_RDWR)
lock = threading.Lock()
started = {}


def send(message):
    data = json.dumps(message).encode() + b"\n"
    with lock:
        while data:
            data = data[os.write(port, data):]


def run(id, argv, text):
    try:
        done = subprocess.run(argv, input=text, capture_output=True, text=True, errors="replace")
        send({"id": id, "status": done.returncode, "stdout": done.stdout, "stderr": done.stderr})
    except OSError as error:
        send({"id": id, "status": 127, "stdout": "", "stderr": str(error)})


def relay(process):
    for line in process.stdout:
        send({"from": process.pid, "line": line.rstrip("\n")})
    send({"from": process.pid, "ended": process.wait()})


def start(argv):
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", bufsize=1)
    started[process.pid] = process
    return process


def handle(request):
    if "run" in request:
        threading.Thread(target=run, args=(request["id"], request["run"], request.get("input", "")), daemon=True).start()
    elif "start" in request:
        process = start(request["start"])
        send({"id": request["id"], "pid": process.pid})
        threading.Thread(target=relay, args=(process,), daemon=True).start()
    elif "tell" in request:
        started[request["tell"]].stdin.write(request["text"] + "\n")
        send({"id": request["id"]})
    elif "signal" in request:
        started[request["signal"]].send_signal(signal.Signals["SIG" + request["name"]])
        send({"id": request["id"]})


def main():
    send({"ready": True})
    buffer = b""
    while True:
        # Nothing comes, and no error, while nobody has the other end open.
        buffer += os.read(port, 65536)
        *lines, buffer = buffer.split(b"\n")
        for line in lines:
            request = json.loads(line)
            try:
                handle(request)
            except (OSError, KeyError) as error:
                send({"id": request["id"], "status": 127, "stdout": "", "stderr": repr(error)})


main()
