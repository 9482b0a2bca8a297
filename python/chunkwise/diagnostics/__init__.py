"""Progress, profiles, charts of CPU and memory, a page that shows runs as they go on.

Each is a context manager that hears of every run within it, and can be registered for good:

>>> from chunkwise.diagnostics import ProgressBar, Profiler, ResourceProfiler, visualize
>>> with Profiler() as prof, ResourceProfiler(dt=0.01) as rprof:
...     total = (da.asarray([1, 2, 3]) + 1).compute()
>>> [task.label for task in prof.results]
['add']
>>> visualize([prof, rprof])
<picture of tasks, processors and memory over time, ...>
"""

from .._svg import Picture
from ._callback import Callback
from ._profile import Profiler, ResourceProfiler, visualize
from ._progress import ProgressBar
from ._records import ResourceData, RunData, StageData, TaskData, WorkerData
from ._serve import Server, serve
from ._table import Table

__all__ = [
    "Callback",
    "Picture",
    "Profiler",
    "ProgressBar",
    "ResourceData",
    "ResourceProfiler",
    "RunData",
    "Server",
    "StageData",
    "Table",
    "TaskData",
    "WorkerData",
    "serve",
    "visualize",
]
