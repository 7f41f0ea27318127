"""Where a figure was measured: the machine, the versions, the disk, and the processor time of processes.

Source: proc(5), /proc/PID/stat (times in clock ticks); fdatasync(2).
"""

import os
import platform
import resource
import statistics
import sys
import time
from importlib import metadata
from pathlib import Path

_PACKAGES = ("beffroi", "asyncpg", "cryptography", "httptools", "msgspec", "starlette", "uvicorn", "uvloop")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = 8192  # what PostgreSQL writes to its log at least
_SYNC_FILE_BYTES = 16 * 2**20  # a segment of that log
_SYNCS = 200


def describe() -> dict[str, object]:
    """Cores, processor, kernel, memory and load average of this machine; versions of what runs."""
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "processor": _processor(),
        "kernel": f"{platform.system()} {platform.release()}",
        "memory_gib": round(memory_bytes / 2**30, 1),
        "load_average_before": [round(load, 2) for load in os.getloadavg()],
    }


def versions() -> dict[str, str]:
    """Python and the packages of the path that is measured."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def fdatasync_ms(folder: Path) -> dict[str, float]:
    """Median and 99th percentile, in ms, of writing one page into a preallocated file and syncing it."""
    path = folder / f"fdatasync-{os.getpid()}"
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, bytes(_SYNC_FILE_BYTES))
        os.fsync(file)
        times_ms = sorted(_one_sync_ms(file, index) for index in range(_SYNCS))
    finally:
        os.close(file)
        path.unlink()
    return {"median_ms": round(statistics.median(times_ms), 3), "p99_ms": round(times_ms[_SYNCS * 99 // 100], 3)}


def _one_sync_ms(file: int, index: int) -> float:
    begun = time.perf_counter()
    os.pwrite(file, b"\xa5" * _PAGE_BYTES, index * _PAGE_BYTES)
    getattr(os, "fdatasync", os.fsync)(file)
    return (time.perf_counter() - begun) * 1000


def _stat(process: int) -> list[str]:
    """The fields of /proc/PID/stat from the third (state) on; empty for a process that has ended."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text[text.rindex(")") + 2 :].split()


def family(root: int) -> list[int]:
    """A process and all its descendants that live now; only the process itself where there is no /proc."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        fields = _stat(int(entry.name))
        if fields:
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [root], [root]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            found.append(child)
            waiting.append(child)
    return found


def cpu_s(root: int) -> float:
    """Processor seconds, user and system, of a process, its living descendants and its ended children."""
    ticks = 0
    for process in family(root):
        fields = _stat(process)
        if fields:
            # utime, stime, cutime, cstime are fields 14 to 17; the ended children of each living process are its own.
            ticks += sum(int(ticks_) for ticks_ in fields[11:15])
    return ticks / _TICKS_PER_S


def peak_memory_mib(root: int) -> float:
    """The sum of the peak resident sizes of a process and its descendants, in MiB; 0 where there is no /proc."""
    total_kib = 0
    for process in family(root):
        try:
            lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
        except OSError:
            continue
        total_kib += sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    return round(total_kib / 1024, 1)


def own_peak_memory_mib() -> float:
    """This process's own peak resident size, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)


def stolen_s() -> float:
    """Processor seconds that the hypervisor gave to others since the start; 0 where that is not told."""
    try:
        fields = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()
    except OSError:
        return 0.0
    return int(fields[8]) / _TICKS_PER_S if len(fields) > 8 else 0.0
