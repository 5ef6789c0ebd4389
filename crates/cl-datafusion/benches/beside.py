"""The engine beside the embedded path, DuckDB and Polars: seconds and peak memory of each, in a process of its own.

    python beside.py FOLDER CURRICULUM ENGINE SCALE [MEMORY ...]

FOLDER is a log that the example `scale` wrote, CURRICULUM and ENGINE are the programs `curriculum` and `curriculum-engine`, SCALE is
the example; for each MEMORY, such as 1GB, the engine runs with that limit, too. Wants duckdb and polars.
"""

import os
import subprocess
import sys
import tempfile
import time

DUCKDB = """
import duckdb, sys
duckdb.sql('''
COPY (
    SELECT id, avg(loss) AS loss, var_pop(loss) AS variance, sum(CASE WHEN before AND NOT correct THEN 1 ELSE 0 END) AS forgetting
    FROM (SELECT id, loss, correct, lag(correct) OVER (PARTITION BY id ORDER BY epoch) AS before FROM read_parquet('%s/*.parquet'))
    GROUP BY id
) TO '%s' (FORMAT parquet)''')
"""

POLARS = """
import polars as pl
rows = pl.scan_parquet('%s/*.parquet').select('id', 'epoch', 'loss', 'correct')
right = pl.col('correct').sort_by('epoch').cast(pl.Int8)
scores = rows.group_by('id').agg(
    pl.col('loss').mean(), pl.col('loss').var(ddof=0).alias('variance'), (right.diff() == -1).sum().alias('forgetting'))
scores.sink_parquet('%s')
"""


def run(name, arguments):
    start = time.time()
    child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = child.stderr.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    seconds, peak = time.time() - start, usage.ru_maxrss / 1024
    failed = "" if status == 0 else "  FAILED: " + " ".join(error.split())[-200:]
    processor = usage.ru_utime + usage.ru_stime
    print(f"{name:60} {seconds:8.1f} s {processor:8.1f} s of processor {peak:8.0f} MB{failed}", flush=True)


def main():
    folder, curriculum, engine, scale, *limits = sys.argv[1:]
    with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(folder))) as out:
        metrics = "el2n,forgetting,loss"
        of = lambda name: os.path.join(out, name)
        print("loss, variance and forgetting of losses and flags")
        run("DuckDB", [sys.executable, "-c", DUCKDB % (folder, of("duckdb.parquet"))])
        run("Polars", [sys.executable, "-c", POLARS % (folder, of("polars.parquet"))])
        for limit in [None, *limits]:
            bytes_ = "0" if limit is None else str(int(float(limit[:-2]) * 10**9))
            run(f"engine, {limit or 'no limit'}", [scale, "--one", folder, of("engine.parquet"), bytes_])
        print(f"{metrics} of logits")
        run("curriculum score", [curriculum, "score", folder, "--metric", metrics, "-o", of("embedded.parquet")])
        for limit in [None, *limits]:
            memory = ["--memory", limit] if limit else []
            own = of("own.parquet")
            run(f"curriculum-engine score, {limit or 'no limit'}",
                [engine, "score", folder, "--metric", metrics, "-o", own, *memory])
            if os.path.exists(own) and os.path.exists(of("embedded.parquet")):
                same = open(own, "rb").read() == open(of("embedded.parquet"), "rb").read()
                print("    the same bytes" if same else "    OTHER bytes")


if __name__ == "__main__":
    main()
