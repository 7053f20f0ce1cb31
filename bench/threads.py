"""How decoding scales: one thread, two threads, and two processes of one thread side by side, which is what the machine
gives at best. Wall-clock seconds, in turns; prints the best and the median of all rounds.

usage: threads.py ROUNDS COMMAND...    (COMMAND takes --threads N before the file)
for example: threads.py 15 target/release/examples/decode_file capture.pcap
             threads.py 15 target/release/apiarist decode capture.pcap
"""

import statistics
import subprocess
import sys
import time

rounds, *command, capture = sys.argv[1:]


def seconds(*threads: int) -> float:
    """Runs a process for each number of threads, all at once, until the last has ended."""
    begin = time.monotonic()
    runs = [
        subprocess.Popen(
            [*command, "--threads", str(count), capture],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for count in threads
    ]
    if any(run.wait() for run in runs):
        sys.exit(f"failed: {' '.join(command)}")
    return time.monotonic() - begin


measured = [(seconds(1), seconds(2), seconds(1, 1)) for _ in range(int(rounds))]
for name, pick in (("best", min), ("median", statistics.median)):
    one, two, both = (pick(times) for times in zip(*measured, strict=True))
    print(
        f"{name}: one thread {one:.3f} s, two threads {two:.3f} s, {one / two:.2f} times; "
        f"two processes side by side {both:.3f} s, {2 * one / both:.2f} times"
    )
