"""How a calculator prints its answer: a line a number for people, or JSON."""

import json as json_format
from collections.abc import Mapping


def show(answer: Mapping[str, float], json: bool) -> None:
    """Print named numbers."""
    if json:
        print(json_format.dumps(dict(answer), allow_nan=False))
        return
    for name, value in answer.items():
        print(f"{name:<24}{value:.9g}")
