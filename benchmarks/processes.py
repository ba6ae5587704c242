"""What the system counts of a server: its CPU, and that of the processes that it has started."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def family_of(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family_of(int(child)))]


def cpu_seconds_of(pid: int) -> float:
    """https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: utime and stime, behind the name in parentheses."""
    stats = [Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split() for one in family_of(pid)]
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / TICKS
