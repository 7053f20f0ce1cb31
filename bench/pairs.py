"""Compares call records on standard input with the truth of a generated capture.

usage: pairs.py TRUTH.tsv < calls.jsonl

The truth has a line per transaction: client, port, server, port, method, path, status, X-Request-Id of the request,
X-Trace of the response, lengths of both bodies, and how many segments of each side are missing from the capture. A
call is right when request and response belong together; it is mis-paired when they do not.
"""

import json
import sys


def field(call, side, name):
    for key, value in (call.get(side) or {}).get("headers", []):
        if key == name:
            return value
    return None


truth = {}
traces = {}
whole = 0
for line in open(sys.argv[1]):
    parts = line.rstrip("\n").split("\t")
    request, trace = parts[7], parts[8]
    truth[request] = (trace, parts[6])
    traces[trace] = request
    whole += parts[11:13] == ["0", "0"]

right = wrong = alone = unknown = 0
for line in sys.stdin:
    call = json.loads(line)
    request = field(call, "request", "x-request-id")
    trace = field(call, "response", "x-trace")
    if request is None or trace is None:
        alone += 1
    elif request not in truth:
        unknown += 1
    elif truth[request] == (trace, str(call.get("status"))):
        right += 1
    else:
        wrong += 1
print(f"{len(truth)} transactions, {whole} untouched by loss: {right} right, {wrong} mis-paired, {alone} halves, {unknown} unknown")
sys.exit(wrong > 0)
