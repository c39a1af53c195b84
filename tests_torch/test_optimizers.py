"""Optimizers against PyTorch and optax in float64: the same steps from the same starts.

Run by `python -m pytest tests_torch`, where the extra "torch" is installed.

On surfaces where the steps contract the endpoints agree to 1e-12. On others a difference of one rounding grows: there
the allowance is what PyTorch itself makes of one ulp in the start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch

import fastdescent as fd

jax.config.update("jax_enable_x64", True)
torch.set_default_dtype(torch.float64)

STEPS, STARTS = 120, 64

#: f of points (n, 2), in operators that NumPy, PyTorch and JAX share.
CONTRACTING: dict[str, Callable[[Any, Any], Any]] = {
    "bowl": lambda x, y: 0.5 * x**2 + 0.3 * y**2,
    "tilted bowl": lambda x, y: 0.5 * x**2 + 0.4 * x * y + 0.6 * y**2 - x,
    "quartic bowl": lambda x, y: 0.1 * x**4 + 0.5 * x**2 + 0.05 * y**4 + 0.4 * y**2,
    "bowl of three": lambda x, y: (x - 1) ** 2 + 0.5 * (y + 0.5) ** 2 + 0.25 * (x + y) ** 2,
}
OTHERS: dict[str, Callable[[Any, Any], Any]] = {
    "himmelblau": lambda x, y: 0.01 * ((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2),
    "valley": lambda x, y: 0.02 * (1 - x) ** 2 + 0.1 * (y - x**2) ** 2,
}

PAIRS: list[tuple[fd.Optimizer, Callable[..., torch.optim.Optimizer], dict[str, Any]]] = [
    (fd.GD(0.1), torch.optim.SGD, {"lr": 0.1}),
    (fd.GD(0.1, weight_decay=0.2), torch.optim.SGD, {"lr": 0.1, "weight_decay": 0.2}),
    (fd.Momentum(0.05, momentum=0.8), torch.optim.SGD, {"lr": 0.05, "momentum": 0.8}),
    (fd.Nesterov(0.05, momentum=0.8), torch.optim.SGD, {"lr": 0.05, "momentum": 0.8, "nesterov": True}),
    (
        fd.SGD(0.05, momentum=0.7, dampening=0.2, weight_decay=0.1),
        torch.optim.SGD,
        {"lr": 0.05, "momentum": 0.7, "dampening": 0.2, "weight_decay": 0.1},
    ),
    (fd.Adagrad(0.3), torch.optim.Adagrad, {"lr": 0.3}),
    (
        fd.Adagrad(0.3, lr_decay=0.01, weight_decay=0.1, initial_accumulator_value=0.2, eps=1e-6),
        torch.optim.Adagrad,
        {"lr": 0.3, "lr_decay": 0.01, "weight_decay": 0.1, "initial_accumulator_value": 0.2, "eps": 1e-6},
    ),
    (fd.Adadelta(), torch.optim.Adadelta, {}),
    (
        fd.Adadelta(0.5, rho=0.8, eps=1e-4, weight_decay=0.1),
        torch.optim.Adadelta,
        {"lr": 0.5, "rho": 0.8, "eps": 1e-4, "weight_decay": 0.1},
    ),
    (fd.RMSprop(), torch.optim.RMSprop, {}),
    (
        fd.RMSprop(0.002, alpha=0.98, eps=1e-2, weight_decay=0.1, momentum=0.5),
        torch.optim.RMSprop,
        {"lr": 0.002, "alpha": 0.98, "eps": 1e-2, "weight_decay": 0.1, "momentum": 0.5},
    ),
    (fd.Adam(), torch.optim.Adam, {}),
    (
        fd.Adam(0.02, betas=(0.85, 0.995), eps=1e-4, weight_decay=0.1, amsgrad=True),
        torch.optim.Adam,
        {"lr": 0.02, "betas": (0.85, 0.995), "eps": 1e-4, "weight_decay": 0.1, "amsgrad": True},
    ),
    (fd.AdamW(), torch.optim.AdamW, {}),
    (
        fd.AdamW(0.02, betas=(0.85, 0.995), eps=1e-4, weight_decay=0.3, amsgrad=True),
        torch.optim.AdamW,
        {"lr": 0.02, "betas": (0.85, 0.995), "eps": 1e-4, "weight_decay": 0.3, "amsgrad": True},
    ),
    (fd.Adamax(), torch.optim.Adamax, {}),
    (
        fd.Adamax(0.02, betas=(0.85, 0.995), eps=1e-4, weight_decay=0.1),
        torch.optim.Adamax,
        {"lr": 0.02, "betas": (0.85, 0.995), "eps": 1e-4, "weight_decay": 0.1},
    ),
    (fd.NAdam(), torch.optim.NAdam, {}),
    (
        fd.NAdam(0.01, betas=(0.85, 0.995), eps=1e-4, weight_decay=0.1, momentum_decay=0.01),
        torch.optim.NAdam,
        {"lr": 0.01, "betas": (0.85, 0.995), "eps": 1e-4, "weight_decay": 0.1, "momentum_decay": 0.01},
    ),
    (
        fd.NAdam(0.01, weight_decay=0.1, decoupled_weight_decay=True),
        torch.optim.NAdam,
        {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True},
    ),
    (fd.RAdam(), torch.optim.RAdam, {}),
    (
        fd.RAdam(0.01, betas=(0.85, 0.995), eps=1e-4, weight_decay=0.1),
        torch.optim.RAdam,
        {"lr": 0.01, "betas": (0.85, 0.995), "eps": 1e-4, "weight_decay": 0.1},
    ),
    (
        fd.RAdam(0.01, weight_decay=0.1, decoupled_weight_decay=True),
        torch.optim.RAdam,
        {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True},
    ),
    (fd.Rprop(), torch.optim.Rprop, {}),
    (
        fd.Rprop(0.05, etas=(0.4, 1.1), step_sizes=(1e-4, 0.5)),
        torch.optim.Rprop,
        {"lr": 0.05, "etas": (0.4, 1.1), "step_sizes": (1e-4, 0.5)},
    ),
]
OPTAX: list[tuple[fd.Optimizer, Any]] = [
    (fd.Lion(0.005), optax.lion(0.005, weight_decay=0.0)),
    (fd.Lion(0.005, betas=(0.8, 0.95), weight_decay=0.1), optax.lion(0.005, 0.8, 0.95, weight_decay=0.1)),
    (fd.SignSGD(0.01), optax.sign_sgd(0.01)),
    (fd.Yogi(), optax.yogi(0.01)),
    (fd.Yogi(0.02, betas=(0.8, 0.95), eps=1e-2), optax.yogi(0.02, 0.8, 0.95, 1e-2)),
    (fd.AdaBelief(eps=1e-8), optax.adabelief(0.001, eps=1e-8, eps_root=1e-8)),
    (
        fd.AdaBelief(0.02, betas=(0.85, 0.995), eps=1e-4),
        optax.adabelief(0.02, 0.85, 0.995, 1e-4, 1e-4),
    ),
]


def starts() -> np.ndarray:
    return np.asarray(fd.uniform([(-2, 2), (-2, 2)], STARTS, seed=1))


def ours(f: Callable[[Any, Any], Any], optimizer: fd.Optimizer, x0: np.ndarray) -> np.ndarray:
    return fd.descend(fd.surface(f), x0, optimizer, max_steps=STEPS, gtol=None, escape_radius=None).x


def in_torch(
    f: Callable[[Any, Any], Any], kind: Any, options: dict[str, Any], x0: np.ndarray, clip: Any = None
) -> np.ndarray:
    """Every start with an optimizer of its own, since clipping by the norm looks at all of a point."""
    points = [torch.tensor(x, requires_grad=True) for x in x0]
    optimizers = [kind([p], **options) for p in points]
    for _ in range(STEPS):
        for p, optimizer in zip(points, optimizers, strict=True):
            optimizer.zero_grad()
            f(p[0], p[1]).backward()
            if clip is not None:
                clip(p)
            optimizer.step()
    return np.stack([p.detach().numpy() for p in points])


def in_optax(f: Callable[[Any, Any], Any], transform: Any, x0: np.ndarray) -> np.ndarray:
    slope = jax.grad(lambda p: f(p[0], p[1]))

    def step(carry: Any, _: Any) -> Any:
        x, state = carry
        change, state = transform.update(slope(x), state, x)
        return (optax.apply_updates(x, change), state), None

    def run(x: Any) -> Any:
        return jax.lax.scan(step, (x, transform.init(x)), None, length=STEPS)[0][0]

    return np.asarray(jax.jit(jax.vmap(run))(jnp.asarray(x0)))


def assert_close(found: np.ndarray, wanted: np.ndarray, allowance: Any = 0.0) -> None:
    size = np.maximum(np.linalg.norm(wanted, axis=-1), 1e-3)
    error = np.linalg.norm(found - wanted, axis=-1) / size
    assert np.all(error <= np.maximum(1e-12, allowance)), error.max()


def names(pairs: list[Any]) -> list[str]:
    return [repr(p[0])[:60] for p in pairs]


@pytest.mark.parametrize("surface", CONTRACTING)
@pytest.mark.parametrize("pair", PAIRS, ids=names(PAIRS))
def test_contracting_steps(pair: Any, surface: str) -> None:
    optimizer, kind, options = pair
    f, x0 = CONTRACTING[surface], starts()
    assert_close(ours(f, optimizer, x0), in_torch(f, kind, options, x0))


@pytest.mark.parametrize("surface", OTHERS)
@pytest.mark.parametrize("pair", PAIRS, ids=names(PAIRS))
def test_steps_that_amplify_roundings(pair: Any, surface: str) -> None:
    optimizer, kind, options = pair
    f, x0 = OTHERS[surface], starts()
    wanted = in_torch(f, kind, options, x0)
    ulp = np.spacing(x0)
    moved = [in_torch(f, kind, options, x0 + ulp * by) for by in ([1, 0], [-1, 0], [0, 1], [0, -1])]
    size = np.maximum(np.linalg.norm(wanted, axis=-1), 1e-3)
    change = np.max([np.linalg.norm(m - wanted, axis=-1) / size for m in moved], axis=0)
    assert_close(ours(f, optimizer, x0), wanted, STEPS * change)  # each step rounds anew


@pytest.mark.parametrize("surface", CONTRACTING)
@pytest.mark.parametrize("pair", OPTAX, ids=names(OPTAX))
def test_those_of_optax(pair: Any, surface: str) -> None:
    optimizer, transform = pair
    f, x0 = CONTRACTING[surface], starts()
    assert_close(ours(f, optimizer, x0), in_optax(f, transform, x0))


@pytest.mark.parametrize("surface", CONTRACTING)
def test_clipping_and_decay(surface: str) -> None:
    f, x0 = CONTRACTING[surface], starts()
    options = {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.1}
    by_norm = ours(f, fd.SGD(**options, clip_norm=0.3), x0)
    assert_close(by_norm, in_torch(f, torch.optim.SGD, options, x0, lambda p: torch.nn.utils.clip_grad_norm_(p, 0.3)))
    by_value = ours(f, fd.SGD(**options, clip_value=0.2), x0)
    assert_close(by_value, in_torch(f, torch.optim.SGD, options, x0, lambda p: torch.nn.utils.clip_grad_value_(p, 0.2)))
