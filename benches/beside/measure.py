"""Seconds, processor time and peak memory of programs, each in a process of its own.

A process begins with the peak of the one that starts it: scripts that measure import nothing large themselves.
"""

import os
import subprocess
import sys
import time


def run(name, arguments, stdin=None):
    """Runs a program to its end, prints what it took, and returns what it printed."""
    start = time.time()
    child = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=stdin)
    told = child.stdout.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    seconds, peak, processor = time.time() - start, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime
    failed = "" if status == 0 else "  FAILED: " + " ".join(told.split())[-300:]
    print(f"{name:58} {seconds:8.1f} s {processor:8.1f} s of processor {peak:8.0f} MB{failed}", flush=True)
    return told


def python(name, source, *arguments):
    """Runs a Python program of its source text."""
    return run(name, [sys.executable, "-c", source, *map(str, arguments)])


def processor():
    """The processor's name and the widest vectors that it has."""
    with open("/proc/cpuinfo") as file:
        text = file.read()
    of = lambda key: text.split(key, 1)[1].split("\n", 1)[0].strip(" \t:") if key in text else "?"
    wide = "AVX-512" if "avx512f" in of("flags") else "AVX2" if "avx2" in of("flags") else "no AVX2"
    return f"{of('model name')}, {os.cpu_count()} threads, {wide}"


def apart(file, *arguments):
    """What a script prints when it is called with `arguments`, in a process of its own."""
    return subprocess.run([sys.executable, file, *map(str, arguments)], check=True, capture_output=True, text=True).stdout.strip()
