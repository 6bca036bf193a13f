"""Run directories, manifests, results, records; what a run reads and when it is done."""
