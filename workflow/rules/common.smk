# What every rule file uses. Knows no study, and holds no rule.
from pathlib import Path

from memgen.rules import code, flags, one_of, repeated, words
