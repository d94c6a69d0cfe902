"""Which kernels the numerical libraries use, so that every x86-64 processor with AVX2 gives the same bytes.

Each library picks its kernels by processor at run time, and different kernels round differently. With the
settings below every library uses kernels that any such processor has. A job that imports no torch always has
them, since they cost it nothing; a job that trains a network or reads features has them in a portable run,
and in an ordinary run the fastest kernels of its processor.

`choose` must run before numpy or torch is imported. `in_force` gives what the libraries themselves report,
and `refuse_ignored` compares that with what was asked. Knows no study.
"""

import ctypes
import os
import platform
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from memgen.errors import BadInput
from memgen.jobs.closure import closure, module_file, names_package

if TYPE_CHECKING:
    import torch

Kernels = Literal["ordinary", "portable"]

#: Environment variable that tells jobs which kernels a run uses; its values are those of `Kernels`.
VARIABLE = "MEMGEN_KERNELS"

#: Environment variables that select portable kernels, each with its reason.
SETTINGS: Mapping[str, str] = {
    # ATen's vector kernels (softmax, gelu, sums) come in AVX2 and AVX-512.
    "ATEN_CPU_CAPABILITY": "avx2",
    # MKL inside torch tunes products and exp, log, tanh to the maker; AVX2 is honoured on Intel alone.
    "MKL_CBWR": "COMPATIBLE",
    # oneDNN is switched off as well (see `_replace_products`), but reads its limit when torch is loaded.
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    # OpenBLAS, of which numpy and scipy carry one copy each.
    "OPENBLAS_CORETYPE": "Haswell",
    # numpy's exp, log, power and sums. Names of numpy 2.4; it ignores those that the processor lacks.
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    # numba compiles for the processor that it runs on.
    "NUMBA_CPU_NAME": "haswell",
    "NUMBA_CPU_FEATURES": "+avx2,+fma,+bmi,+bmi2,+lzcnt,+popcnt,+f16c,+movbe",
}

#: What each library reports where its setting is in force.
EXPECTED: Mapping[str, Any] = {
    "aten": "AVX2",
    "mkl": "COMPATIBLE",
    "onednn": "off",
    "products": "OpenBLAS",
    "openblas": ["Haswell"],
    "numpy": "X86_V3",
    "numba": "haswell",
}

#: Numbers of the branches that MKL reports (``mkl_cbwr_get``), by the names of MKL_CBWR.
_BRANCHES = {1: "OFF", 2: "AUTO", 3: "COMPATIBLE"}
#: What `_replace_products` registered: torch forgets a library that nothing refers to.
_registered: list[Any] = []


def asked() -> Kernels:
    """Kernels that this process was asked for; BadInput if the environment variable holds another word."""
    word = os.environ.get(VARIABLE, "ordinary")
    for kernels in get_args(Kernels):
        if word == kernels:
            return kernels  # type: ignore[no-any-return]
    raise BadInput(f"{VARIABLE}: {word!r} is not allowed; allowed: {', '.join(get_args(Kernels))}")


def choose(module: str, kernels: Kernels) -> None:
    """Choose the kernels of this process, before it imports the module of a stage.

    BadInput is raised if portable kernels are asked for on a processor that lacks them.
    """
    os.environ[VARIABLE] = kernels
    torch = uses_torch(module)
    if kernels == "portable":
        refuse_processor()
    elif torch or lacking():
        return
    os.environ.update(SETTINGS)
    if torch:
        _replace_products()


def uses_torch(module: str) -> bool:
    """Whether a stage's module imports torch, directly or not."""
    apart = module_file(__name__)
    return any(names_package(path, "torch") for path in closure(module) if path != apart)


def lacking() -> list[str]:
    """Instruction sets that portable kernels need and this processor does not have."""
    return sorted({"avx2", "fma"} - set(_cpuinfo("flags").split()))


def refuse_processor() -> None:
    """Refuse, as BadInput, a processor that cannot run portable kernels."""
    if missing := lacking():
        raise BadInput(
            f"--kernels portable: {processor()} lacks {' and '.join(missing)}; "
            "allowed: an x86-64 processor with AVX2"
        )


def _replace_products() -> None:
    """Have torch take matrix products on the CPU from numpy's OpenBLAS, and square roots from numpy.

    MKL's compatible kernels are two to four times slower than OpenBLAS's for AVX2, and give the same bytes
    on every processor only at that speed. MKL's square roots are off by the last digit, and differ between
    makers of processors: they are numpy's, which are exact. oneDNN, which torch would use for a few
    functions, is switched off, so that one library less has to be trusted.
    """
    import torch

    if _registered:
        return
    torch.backends.mkldnn.enabled = False  # type: ignore[assignment]
    library = torch.library.Library("aten", "IMPL")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Warning: only once for all operators", UserWarning)
        warnings.filterwarnings("ignore", "(?s).*Overriding a previously registered kernel", UserWarning)
        products = {"mm": _mm, "bmm": _mm, "addmm": _addmm, "baddbmm": _addmm}
        for name, function in {**products, "sqrt": _sqrt, "sqrt_": _sqrt_, "sqrt.out": _sqrt_out}.items():
            library.impl(name, function, "CPU")
    _registered.append(library)


def _mm(one: "torch.Tensor", other: "torch.Tensor") -> "torch.Tensor":
    """Product of two matrices, or of two stacks of them."""
    import numpy as np
    import torch

    out = one.new_empty((*one.shape[:-1], other.shape[-1]))
    if one.dtype in (torch.float32, torch.float64):
        np.matmul(_as_array(one), _as_array(other), out=out.numpy())
        return out
    return (torch.mm if one.dim() == 2 else torch.bmm)(one, other, out=out)


def _sqrt_out(value: "torch.Tensor", *, out: "torch.Tensor") -> "torch.Tensor":
    """Square roots by numpy; of numbers that it does not have, through those of 32 bits."""
    import numpy as np
    import torch

    known = value if value.dtype in (torch.float32, torch.float64) else value.float()
    found = torch.empty_like(known)
    with np.errstate(invalid="ignore"):
        np.sqrt(known.detach().numpy(), out=found.numpy())
    return out.resize_(value.shape).copy_(found)


def _sqrt(value: "torch.Tensor") -> "torch.Tensor":
    import torch

    return _sqrt_out(value, out=torch.empty_like(value if value.is_floating_point() else value.float()))


def _sqrt_(value: "torch.Tensor") -> "torch.Tensor":
    return _sqrt_out(value, out=value)


def _addmm(
    added: "torch.Tensor", one: "torch.Tensor", other: "torch.Tensor", *, beta: float = 1, alpha: float = 1
) -> "torch.Tensor":
    """`beta` times what is added plus `alpha` times the product; where `beta` is 0, nothing is added."""
    out = _mm(one, other)
    if alpha != 1:
        out *= alpha
    return out if beta == 0 else out.add_(added, alpha=beta)


def _as_array(value: "torch.Tensor") -> Any:
    """A tensor as an array of its memory; copied where BLAS could not read it in place."""
    rows, columns = value.stride()[-2:]
    height, width = value.shape[-2:]
    if not ((columns == 1 and rows >= width) or (rows == 1 and columns >= height)):
        value = value.contiguous()
    return value.detach().numpy()


def in_force() -> dict[str, Any]:
    """Kernels that the libraries which this process has loaded report.

    They are ``aten``, ``mkl``, ``onednn`` and ``products`` where torch is loaded, ``openblas``, ``numpy`` and
    ``numba`` where they are, and ``libc``, whose functions have no setting.
    """
    found: dict[str, Any] = {"libc": " ".join(platform.libc_ver())}
    if (torch := sys.modules.get("torch")) is not None:
        found["aten"] = str(torch.backends.cpu.get_cpu_capability())
        found["mkl"] = _mkl_branch(torch)
        found["onednn"] = "on" if torch.backends.mkldnn.enabled else "off"
        found["products"] = "OpenBLAS" if _registered else "MKL"
    if (numpy := sys.modules.get("numpy")) is not None:
        import threadpoolctl

        pools = threadpoolctl.threadpool_info()
        kinds = {pool["architecture"] for pool in pools if pool["internal_api"] == "openblas"}
        extensions = numpy.show_config(mode="dicts")["SIMD Extensions"]
        found["openblas"] = sorted(kinds)
        found["numpy"] = [*extensions["baseline"], *extensions.get("found", [])][-1]
    if (numba := sys.modules.get("numba")) is not None:
        found["numba"] = numba.config.CPU_NAME or "host"
    return found


def _mkl_branch(torch: Any) -> str | None:
    """Branch of MKL's conditional numerical reproducibility; None where torch has no MKL to ask."""
    try:
        library = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"))
        branch = library.mkl_serv_cbwr_get(1)
    except (OSError, AttributeError):
        return None
    return _BRANCHES.get(branch, f"branch {branch}")


def refuse_ignored(found: Mapping[str, Any]) -> None:
    """Refuse, as BadInput, to go on where a library does not use the portable kernels asked for."""
    others = [
        f"{name} reports {found[name]}, not {value}"
        for name, value in EXPECTED.items()
        if found.get(name, value) != value
    ]
    if others:
        raise BadInput(
            f"--kernels portable: {'; '.join(others)}; allowed: an x86-64 processor with AVX2, "
            "and the versions of requirements.lock"
        )


def processor() -> str:
    """Name of the processor, as the system gives it."""
    return _cpuinfo("model name") or platform.machine()


def _cpuinfo(key: str) -> str:
    """What Linux says of the first processor under a key; empty where it says nothing."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    found = re.search(rf"^{key}\s*:(.*)$", text, re.MULTILINE)
    return found[1].strip() if found else ""


def _devices(value: Any) -> Iterator[str]:
    for key, part in value.items() if isinstance(value, Mapping) else ():
        if key == "device" and isinstance(part, str):
            yield part
        else:
            yield from _devices(part)


def _asks_for_gpu(config: Mapping[str, Any]) -> bool:
    return any(device.startswith("cuda") for device in _devices(config))


def refuse_missing_gpu(config: Mapping[str, Any]) -> None:
    """Refuse, as BadInput, a configuration that runs networks on a GPU where torch finds none.

    Where there is no torch, each job has an environment of its own and finds out by itself.
    """
    if not _asks_for_gpu(config):
        return
    try:
        import torch
    except ModuleNotFoundError:
        return
    if not torch.cuda.is_available():
        raise BadInput("device: cuda: this machine has no GPU that torch can use; allowed: cpu")


def refuse_gpu(config: Mapping[str, Any]) -> None:
    """Refuse, as BadInput, a configuration that runs networks on a GPU, whose kernels are never portable."""
    if _asks_for_gpu(config):
        raise BadInput("--kernels portable: a GPU's results are not portable; allowed: device: cpu")
