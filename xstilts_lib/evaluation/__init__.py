"""From an encoder and a head to prediction files; from an encoder alone to embeddings."""
