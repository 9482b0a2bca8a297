"""Progress, profiles, charts of CPU and memory."""
