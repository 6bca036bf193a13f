"""What everything stands on: errors, files, places, hashes, arithmetic; it knows nothing of the rest."""
