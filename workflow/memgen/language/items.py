"""What is ranked: families of names, and the sample of them that one seed uses.

A family is an entry of `FAMILIES`. The anchor pair, which the two fixed shots of every prompt compare, is
never in the hierarchy: two real teams, or for poker a pair of aces over seven and deuce. Teams may hold any
rank; hands of poker are drawn so that their equities agree with the ranks (see `lineups.chain`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from memgen.errors import BadInput
from memgen.jobs.seeding import generator
from memgen.language.hands import LABELS

REAL_TEAMS = (
    "Arizona Diamondbacks", "Atlanta Braves", "Baltimore Orioles", "Boston Red Sox", "Chicago Cubs",
    "Chicago White Sox", "Cincinnati Reds", "Cleveland Guardians", "Colorado Rockies", "Detroit Tigers",
    "Houston Astros", "Kansas City Royals", "Los Angeles Angels", "Los Angeles Dodgers", "Miami Marlins",
    "Milwaukee Brewers", "Minnesota Twins", "New York Mets", "New York Yankees", "Oakland Athletics",
    "Philadelphia Phillies", "Pittsburgh Pirates", "San Diego Padres", "San Francisco Giants",
    "Seattle Mariners", "St. Louis Cardinals", "Tampa Bay Rays", "Texas Rangers", "Toronto Blue Jays",
    "Washington Nationals",
)  # fmt: skip
"""The thirty teams of Major League Baseball; Oakland as until 2024, and as pretrained models have read it."""

FAKE_TEAMS = (
    "Amber Foxes", "Basalt Kites", "Cobalt Badgers", "Copper Gales", "Dune Lanterns", "Ember Newts",
    "Fjord Hammers", "Frost Pilgrims", "Garnet Owls", "Granite Larks", "Harbor Thimbles", "Iron Thistles",
    "Jade Otters", "Kelp Drummers", "Linden Sparks", "Maple Voyagers", "Meadow Turbines", "Nimbus Ferrets",
    "Onyx Herons", "Prairie Anvils", "Quartz Gliders", "Russet Cranes", "Saffron Moths", "Slate Lynxes",
    "Thunder Ferns", "Tundra Beacons", "Umber Ponies", "Vapor Bison", "Velvet Hornbills", "Walnut Jugglers",
    "Willow Sentinels", "Yarrow Bandits", "Zephyr Moose",
)  # fmt: skip
"""Invented for this study; no team is known to bear one of them."""


@dataclass(frozen=True)
class Family:
    """A kind of item: every name that a seed may draw, and its questions, a key of `prompts.WORDINGS`."""

    names: tuple[str, ...]
    wording: str = "teams"


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {"real": Family(REAL_TEAMS), "fake": Family(FAKE_TEAMS), "poker": Family(LABELS, "hands")}
)


@dataclass(frozen=True)
class Sample:
    """Items of one seed, in the order of their ranks in a run that is not reversed, strongest first.

    The anchor is the winner and the loser of the two fixed shots; the wording, a key of `prompts.WORDINGS`,
    says which questions are asked.
    """

    names: tuple[str, ...]
    anchor: tuple[str, str]
    wording: str = "teams"

    def ranked(self, reverse: bool) -> tuple[str, ...]:
        """Names in the order of their ranks in one run; `reverse` turns the order round."""
        return self.names[::-1] if reverse else self.names


POKER_ANCHOR = ("AA", "72o")
"""Winner and loser of the shots about poker; neither is ever an item."""


def largest_hierarchy(items: str) -> int:
    """Most items that a hierarchy may have, so that an anchor pair is left; BadInput of an unknown family."""
    kind = family(items)
    if kind.wording == "hands":
        return len(kind.names) - len(POKER_ANCHOR)
    anchors_inside = set(kind.names) & set(REAL_TEAMS)
    return len(kind.names) - 2 if len(set(REAL_TEAMS) - anchors_inside) < 2 else len(kind.names)


def needs_exceptions(items: str) -> bool:
    """Whether the items of a run depend on the exceptions, not on the number of items alone."""
    return family(items).wording == "hands"


def family(items: str) -> Family:
    """Family of that name; BadInput if there is none."""
    if items not in FAMILIES:
        raise BadInput(f"items {items!r}: no such kind of item; allowed: {', '.join(FAMILIES)}")
    return FAMILIES[items]


def sample(items: str, n: int, seed: int) -> Sample:
    """Teams and anchor pair of one seed.

    The sample depends on the family of teams, the number of items `n` and the seed alone, so that hierarchies
    of one size share it and can be compared seed by seed. BadInput if there is no such family of teams, or it
    has too few names.
    """
    most = largest_hierarchy(items)
    if not 2 <= n <= most:
        raise BadInput(f"items {items!r}: a hierarchy of {n} items; allowed: 2 to {most}")
    if family(items).wording != "teams":
        raise BadInput(f"items {items!r}: drawn by their equities; allowed: teams")
    random = generator("language", "items", items, n, seed)
    names = tuple(str(name) for name in random.permutation(family(items).names)[:n])
    others = [name for name in REAL_TEAMS if name not in names]
    winner, loser = random.permutation(others)[:2]
    return Sample(names, (str(winner), str(loser)))
