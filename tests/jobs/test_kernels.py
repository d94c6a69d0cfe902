"""Kernels: products taken from OpenBLAS, what libraries report, and the refusal of what they ignore."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from memgen.errors import BadInput
from memgen.jobs import kernels
from repository import ROOT

PRODUCTS = """
import json, sys
from memgen.jobs import kernels
kernels.choose("memgen.language.stages.pretrain", sys.argv[1])
import numpy, torch
from torch.nn.functional import linear
random = torch.Generator().manual_seed(0)
def drawn(*shape, dtype=torch.float64):
    return torch.randn(shape, generator=random, dtype=torch.float64).to(dtype)
worst = 0.0
for dtype, scale in ((torch.float64, 1.0), (torch.float32, 2.0**-29), (torch.bfloat16, 2.0**-45)):
    a, b, c = drawn(7, 12, dtype=dtype), drawn(12, 5, dtype=dtype), drawn(5, dtype=dtype)
    stack, other = drawn(3, 7, 12, dtype=dtype), drawn(3, 12, 5, dtype=dtype)
    pairs = [
        (a @ b, numpy.einsum("ij,jk->ik", a.double(), b.double())),
        (a[:, ::2] @ b[::2], numpy.einsum("ij,jk->ik", a[:, ::2].double(), b[::2].double())),
        (b.T @ a.T, numpy.einsum("ij,jk->ki", a.double(), b.double())),
        (torch.addmm(c, a, b, beta=2, alpha=-3), (2 * c.double() - 3 * (a.double() @ b.double())).numpy()),
        (torch.addmm(c * float("nan"), a, b, beta=0), (a.double() @ b.double()).numpy()),
        (stack @ other, numpy.einsum("sij,sjk->sik", stack.double(), other.double())),
        (a.expand(3, 7, 12) @ other, numpy.einsum("ij,sjk->sik", a.double(), other.double())),
        (linear(stack, b.T, c), numpy.einsum("sij,jk->sik", stack.double(), b.double()) + c.double().numpy()),
    ]
    for found, expected in pairs:
        worst = max(worst, scale * float(numpy.abs(found.double().numpy() - expected).max()))
given = [drawn(4, 6).requires_grad_(), drawn(3, 6).requires_grad_(), drawn(3).requires_grad_()]
exact = torch.autograd.gradcheck(linear, given)
empty = (torch.zeros(2, 0) @ torch.zeros(0, 3)).abs().sum().item()
print(json.dumps([worst, exact, empty, kernels.in_force()]))
"""


def reported(mode: str, **environment: str) -> Any:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow"), **environment}
    return json.loads(subprocess.check_output([sys.executable, "-c", PRODUCTS, mode], env=environment))


def test_products_of_openblas_are_those_of_torch():
    worst, exact, empty, found = reported("portable", OPENBLAS_CORETYPE="Prescott")
    assert worst < 1e-13 and exact and empty == 0
    assert {**found, "numba": "haswell"} == {**kernels.EXPECTED, "libc": found["libc"]}


def test_an_ordinary_job_with_torch_keeps_the_kernels_of_the_processor():
    worst, exact, _, found = reported("ordinary")
    assert worst < 1e-13 and exact
    assert found["products"] == "MKL" and found["mkl"] != "COMPATIBLE"


def test_a_setting_that_a_library_ignored_is_refused():
    good = {**kernels.EXPECTED, "libc": "glibc 2.36"}
    kernels.refuse_ignored(good)
    with pytest.raises(BadInput, match=r"numpy reports X86_V4, not X86_V3; allowed"):
        kernels.refuse_ignored({**good, "numpy": "X86_V4"})


def test_a_processor_without_avx2_is_refused_for_portable_runs_alone(monkeypatch):
    texts = {"flags": "sse sse2 avx", "model name": "Old processor"}
    monkeypatch.setattr(kernels, "_cpuinfo", texts.__getitem__)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    with pytest.raises(BadInput, match="Old processor lacks avx2 and fma"):
        kernels.choose("memgen.relational.stages.sweep", "portable")
    kernels.choose("memgen.relational.stages.sweep", "ordinary")
    assert os.environ.get("MKL_CBWR") != "COMPATIBLE"
    monkeypatch.setitem(texts, "flags", "avx2 fma")
    kernels.choose("memgen.irrelevant.stages.attack", "ordinary")
    assert os.environ.get("MKL_CBWR") != "COMPATIBLE", "it imports torch"
    kernels.choose("memgen.relational.stages.sweep", "ordinary")
    assert os.environ["MKL_CBWR"] == "COMPATIBLE"
