"""The machine: kernels that libraries report, products taken from OpenBLAS, and the memory that is left."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from memgen.errors import BadInput
from memgen.jobs import kernels, memory
from repository import ROOT

GIB = 1 << 30
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
wrong = 0
for dtype in (torch.float32, torch.float64):
    squares = drawn(40, 50, dtype=dtype).square()
    exactly = numpy.sqrt(squares.numpy())
    for found in (squares.sqrt(), squares.T.sqrt().T, squares.clone().sqrt_(), squares.new_empty(0)):
        found = torch.sqrt(squares, out=found) if not len(found) else found
        wrong += int((found.numpy() != exactly).sum())
wrong += int(torch.tensor(2.0).bfloat16().sqrt() != 1.4140625) + int(torch.tensor(4).sqrt() != 2)
exact &= torch.autograd.gradcheck(torch.sqrt, [drawn(5).abs().requires_grad_()])
print(json.dumps([worst, exact, empty, wrong, kernels.in_force()]))
"""


def unset() -> dict[str, str]:
    """The environment without the settings that a command in this process may have left."""
    return {name: value for name, value in os.environ.items() if name not in kernels.SETTINGS}


def reported(mode: str, **environment: str) -> Any:
    environment = {**unset(), "PYTHONPATH": str(ROOT / "workflow"), **environment}
    return json.loads(subprocess.check_output([sys.executable, "-c", PRODUCTS, mode], env=environment))


def test_products_of_openblas_are_those_of_torch_and_square_roots_are_exact():
    worst, exact, empty, wrong, found = reported("portable", OPENBLAS_CORETYPE="Prescott")
    assert worst < 1e-13 and exact and empty == 0 and wrong == 0
    assert {**found, "numba": "haswell"} == {**kernels.EXPECTED, "libc": found["libc"]}


def test_an_ordinary_job_with_torch_keeps_the_kernels_of_the_processor():
    worst, exact, _, _, found = reported("ordinary")
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
    monkeypatch.setattr(os, "environ", unset())
    with pytest.raises(BadInput, match="Old processor lacks avx2 and fma"):
        kernels.choose("memgen.relational.stages.sweep", "portable")
    kernels.choose("memgen.relational.stages.sweep", "ordinary")
    assert os.environ.get("MKL_CBWR") != "COMPATIBLE"
    monkeypatch.setitem(texts, "flags", "avx2 fma")
    kernels.choose("memgen.irrelevant.stages.attack", "ordinary")
    assert os.environ.get("MKL_CBWR") != "COMPATIBLE", "it imports torch"
    kernels.choose("memgen.relational.stages.sweep", "ordinary")
    assert os.environ["MKL_CBWR"] == "COMPATIBLE"


def write(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (folder / name.replace("__", ".")).write_text(f"{value}\n")


def test_what_the_machine_has_free_and_the_limit_of_a_group_above(tmp_path):
    """Of either version of control groups."""
    proc, groups = tmp_path / "proc", tmp_path / "groups"
    assert memory.available_memory(proc, groups) is None
    write(proc, meminfo=f"MemTotal: {16 << 20} kB\nMemAvailable: {8 << 20} kB")
    assert memory.available_memory(proc, groups) == 8 * GIB
    write(proc / "self", cgroup="0::/batch/job")
    write(groups / "batch", memory__max=4 * GIB, memory__current=3 * GIB, memory__stat=f"inactive_file {GIB}")
    write(groups / "batch/job", memory__max="max", memory__current=GIB)
    assert memory.available_memory(proc, groups) == 2 * GIB
    write(proc / "self", cgroup="4:memory:/job\n3:cpuset:/")
    write(groups / "memory/job", memory__limit_in_bytes=4 * GIB, memory__usage_in_bytes=3 * GIB)
    assert memory.available_memory(proc, groups) == GIB


def test_refusal_says_both_sizes(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 3 * GIB)
    memory.refuse_beyond_memory(3 * GIB, "--n 9")
    message = "--n 90: would take about 4.5 TiB of memory, and 3 GiB are free"
    with pytest.raises(BadInput, match=f"^{message}$"):
        memory.refuse_beyond_memory(4.5 * 1024 * GIB, "--n 90")
    monkeypatch.setattr(memory, "available_memory", lambda: None)
    memory.refuse_beyond_memory(float("inf"), "--n 90")
