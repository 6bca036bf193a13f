"""What the benchmarks beside transformers' Trainer share: the examples, the model, and the Trainer's side."""
