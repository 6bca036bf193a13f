"""An experiment: one YAML file, read once, checked whole, and frozen.

>>> from xstilts_lib.experiment import load_experiment
>>> experiment = load_experiment("smoke")
>>> experiment.recipes[0].name
'untrained'

Everything wrong with a file is refused here, before anything runs, with a UserError that names the file, the
key and the nearest valid name. Nothing here imports torch.
"""

from .experiment import DATA, EXPERIMENTS, FOLDER, LABELLED, Experiment, Phase, available, load_experiment
from .parts import Design, Evaluation, Model, Retrieval, Subsets, Training, Variant, Workflow

__all__ = [
    "DATA", "EXPERIMENTS", "FOLDER", "LABELLED", "Design", "Evaluation", "Experiment", "Model", "Phase",
    "Retrieval", "Subsets", "Training", "Variant", "Workflow", "available", "load_experiment",
]  # fmt: skip
