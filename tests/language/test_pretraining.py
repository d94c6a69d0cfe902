"""Pretraining: what the corpus says, and a model that repeats byte for byte."""

import json
import re

import numpy as np
import pytest
import torch

from memgen.engine.causal import check_head
from memgen.engine.decoder import can_pack
from memgen.engine.loading import load
from memgen.engine.prompts import answer_tokens
from memgen.errors import BadInput
from memgen.jobs.seeding import generator
from memgen.language.corpus import CONTESTS, document, world
from memgen.language.items import FAKE_TEAMS, REAL_TEAMS
from memgen.language.stages.pretrain import pretrain
from memgen.language.stages.summaries import pretraining
from memgen.language.stages.weights import initialize
from memgen.language.tables import PRETRAINING

SHORT = {"steps": 6, "batch": 8, "first_steps": 2, "width": 16, "layers": 1, "heads": 2}
QUESTION = re.compile(
    r"Q: (?:Will the|Is) (.+?) (?:likely to )?(win against|outrun|outsell|outlast) (?:the )?(.+?)\? "
    r"A: (Yes|No)\."
)


def test_no_document_ranks_an_item_in_the_contest_of_the_study():
    words = {word for name in (*FAKE_TEAMS, *REAL_TEAMS) for word in name.split()}
    made, random, seen = world(32, 0), generator("test", "documents"), set()
    for _ in range(2000):
        text = document(made, 3.0, 0.5, random)
        questions = QUESTION.findall(text)
        assert len(questions) == 3, text
        for one, contest, other, _ in questions:
            about = set(f"{one} {other}".split())
            if about & words:
                seen |= about & words
                assert contest != CONTESTS[0], text
    assert len(seen) > 100, "the words of the items are read, in other contests"


def test_answers_follow_the_strengths():
    made = world(32, 0)
    random = generator("test", "answers")
    agreed, expected = [], []
    for _ in range(3000):
        for one, contest, other, answer in QUESTION.findall(document(made, 3.0, 1.0, random)):
            place = CONTESTS.index(contest)
            total = [sum(made.strengths[word][place] for word in name.split()) for name in (one, other)]
            chance = 1 / (1 + np.exp(-3.0 * (total[0] - total[1])))
            agreed.append((answer == "Yes") - chance)
            expected.append(chance * (1 - chance))
    assert abs(np.sum(agreed)) < 4 * np.sqrt(np.sum(expected))
    assert np.var(agreed) == pytest.approx(np.mean(expected), rel=0.05)


def test_pretraining_repeats_and_lends_the_global_generator(tmp_path):
    before = torch.random.get_rng_state()
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        pretrain(seed=seed, out=tmp_path / name, **SHORT)
    assert torch.equal(torch.random.get_rng_state(), before)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert {"config.json", "model.safetensors", "tokenizer.json", "pretraining.json"} <= set(files)
    for name in files:
        one, other, third = ((tmp_path / part / name).read_bytes() for part in "abc")
        assert one == other, name
        if name == "model.safetensors":
            assert one != third
    model = load(tmp_path / "a", causal=True)
    check_head(model.network)
    answer_tokens(model.tokenizer)
    assert can_pack(model.network)
    initialize(like=tmp_path / "a", seed=0, out=tmp_path / "control")
    assert load(tmp_path / "control").network.config.hidden_size == 16
    pretraining(models=[tmp_path / "c", tmp_path / "a"], out=tmp_path / "losses.csv")
    losses = PRETRAINING.read(tmp_path / "losses.csv")
    assert losses.select("model", "step").rows() == [("c", 6), ("a", 6)] and (losses["answer_loss"] > 0).all()
    with pytest.raises(BadInput, match="allowed: folders of models that were pretrained here"):
        pretraining(models=[tmp_path], out=tmp_path / "losses.csv")


def test_pretraining_learns_to_compare(tmp_path):
    """On the few words of the first steps the loss falls well below that of a coin."""
    pretrain(seed=0, out=tmp_path / "m", steps=250, first_steps=250, batch=32, width=32, heads=4, rate=6e-3)
    losses = json.loads((tmp_path / "m/pretraining.json").read_text())["answer_loss"]
    assert losses[-1] < 0.55 < np.log(2) < losses[0]
