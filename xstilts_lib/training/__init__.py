"""The loop and what it needs: mixtures, schedules, state on disk, several processes."""
