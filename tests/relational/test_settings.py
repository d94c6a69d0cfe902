"""The block `relational`: what types cannot say."""

import pytest

from memgen.errors import BadInput
from memgen.relational.settings import check


def test_settings_refuse_what_types_cannot():
    check({"relational": {"hierarchies": {"good": {"n": 9, "exceptions": ["5:3"]}, "plain": {"n": 3}}}})
    for exceptions, message in (
        (["9:3"], "relational.hierarchies.bad: exception 9:3: ranks must be 0 to 8"),
        (["4:3"], "plus 2"),
        (["5:3", "05:3"], "given twice"),
    ):
        with pytest.raises(BadInput, match=message):
            check({"relational": {"hierarchies": {"bad": {"n": 9, "exceptions": exceptions}}}})
