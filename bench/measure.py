"""Runs a command and writes its user + sys seconds and its largest resident memory in MB to a file.

usage: measure.py FIGURES COMMAND...
"""

import resource
import subprocess
import sys

status = subprocess.run(sys.argv[2:], check=False).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w") as figures:
    figures.write(f"{used.ru_utime + used.ru_stime:.3f} {used.ru_maxrss / 1000:.0f}\n")
sys.exit(status)
