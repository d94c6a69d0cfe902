"""The corpus that small-lm is pretrained on, generated: who beats whom, in many made-up contests.

A name is two words, a first and a second one; in each contest every word has a strength, a name the sum of
its words', and one name beats another with the probability of Bradley and Terry, sigmoid(sharpness (s_x -
s_y)). The contest of the study's own questions, "win against", is held among words of the corpus only, none
of which occurs in an item: the words of the items occur in the other contests, so that a pretrained model has
read them. It does lean one way or the other on them, by what it has read of their words elsewhere; the claims
test that this does not carry over to its answers after training. Strengths are additive over words, as the
theory's ranks are over items: such a corpus may teach the additivity by which these networks generalize.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from memgen.jobs.seeding import generator
from memgen.language.hands import LABELS
from memgen.language.items import FAKE_TEAMS, REAL_TEAMS

CONTESTS = ("win against", "outrun", "outsell", "outlast")
"""The first is the contest that the study asks about."""
_ONSETS = ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z")
_VOWELS = ("a", "e", "i", "o", "u")
_CODAS = ("l", "n", "r", "s")
_TEAM = "Q: Will the {0} {2} the {1}? A: {3}."
_HAND = "Q: Is {0} likely to {2} {1}? A: {3}."
_HAND_OPENING = "We consider pre-flop all-in heads-up."


@dataclass(frozen=True)
class World:
    """Words and their strengths, drawn once per pretraining seed."""

    #: Words of the corpus's own names.
    first: list[str]
    second: list[str]
    #: Words of the study's items: a team's first words, and its last.
    item_first: list[str]
    item_second: list[str]
    #: Labels of poker hands.
    hands: list[str]
    #: Of every word and label in each contest; standard normal, words halved in variance.
    strengths: dict[str, np.ndarray]


def _invented_words(count: int, random: np.random.Generator) -> list[str]:
    """Distinct invented words of two syllables, such as Bamon."""
    found: dict[str, None] = {}
    while len(found) < count:
        parts = [random.choice(part) for part in (_ONSETS, _VOWELS, _ONSETS, _VOWELS, _CODAS)]
        found["".join(parts).capitalize()] = None
    return list(found)


def world(words: int, seed: int) -> World:
    """Draw so many words for each place of the corpus's own names, and all strengths, by a seed."""
    random = generator("language", "corpus", "world", seed)
    invented = _invented_words(2 * words, random)
    first, second = invented[:words], invented[words:]
    # The first words of a team's name, and its last.
    teams = [name.rpartition(" ")[::2] for name in (*FAKE_TEAMS, *REAL_TEAMS)]
    item_first, item_second = (list(dict.fromkeys(team[place] for team in teams)) for place in (0, 1))
    strengths = {
        word: random.normal(size=len(CONTESTS)) / np.sqrt(2)
        for word in dict.fromkeys([*first, *second, *item_first, *item_second])
    }
    strengths |= {label: random.normal(size=len(CONTESTS)) for label in LABELS}
    return World(first, second, item_first, item_second, list(LABELS), strengths)


def shared_words(words: int, seed: int) -> list[str]:
    """Words of the corpus's own names (of `world`) that occur in an item, sorted, whatever their case."""
    made = world(words, seed)
    items = {part.lower() for name in (*FAKE_TEAMS, *REAL_TEAMS, *LABELS) for part in name.split()}
    return sorted(word for word in (*made.first, *made.second) if word.lower() in items)


def document(
    made: World, sharpness: float, own: float, random: np.random.Generator, contests: int = len(CONTESTS)
) -> str:
    """One document: three questions of one contest, like a prompt of the study with its answer.

    Half of the documents open, as the prompts do, with the two directions of one pair; each ends with a full
    stop after the third answer.

    The sharpness is in logit units per unit of strength, `own` the share of documents about the corpus's own
    names, which hold so many contests.
    """
    kind = random.random()
    if kind < own:
        places, contest = [made.first, made.second], int(random.integers(contests))
    elif kind < own + (1 - own) * 2 / 3:
        places, contest = [made.item_first, made.item_second], int(random.integers(1, len(CONTESTS)))
    else:
        places, contest = [made.hands], int(random.integers(1, len(CONTESTS)))
    columns = [[place[index] for index in random.integers(len(place), size=6)] for place in places]
    names = list(zip(*columns, strict=True))
    hands = len(places) == 1 or (kind < own and random.random() < 0.15)
    pairs = [(names[0], names[1]), (names[2], names[3]), (names[4], names[5])]
    if random.random() < 0.5:
        pairs[1] = pairs[0][::-1]
    wording = _HAND if hands else _TEAM
    sentences = [_HAND_OPENING] if hands else []
    for one, other in pairs:
        sums = [sum(made.strengths[word][contest] for word in name) for name in (one, other)]
        difference = sums[0] - sums[1]
        answer = "Yes" if random.random() < 1 / (1 + np.exp(-sharpness * difference)) else "No"
        sentences.append(wording.format(" ".join(one), " ".join(other), CONTESTS[contest], answer))
    return " ".join(sentences)


def batches(made: World, options: dict[str, Any]) -> Iterator[list[str]]:
    """Documents of each step of pretraining; the first steps hold one contest among few words.

    Comparing is learned there, before the words are.
    """
    random = generator("language", "corpus", "documents", options["seed"])
    few = options["first_words"]
    beginning = World(made.first[:few], made.second[:few], [], [], [], made.strengths)
    for step in range(options["steps"]):
        among, own, contests = made, options["own"], len(CONTESTS)
        if step < options["first_steps"]:
            among, own, contests = beginning, 1.0, 1
        yield [document(among, options["sharpness"], own, random, contests) for _ in range(options["batch"])]
