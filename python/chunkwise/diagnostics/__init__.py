"""Progress, profiles, charts of CPU and memory."""

__all__: list[str] = []
