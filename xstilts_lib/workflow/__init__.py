"""The graph of jobs, the engine that runs it, the notebooks that it executes, and what it will cost."""
