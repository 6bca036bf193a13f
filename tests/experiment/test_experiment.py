"""Experiment files: what they say, and the one sentence that each mistake in them becomes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from xstilts_lib import experiment as module
from xstilts_lib.common import places
from xstilts_lib.common.errors import UserError
from xstilts_lib.experiment import Experiment, load_experiment

GOOD = """
title: A test
source: {kind: miniature}
model: {name: tiny, architecture: {model_type: xlm-roberta, hidden_size: 32}}
pretraining: {steps: 10, tokens_per_batch: 256, learning_rate: 2e-3}
seeds: [0, 1]
recipes: [untrained, none, mini_squad, mini_squad+mini_mnli]
targets: [mini_xnli, mini_tatoeba]
training:
  intermediate: {epochs: 3, learning_rate: 1.0e-4}
  target: {steps: 5}
  tasks:
    mini_squad: {steps: 7, examples: 50}
    mini_squad+mini_mnli: {steps: 9}
    mini_mnli: {examples: 60}
"""


# Two encoders built here, one published in a folder, and two questions; the second is put to one of them.
MANY = """
title: Several encoders
source: {kind: miniature}
model: {name: tiny, architecture: {model_type: xlm-roberta, hidden_size: 32, num_hidden_layers: 2}}
variants:
  wide:
    architecture: {hidden_size: 64}
    pretraining: {learning_rate: 1e-3, epochs: 2}
    training: {epochs: 4}
  made: {path: PUBLISHED}
pretraining: {steps: 10, tokens_per_batch: 256, learning_rate: 2e-3}
seeds: [0, 1]
designs:
  size:
    question: Does size matter?
    recipes: [none, mini_squad]
    targets: [mini_xnli, mini_tatoeba]
  order:
    question: Does the order matter?
    models: [tiny]
    recipes: [none, mini_ccg-then-mini_squad]
    targets: [mini_panx, mini_xnli]
training:
  intermediate: {learning_rate: 1.0e-4}
  tasks: {mini_squad: {epochs: 3}, mini_xnli: {batch_size: 8}}
"""


def write(folder: Path, text: str, name: str = "test.yaml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def load(folder: Path, old: str = "", new: str = "") -> Experiment:
    assert old in GOOD
    return load_experiment(write(folder, GOOD.replace(old, new, 1)))


def load_many(folder: Path, old: str = "", new: str = "", variant: str = "") -> Experiment:
    assert old in MANY
    (folder / "published").mkdir(exist_ok=True)
    text = MANY.replace(old, new, 1).replace("PUBLISHED", str(folder / "published"))
    return load_experiment(write(folder, text), variant=variant)


@pytest.mark.parametrize("file", sorted(places.experiments().glob("*.yaml")), ids=lambda file: file.stem)
def test_every_experiment_of_the_checkout_is_valid(file: Path) -> None:
    experiment = load_experiment(file.stem)
    assert experiment.name == file.stem
    assert experiment.targets


def test_reading(tmp_path: Path) -> None:
    experiment = load(tmp_path)
    assert experiment.name == "test"
    assert [recipe.name for recipe in experiment.recipes][-1] == "mini_mnli+mini_squad"
    assert experiment.intermediates == ("mini_squad", "mini_mnli")
    assert experiment.targets_trained == ("mini_xnli",)
    assert experiment.targets == ("mini_xnli", "mini_tatoeba")
    assert experiment.pretraining is not None
    assert experiment.pretraining.learning_rate == 0.002, "2e-3 without a dot is text to YAML"
    assert experiment.directory == places.runs() / "test" / "tiny"


def test_settings_are_layered(tmp_path: Path) -> None:
    experiment = load(tmp_path)
    alone = experiment.settings_for("intermediate", ["mini_squad"])
    assert (alone.steps, alone.epochs, alone.examples, alone.learning_rate) == (7, None, 50, 1e-4)
    assert experiment.settings_for("intermediate", ["mini_mnli"]).epochs == 3
    joint = experiment.settings_for("intermediate", ["mini_mnli", "mini_squad"])
    assert (joint.steps, joint.examples) == (9, None)
    assert experiment.settings_for("target", ["mini_xnli"]).steps == 5


def test_a_joint_step_must_say_whose_value_counts(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"do not agree on 'steps'; add an entry 'mini_mnli\+mini_squad'"):
        load(tmp_path, "    mini_squad+mini_mnli: {steps: 9}\n")


def test_a_joint_step_reads_its_tasks_as_it_states(tmp_path: Path) -> None:
    """Each task's own limit on examples, unless the step has one; all else as the step trains."""
    step = ("mini_mnli", "mini_squad")
    joint = load(tmp_path, "{steps: 9}", "{steps: 9, max_length: 48, batch_size: 4}")
    read = [joint.settings_of(name, step) for name in step]
    assert [(own.examples, own.max_length, own.steps) for own in read] == [(60, 48, 9), (50, 48, 9)]
    assert joint.settings_of("mini_squad", ["mini_squad"]) == joint.settings_for(
        "intermediate", ["mini_squad"]
    )
    limited = load(tmp_path, "{steps: 9}", "{steps: 9, examples: 20}")
    assert [limited.settings_of(name, step).examples for name in step] == [20, 20]
    everywhere = load(tmp_path, "{epochs: 3, ", "{epochs: 3, examples: 7, ")
    assert everywhere.settings_of("mini_squad", step).examples == 50
    assert everywhere.settings_of("mini_mnli", ["mini_mnli", "mini_ccg"]).examples == 60
    assert everywhere.settings_of("mini_ccg", ["mini_mnli", "mini_ccg"]).examples == 7


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("seeds:", "sedes:", "unknown key 'sedes': did you mean 'seeds'"),
        ("title: A test\n", "", "the key 'title' is missing"),
        ("{kind: miniature}", "{kind: minature}",
         "source.kind: 'minature' is not valid: did you mean 'miniature'"),
        ("name: tiny", "nam: tiny", "model: unknown key 'nam': did you mean 'name'"),
        ("learning_rate: 2e-3", "learning_rat: 2",
         "pretraining: unknown key 'learning_rat': did you mean 'learning_rate'"),
        ("learning_rate: 2e-3", "learning_rate: high",
         "pretraining.learning_rate: expected a number, found 'high'"),
        ("steps: 10", "steps: 10.5", "pretraining.steps: expected a whole number, found 10.5"),
        ("[0, 1]", "[0, one]", r"seeds\[1\]: expected a whole number, found 'one'"),
        ("[0, 1]", "[0, 0]", "seeds: '0' stands twice"),
        ("[0, 1]", "[-1]", "seeds: a seed is zero or a positive"),
        ("[0, 1]", "[]", "seeds: the list is empty"),
        ("[0, 1]", "3", "seeds: expected a list, found 3"),
        ("none, mini_squad,", "none, mini_sqaud,", r"recipes\[2\]: .*did you mean 'mini_squad'"),
        ("none, mini_squad,", "none, mini_mnli+mini_squad,",
         r"recipes: 'mini_mnli\+mini_squad' stands twice"),
        ("none, mini_squad,", "none, squad,",
         "there is no task 'squad'|the source 'miniature' does not hold 'squad'"),
        ("mini_tatoeba]", "mini_tatoba]",
         "targets: there is no task 'mini_tatoba': did you mean 'mini_tatoeba'"),
        ("mini_tatoeba]", "mini_ccg]", "targets: 'mini_ccg' is an intermediate task"),
        ("{steps: 5}", "{stps: 5}",
         r"training \(target, mini_xnli\): unknown key 'stps': did you mean 'steps'"),
        ("{steps: 5}", "{steps: 5, epochs: 2}", "both 'epochs' and 'steps'"),
        ("    mini_mnli:", "    mini_mnly:",
         "training.tasks: there is no task 'mini_mnly': did you mean 'mini_mnli'"),
        ("seeds: [0, 1]", "seeds: [0]\nseeds: [1]", "the key 'seeds' stands twice"),
        ("seeds: [0, 1]", "languages: [qaz]\nseeds: [0]", "languages: no target has the language 'qaz'"),
        ("seeds: [0, 1]", "languages: [no]\nseeds: [0]",
         r"languages\[0\]: expected text, found false; put quotes"),
        ("seeds: [0, 1]", "seeds: [0", "not valid YAML"),
        ("seeds: [0, 1]", "workflow: {threads: 0}\nseeds: [0]",
         "workflow.threads: expected a whole number of at least 1, found 0"),
        ("seeds: [0, 1]", "evaluation: {split: tset}\nseeds: [0]",
         "'tset' is not valid: did you mean 'test'"),
        (
            "architecture: {model_type: xlm-roberta, hidden_size: 32}",
            "path: FacebookAI/xlm-roberta-base",
            "pin the 'revision' of 'FacebookAI/xlm-roberta-base' to a commit",
        ),
        ("hidden_size: 32}", "hidden_size: 32}, path: x", "state one of 'architecture'"),
        ("model_type: xlm-roberta, ", "", "needs a 'model_type'"),
        ("pretraining: {steps: 10, tokens_per_batch: 256, learning_rate: 2e-3}\n", "",
         "pretraining must be stated"),
        ("target: {steps: 5}", "target: {steps: 5, max_length: 600}",
         r"training \(target, mini_xnli\): max_length is 600, but the encoder 'tiny' has positions for 510"),
        ("mini_mnli: {steps: 9}", "mini_mnli: {steps: 9, max_length: 511}",
         r"training \(intermediate, mini_mnli\+mini_squad\): max_length is 511"),
        ("hidden_size: 32", "hidden_size: 32, max_position_embeddings: 130",
         r"training \(intermediate, mini_squad\): max_length is 256, .* 128 tokens: give 128 at most"),
        ("steps: 10,", "steps: 10, max_length: 511,", "pretraining: max_length is 511"),
        ("steps: 10,", "steps: 10, examples: 5,", "pretraining.examples: how much is read is said by"),
        ("mini_mnli: {examples: 60}", "mini_mnli: {examples: 60}\n    mini_ccg: {epochs: 1}",
         "training.tasks.mini_ccg: no recipe and no target here trains this"),
        ("recipes: [untrained, none, mini_squad, mini_squad+mini_mnli]", "recipes: [none, mini_squad]",
         r"training.tasks.mini_mnli\+mini_squad: no recipe and no target here trains this"),
        ("mini_mnli: {examples: 60}", "mini_mnli+mini_squad: {steps: 8}",
         r"training: tasks: 'mini_mnli\+mini_squad' stands twice, in another order"),
        ("{steps: 5}", "{steps: 5, sampling: uniform}",
         "training.target.sampling: one task alone is trained, and nothing mixed"),
        ("mini_mnli: {examples: 60}", "mini_xnli: {cap: 60}",
         r"training \(target, mini_xnli\): cap is stated, but sampling: proportional does not read it"),
        ("mini_squad+mini_mnli: {steps: 9}", "mini_squad+mini_mnli: {steps: 9, temperature: 5}",
         "temperature is stated, but sampling: proportional does not read it"),
        ("mini_mnli: {examples: 60}", "mini_xnli: {sampling: uniform}",
         "training.tasks.mini_xnli.sampling: one task alone is trained, and nothing mixed"),
        ("[untrained, none, mini_squad, mini_squad+mini_mnli]\ntargets: [mini_xnli, mini_tatoeba]",
         "[none, mini_squad]\ntargets: [mini_xnli]",
         "no recipe and no target here trains this"),
    ],
)  # fmt: skip
def test_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        load(tmp_path, old, new)
    assert str(caught.value).count("test.yaml") == 1, "the sentence names the file, once"
    assert "\n" not in str(caught.value)


def test_unknown_experiment() -> None:
    with pytest.raises(UserError, match="no experiment 'smok': did you mean 'smoke'"):
        load_experiment("smok")
    with pytest.raises(UserError, match=r"no experiment file nowhere\.yaml"):
        load_experiment("nowhere.yaml")


def test_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="this file holds none"):
        load_experiment(write(tmp_path, "# nothing\n"))


def test_found_by_name_in_a_further_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, GOOD)
    monkeypatch.setenv(module.EXPERIMENTS, str(tmp_path))
    assert load_experiment("test").title == "A test"
    assert "test" in module.available()
    assert "smoke" in module.available()


def test_a_data_folder_is_for_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no use for a data folder"):
        load_experiment(write(tmp_path, GOOD), data=tmp_path)


def test_a_variant_is_the_main_encoder_but_for_what_it_states(tmp_path: Path) -> None:
    main, wide, made = load_many(tmp_path).each_model()
    assert (main.model.name, wide.model.name, made.model.name) == ("tiny", "wide", "made")
    assert (main.variant, wide.variant) == ("", "wide")
    assert wide.model.architecture == {"model_type": "xlm-roberta", "hidden_size": 64, "num_hidden_layers": 2}
    assert main.model.architecture is not None
    assert main.model.architecture["hidden_size"] == 32, "the main encoder stays as it is"
    assert main.pretraining is not None
    assert wide.pretraining is not None
    assert wide.pretraining.learning_rate == 1e-3
    assert wide.pretraining.tokens_per_batch == main.pretraining.tokens_per_batch == 256
    assert (wide.pretraining.epochs, wide.pretraining.steps) == (2, None), "of alternatives the later counts"
    assert wide.directory == places.runs() / "test" / "wide"
    assert wide.root == main.root == places.runs() / "test"


def test_a_variants_training_settings_come_before_every_phase_and_task(tmp_path: Path) -> None:
    main, wide, _ = load_many(tmp_path).each_model()
    assert main.settings_for("intermediate", ["mini_squad"]).epochs == 3
    squad = wide.settings_for("intermediate", ["mini_squad"])
    assert (squad.epochs, squad.learning_rate) == (4, 1e-4)
    xnli = wide.settings_for("target", ["mini_xnli"])
    assert (xnli.epochs, xnli.batch_size) == (4, 8)


def test_a_variant_may_train_one_task_in_another_way(tmp_path: Path) -> None:
    rows = "training: {epochs: 4}\n    tasks: {mini_xnli: {examples: 90, steps: 7}}"
    main, wide, _ = load_many(tmp_path, "training: {epochs: 4}", rows).each_model()
    assert main.settings_for("target", ["mini_xnli"]).examples is None
    xnli = wide.settings_for("target", ["mini_xnli"])
    assert (xnli.examples, xnli.steps, xnli.epochs, xnli.batch_size) == (90, 7, None, 8)
    assert wide.settings_for("target", ["mini_panx"]).epochs == 4, "others are as the encoder has them"


def test_a_published_variant_is_not_pretrained(tmp_path: Path) -> None:
    made = load_many(tmp_path, variant="made")
    assert made.model.path == str(tmp_path / "published")
    assert made.model.architecture is made.pretraining is None
    assert [each.model.name for each in made.each_model()] == ["made"], "with one encoder it has no other"


def test_a_variant_is_chosen_by_name(tmp_path: Path) -> None:
    assert load_many(tmp_path, variant="tiny").variant == load_many(tmp_path).variant == ""
    assert load_many(tmp_path, variant="wide") == load_many(tmp_path).with_model("wide")
    with pytest.raises(
        UserError, match=r"test\.yaml: variants: there is no encoder 'wid': did you mean 'wide'"
    ):
        load_many(tmp_path, variant="wid")


def test_each_encoder_has_the_recipes_and_targets_of_its_designs(tmp_path: Path) -> None:
    main, wide, _ = load_many(tmp_path).each_model()
    both = ["none", "mini_squad", "mini_ccg-then-mini_squad"]
    assert [recipe.name for recipe in main.recipes] == both
    assert main.targets == ("mini_xnli", "mini_tatoeba", "mini_panx"), "in order of first appearance"
    assert [recipe.name for recipe in wide.recipes] == both[:2]
    assert wide.targets == ("mini_xnli", "mini_tatoeba")
    assert main.intermediates == ("mini_squad", "mini_ccg")
    assert list(main.designs) == list(wide.designs) == ["size", "order"]
    assert main.designs["size"].covers("made")
    assert not main.designs["order"].covers("wide")


def test_a_recipe_is_evaluated_where_a_design_asks_for_it(tmp_path: Path) -> None:
    main, wide, _ = load_many(tmp_path).each_model()
    none, squad, sequence = main.recipes
    assert main.targets_of(none) == ("mini_xnli", "mini_tatoeba", "mini_panx")
    assert main.targets_of(squad) == ("mini_xnli", "mini_tatoeba")
    assert main.targets_of(sequence) == ("mini_xnli", "mini_panx")
    assert main.targets_of(sequence.prefix) == (), "it hands on its encoder, and that is all"
    assert wide.targets_of(none) == ("mini_xnli", "mini_tatoeba")
    assert wide.targets_of(sequence) == ()


def test_subsets_are_drawn_and_nobody_chooses_them(tmp_path: Path) -> None:
    stated = "recipes: [none, mini_ccg-then-mini_squad]"

    def drawn(subsets: str) -> list[str]:
        design = load_many(tmp_path, stated, f"{stated}\n    subsets: {subsets}").designs["order"]
        assert [recipe.name for recipe in design.recipes[:2]] == ["none", "mini_ccg-then-mini_squad"]
        return [recipe.name for recipe in design.recipes[2:]]

    tasks = "tasks: [mini_qqp, mini_ccg, mini_mnli, mini_hellaswag]"
    two = drawn(f"{{{tasks}, sizes: [2], each: 3}}")
    assert len(two) == len(set(two)) == 3
    assert all(name.count("+") == 1 for name in two)
    assert two == drawn(f"{{{tasks}, sizes: [2], each: 3}}"), "the same ones again"
    assert any(two != drawn(f"{{{tasks}, sizes: [2], each: 3, seed: {seed}}}") for seed in range(1, 4))
    every = drawn(f"{{{tasks}, sizes: [2, 3, 4], each: 6}}")
    assert [name.count("+") for name in every] == [1] * 6 + [2] * 4 + [3]


def test_without_designs_every_recipe_meets_every_target(tmp_path: Path) -> None:
    experiment = load(tmp_path)
    assert experiment.targets_of(experiment.recipes[0]) == ("mini_xnli", "mini_tatoeba")
    assert experiment.targets_of(experiment.recipes[-1].prefix) == ("mini_xnli", "mini_tatoeba"), "it is none"
    whole = experiment.whole
    assert (whole.question, whole.recipes, whole.targets) == (
        "A test", experiment.recipes, experiment.targets,
    )  # fmt: skip
    assert whole.models == ("tiny",)


def test_the_whole_table_is_that_of_the_first_design(tmp_path: Path) -> None:
    whole = load_many(tmp_path).whole
    assert whole.question == "Does size matter?"
    assert [recipe.name for recipe in whole.recipes] == ["none", "mini_squad"]
    assert whole.targets == ("mini_xnli", "mini_tatoeba")
    assert whole.models == ("tiny",), "of the main encoder alone"


def test_needs_are_those_of_every_encoder(tmp_path: Path) -> None:
    experiment = load_many(tmp_path)
    needs = experiment.needs(experiment.open_source())
    assert ("mini_ccg", "train", "en") in needs
    assert ("mini_tatoeba", "test", "qaa") in needs
    assert ("mini_panx", "test", "qag") in needs
    assert len(needs) == len(set(needs))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("    architecture:", "    architectur:", "variants.wide: unknown key 'architectur'"),
        ("learning_rate: 1e-3", "learning_rat: 1e-3",
         "variants.wide.pretraining: unknown key 'learning_rat': did you mean 'learning_rate'"),
        ("learning_rate: 1e-3", "learning_rate: high",
         "variants.wide.pretraining.learning_rate: expected a number, found 'high'"),
        ("training: {epochs: 4}", "training: {epoch: 4}", "unknown key 'epoch': did you mean 'epochs'"),
        ("training: {epochs: 4}", "tasks: {mini_xnly: {epochs: 4}}",
         "variants.wide.tasks.mini_xnly: .* trains this: did you mean 'mini_xnli'"),
        ("training: {epochs: 4}", "tasks: {mini_xnli: {epoch: 4}}",
         "unknown key 'epoch': did you mean 'epochs'"),
        ("{path: PUBLISHED}", "{path: FacebookAI/xlm-roberta-base}", "variants.made: pin the 'revision'"),
        ("{path: PUBLISHED}", "{path: a/b, revision: main}", "'a/b' to a commit, 40 hexadecimal digits"),
        ("{path: PUBLISHED}", "{path: a/b, revision: aa5d120}", "'a/b' to a commit, 40 hexadecimal digits"),
        ("{path: PUBLISHED}", "{path: PUBLISHED, architecture: {hidden_size: 8}}",
         "variants.made: a published encoder .* has no use for 'architecture'"),
        ("recipes: [none, mini_squad]", "recipes: [untrained, none]",
         "variants.made: recipes: 'untrained' needs a model with an 'architecture'"),
        ("  made:", "  tiny:", "variants: 'tiny' is the name of the main encoder"),
        ("models: [tiny]", "models: [tini]",
         "designs.order.models: there is no encoder 'tini': did you mean 'tiny'"),
        ("  size:\n", "  size:\n    models: [tiny, made]\n", "designs: none of them uses the encoder 'wide'"),
        ("recipes: [none, mini_ccg-then-mini_squad]", "recipes: [none, mini_sqaud]",
         r"designs.order.recipes\[1\]: .*did you mean 'mini_squad'"),
        ("targets: [mini_panx, mini_xnli]", "targets: [mini_panx, mini_xnly]",
         "targets: there is no task 'mini_xnly': did you mean 'mini_xnli'"),
        ("targets: [mini_panx, mini_xnli]", "targets: []",
         "designs.order: recipes and targets must each name at least one"),
        ("question: Does size matter?", "questions: Does size matter?",
         "designs.size: unknown key 'questions': did you mean 'question'"),
        ("recipes: [none, mini_squad]",
         "recipes: [none]\n    subsets: {tasks: [mini_ccg], sizes: [2], each: 1}",
         "designs.size.subsets: 'each' must be at least 1, and every size between 1 and 1"),
        ("recipes: [none, mini_squad]",
         "recipes: [none]\n    subsets: {tasks: [mini_ccg, mini_sqaud], sizes: [2], each: 1}",
         "designs.size.subsets: .*did you mean 'mini_squad'"),
        ("seeds: [0, 1]", "variant: wide\nseeds: [0]", "unknown key 'variant': did you mean 'variants'"),
        ("seeds: [0, 1]", "recipes: [none]\nseeds: [0]", "recipes: the designs state them"),
        ("seeds: [0, 1]", "targets: [mini_xnli]\nseeds: [0]", "targets: the designs state them"),
    ],
)  # fmt: skip
def test_variants_and_designs_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        load_many(tmp_path, old, new)
    assert str(caught.value).count("test.yaml") == 1, "the sentence names the file, once"
    assert "\n" not in str(caught.value)


def test_a_language_that_is_asked_for_must_be_spoken(tmp_path: Path) -> None:
    old, new = "seeds: [0, 1]", "languages: [en, qah]\nseeds: [0]"
    with pytest.raises(
        UserError, match=r"test\.yaml: languages: this world does not speak 'qah': did you mean"
    ):
        load(tmp_path, old, new).open_source()
    text = GOOD.replace(old, new).replace("{kind: miniature}", "{kind: miniature, languages: {qah: {}}}")
    experiment = load_experiment(write(tmp_path, text))
    assert experiment.languages_for("mini_xnli", experiment.open_source()) == ("en", "qah")


def test_no_heavy_import() -> None:
    code = (
        "import sys; from xstilts_lib.experiment import load_experiment; load_experiment('smoke');"
        "print([m for m in ('torch', 'transformers', 'datasets', 'pandas', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_relative_folder_is_seen_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = MANY.replace("PUBLISHED", "weights").replace("kind: miniature", "kind: hub, mirror: copies")
    for old, new in (("mini_squad", "squad_v1"), ("mini_ccg", "mnli"), ("mini_", "")):
        text = text.replace(old, new)
    for name in ("weights", "copies"):
        (tmp_path / "beside" / name).mkdir(parents=True)
    file = write(tmp_path / "beside", text)
    monkeypatch.chdir(tmp_path)
    loaded = load_experiment(file)
    assert loaded.source["mirror"] == str(tmp_path / "beside" / "copies")
    assert loaded.with_model("made").model.path == str(tmp_path / "beside" / "weights")
    (tmp_path / "beside" / "weights").rename(tmp_path / "weights")
    with pytest.raises(UserError, match=r"variants\.made\.path: 'weights' is no folder beside this file"):
        load_experiment(file)


def test_settings_of_a_training_set_are_stated_for_the_target_that_reads_it(tmp_path: Path) -> None:
    text = GOOD.replace("mini_squad, mini_squad+mini_mnli]", "mini_squad]")
    text = text.replace("    mini_squad+mini_mnli: {steps: 9}\n", "")
    says = "training.tasks.mini_mnli: .* state it for 'mini_xnli', which trains on it"
    with pytest.raises(UserError, match=says):
        load_experiment(write(tmp_path, text))


@pytest.mark.parametrize("key", ["pooling: first", "mask_rate: 0.2", "masking: mask"])
def test_a_setting_that_a_task_s_format_does_not_read_is_refused(tmp_path: Path, key: str) -> None:
    text = GOOD.replace(", mini_squad+mini_mnli]", "]").replace("steps: 7, examples: 50", key)
    with pytest.raises(UserError, match=r"mini_squad\.\w+: a task of the format span reads none"):
        load_experiment(write(tmp_path, text[: text.index("    mini_squad+")]))


def test_a_phase_that_trains_nothing_is_checked_too(tmp_path: Path) -> None:
    text = GOOD.replace(", mini_squad, mini_squad+mini_mnli]", "]").replace("epochs: 3", "epoch: 3")
    text = text[: text.index("  tasks:")]
    with pytest.raises(
        UserError, match=r"training\.intermediate: unknown key 'epoch': did you mean 'epochs'"
    ):
        load_experiment(write(tmp_path, text))


def test_what_a_variant_states_takes_the_place_of_its_alternative_too(tmp_path: Path) -> None:
    """Steps of a variant, and not the epochs that a task has of the other encoders."""
    variant = load_many(tmp_path, "training: {epochs: 4}", "training: {steps: 40, examples: 9}", "wide")
    for phase, name in (("intermediate", "mini_squad"), ("target", "mini_xnli")):
        settings = variant.settings_for(phase, [name])  # type: ignore[arg-type]
        assert (settings.steps, settings.epochs, settings.examples) == (40, None, 9)
    assert load_many(tmp_path).settings_for("intermediate", ["mini_squad"]).epochs == 3


@pytest.mark.parametrize(
    ("config", "limit"),
    [
        ('{"model_type": "xlm-roberta", "max_position_embeddings": 514, "pad_token_id": 1}', 512),
        ('{"model_type": "bert", "max_position_embeddings": 128, "pad_token_id": 0}', 128),
        ('{"model_type": "mt5"}', None),
    ],
)
def test_a_published_encoder_s_positions_are_read(tmp_path: Path, config: str, limit: int | None) -> None:
    load_many(tmp_path)
    (tmp_path / "published" / "config.json").write_text(config)
    text = MANY.replace("1.0e-4}", "1.0e-4, max_length: 128}\n  target: {max_length: LENGTH}", 1)
    text = text.replace("PUBLISHED", str(tmp_path / "published"))
    text = text.replace("hidden_size: 32,", "hidden_size: 32, max_position_embeddings: 9000,")
    load_experiment(write(tmp_path, text.replace("LENGTH", str(limit or 600))))
    if limit is not None:
        says = rf"variants.made: training \(target, mini_xnli\): .*'made' has positions for {limit} tokens"
        with pytest.raises(UserError, match=says):
            load_experiment(write(tmp_path, text.replace("LENGTH", str(limit + 1))))


def test_a_published_encoder_is_known_by_its_name(tmp_path: Path) -> None:
    text = MANY.replace(
        "{path: PUBLISHED}", "{path: FacebookAI/xlm-roberta-base, revision: " + 40 * "a" + "}"
    )
    text = text.replace("training:\n", "training:\n  target: {max_length: 513}\n", 1)
    text = text.replace("hidden_size: 32,", "hidden_size: 32, max_position_embeddings: 9000,")
    with pytest.raises(UserError, match="'made' has positions for 512 tokens"):
        load_experiment(write(tmp_path, text))
