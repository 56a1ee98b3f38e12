"""noisebench's results as tables of pandas."""

from __future__ import annotations

import glob
import io
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple, Type, Union


class Tables(NamedTuple):
    """Three tables, which join on run.

    runs: a row for each finished run: plan, problem and optimizer as the plan calls them, seed, purpose (tuning or replicate),
        set_NAME for each hyperparameter, default (whether they are the declared ones), status, metric, higher_better, score (as
        tables count it, on the test part), selection_score (as tuning compares), steps, examples, and seconds of problem, optimizer,
        evaluation and the way between processes
    points: a row for each evaluation: run, mark, seen, step, batch_size, and loss and metric on each part
    traces: a row for each traced step: run, step, seen, loss, batch_size, report_NAME, diagnostic_NAME
    """

    runs: Any
    points: Any
    traces: Any


def load(results: str = "noisebench-results", plan: Optional[str] = None) -> Tables:
    """Reads the finished runs in a results folder: those of a plan that was run there, by its name, or all of them, whose names are
    then those of problems and optimizers themselves. A run that two entries of a plan share is there twice. Files that are no
    whole records are left out with a warning."""
    import pandas

    entries = _entries(results, plan) if plan is not None else None
    runs: List[Dict[str, Any]] = []
    points: List[Dict[str, Any]] = []
    traces: List[Dict[str, Any]] = []
    for record in _records(results):
        rows = list(_rows(record, entries, plan))
        if not rows:
            continue
        runs += rows
        identity = {"run": record["id"]}
        for p in record["points"]:
            row = {**identity, **{k: p[k] for k in ("mark", "seen", "step", "batch_size")}}
            for part in ("train", "validation", "test"):
                for name, value in (p.get(part) or {}).items():
                    row[f"{part}_{name}"] = _number(value)
            points.append(row)
        t = record.get("trace")
        if t:
            columns = {"seen": t["seen"], "loss": list(map(_number, t["loss"])), "batch_size": t["batch_size"]}
            for kind, named in (("report", t.get("reports")), ("diagnostic", t.get("diagnostics"))):
                columns.update({f"{kind}_{n}": list(map(_number, v)) for n, v in (named or {}).items()})
            traces += [{**identity, "step": i * t["stride"], **{n: v[i] for n, v in columns.items()}} for i in range(len(t["seen"]))]
    return Tables(*(pandas.DataFrame(rows) for rows in (runs, points, traces)))


def rank(plan: Union[str, Mapping[str, Any]], results: str = "noisebench-results", *options: str, bench: str = "bench") -> Any:
    """Makes the runs of a plan that are not there yet, by "bench run", and returns its table as pandas reads it. A plan is a name, a
    path, or a dictionary with the keys of a plan file. Entries such as python:my_optimizer:MyAdam are run by this interpreter.
    options are further arguments of bench, such as "-j", "4"."""
    import pandas

    if shutil.which(bench) is None:
        raise FileNotFoundError(f"there is no executable {bench}; build it with go build -o bench ./cmd/bench, and name it by bench=")
    with tempfile.TemporaryDirectory() as folder:
        if not isinstance(plan, str):
            path = os.path.join(folder, "plan.yaml")
            with open(path, "w") as f:
                json.dump(plan, f)  # which is YAML, too
            plan = path
        done = subprocess.run([bench, "run", plan, "--results", results, "--format", "csv", "--python", sys.executable, *options],
                              stdout=subprocess.PIPE, text=True)
    if done.returncode != 0 and not done.stdout:
        raise RuntimeError(f"bench run ended with status {done.returncode}; it said why on standard error")
    return pandas.read_csv(io.StringIO(done.stdout))


def _number(v: Any) -> float:
    """A number as records have it: NaN and infinities are texts."""
    return float(v)


def _records(results: str) -> Iterator[Dict[str, Any]]:
    """The records of finished runs, in the order of their names."""
    if not os.path.isdir(os.path.join(results, "runs")):
        raise FileNotFoundError(f"there are no runs in {results}; bench run makes some")
    pattern = os.path.join(glob.escape(results), "runs", "*", "*.jsonl")
    paths = {os.path.basename(p)[:-len(".jsonl")]: p for p in glob.glob(pattern)}
    paths.update((os.path.basename(p)[:-len(".jsonl.zst")], p) for p in glob.glob(pattern + ".zst"))
    decompress = _zstd() if any(p.endswith(".zst") for p in paths.values()) else None
    for name, path in sorted(paths.items()):
        record: Dict[str, Any] = {"id": name, "points": []}
        if ".other-" in name:
            continue
        try:
            with open(path, "rb") as f:
                text = f.read()
            if decompress and path.endswith(".zst"):
                text = decompress(text)
            for row in text.splitlines():
                line = json.loads(row)
                if "point" in line:
                    record["points"].append(line["point"])
                else:
                    record.update(line)
            record["end"], record["host"], record["run"], record["problem"]  # noqa: B018
        except (ValueError, KeyError) as e:
            print(f"noisebench: left out: {path} is no whole record ({e})", file=sys.stderr)
            continue
        yield record


def _zstd() -> Callable[[bytes], bytes]:
    """Decompresses Zstandard by what there is: Python's own module (3.14), the package zstandard, or the command zstd, which takes
    two milliseconds a record. What is damaged is a ValueError."""
    def whole(decompress: Callable[[bytes], bytes], *errors: Type[Exception]) -> Callable[[bytes], bytes]:
        def checked(data: bytes) -> bytes:
            try:
                return decompress(data)
            except errors as e:
                raise ValueError(f"it is not compressed by Zstandard, or damaged: {e}") from e
        return checked

    try:
        from compression import zstd  # type: ignore
        return whole(zstd.decompress, zstd.ZstdError)
    except ImportError:
        pass
    try:
        import zstandard
        return whole(lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data), zstandard.ZstdError)
    except ImportError:
        pass
    if shutil.which("zstd") is None:
        raise ImportError("records are compressed by Zstandard: install the Python package zstandard, or the command zstd")
    return whole(lambda data: subprocess.run(["zstd", "-dcq"], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout,
                 subprocess.CalledProcessError)


def _entries(results: str, plan: str) -> Dict[str, Any]:
    """What a plan's names meant when it was run."""
    found = []
    for path in sorted(glob.glob(os.path.join(glob.escape(results), "plans", "*.json"))):
        with open(path, encoding="utf-8") as f:
            saved = json.load(f)
        if saved["plan"]["name"] == plan:
            return saved
        found.append(saved["plan"]["name"])
    raise ValueError(f"plan {plan!r} was not run in {results}; want one of {', '.join(found) or 'none'}")


def _rows(record: Mapping[str, Any], saved: Optional[Mapping[str, Any]], plan: Optional[str]) -> Iterator[Dict[str, Any]]:
    """The rows of a run in the table of runs."""
    run, end, host = record["run"], record["end"], record["host"]
    setting = run["optimizer"].get("setting") or {}
    row = {"run": record["id"], "seed": run["seed"], "budget": run["budget"], "batch_size": run["batch_size"]}
    rest = {
        **{f"set_{n}": v for n, v in setting.items()}, "status": _status(record), "metric": record["problem"]["metric"]["name"],
        "higher_better": record["problem"]["metric"]["higher_better"], "steps": end["steps"], "examples": end["seen"],
        **{f"{n}_seconds": host.get(f"{n}_seconds", 0.0) for n in ("problem", "optimizer", "evaluate", "transport")},
    }
    if saved is None:
        yield {"plan": host.get("plan"), "problem": run["problem"]["name"], "optimizer": run["optimizer"]["name"], **row, **rest,
               **_scores(record, "best", "validation")}
        return
    p = saved["plan"]
    for problem in p["problems"]:
        defined = saved["definitions"]["problems"][problem["problem"]]
        if not _same(defined, run["problem"]) or not _within(problem.get("with"), run["problem"].get("parameters")) \
                or problem.get("budget", run["budget"]) != run["budget"]:
            continue
        for optimizer in p["optimizers"]:
            defined = saved["definitions"]["optimizers"][optimizer["optimizer"]]
            size = optimizer.get("batch_size") or problem.get("batch_size") or record["problem"]["batch_size"]
            if not _same(defined, run["optimizer"]) or not _within(optimizer.get("set"), setting) or size != run["batch_size"] \
                    or optimizer.get("clip", 0) != run.get("clip", 0):
                continue
            purpose = _purpose(p, run["seed"])
            if purpose is None:
                continue
            defaults = {h["name"]: h["default"] for h in defined.get("hyperparameters") or ()}
            yield {"plan": plan, "problem": problem["name"], "optimizer": optimizer["name"], **row, "purpose": purpose,
                   "default": setting == {**defaults, **(optimizer.get("set") or {})}, **rest, **_scores(record, p["report"], p["selection"])}


def _purpose(plan: Mapping[str, Any], seed: int) -> Optional[str]:
    if plan["first_seed"] <= seed < plan["first_seed"] + plan["replicates"]:
        return "replicate"
    first = plan["tuning"]["seed"]
    return "tuning" if first <= seed <= first + max(0, plan["tuning"]["tie_seeds"]) else None


def _same(defined: Mapping[str, Any], of_run: Mapping[str, Any]) -> bool:
    """Whether a run is of the definition that a plan named."""
    def code(d: Mapping[str, Any]) -> Tuple[Any, ...]:
        plugin = d.get("plugin") or {}
        return (d["name"], d["version"], plugin.get("plugin"), plugin.get("digest"), plugin.get("environment"))
    return code(defined) == code(of_run)


def _within(part: Optional[Mapping[str, float]], of: Optional[Mapping[str, float]]) -> bool:
    return all((of or {}).get(n) == v for n, v in (part or {}).items())


def _status(record: Mapping[str, Any]) -> str:
    finite = all(math.isfinite(_number(v)) for p in record["points"] for part in ("train", "validation", "test")
                 for v in (p.get(part) or {}).values())
    return "diverged" if record["end"]["status"] == "ok" and not finite else record["end"]["status"]


def _scores(record: Mapping[str, Any], rule: str, selection: str) -> Dict[str, float]:
    """The metric by which tables count the run, and that by which tuning compares: of the point that is best on the part for
    selection; of a diverged run the worse of the first and the last finite one."""
    spec, points = record["problem"], record["points"]
    sign = -1.0 if spec["metric"]["higher_better"] else 1.0

    def present(part: str) -> str:
        return part if part != "train" and spec.get(part) else "train"

    def at(p: Mapping[str, Any], part: str) -> float:
        return _number((p.get(part) or {}).get("metric", math.nan))

    def worth(v: float) -> float:
        return math.inf if math.isnan(v) else sign * v

    def score(part: str) -> float:
        part, by = present(part), present(selection)
        chosen = points[-1] if rule == "final" or by == "train" else min(points, key=lambda p: worth(at(p, by)))
        if _status(record) != "diverged":
            return at(chosen, part)
        first = at(points[0], part)
        last = next((v for v in (at(p, part) for p in reversed(points[1:])) if math.isfinite(v)), first)
        return max(first, last, key=worth)

    if not points:
        return {"score": math.nan, "selection_score": math.nan}
    return {"score": score("test"), "selection_score": score(selection)}
