"""The optimizers against closed forms, and their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastdescent as fd


@pytest.mark.parametrize("lr", [0.05, 0.3, 0.9])
def test_gd_on_a_quadratic_in_closed_form(lr: float) -> None:
    s = fd.surface("0.5*(x**2 + 0.2*y**2)")
    run = fd.descend(s, [[3.0, -2.0]], fd.GD(lr=lr), max_steps=40, gtol=None)
    np.testing.assert_allclose(run.x[0], [3 * (1 - lr) ** 40, -2 * (1 - 0.2 * lr) ** 40], rtol=1e-12)


def test_gd_diverges_beyond_two_over_lambda() -> None:
    s = fd.surface("2*x**2")  # curvature 4
    run = fd.descend(s, [[1.0]] * 2, fd.GD(lr=np.array([0.49, 0.51])))
    assert run.status.tolist() == [fd.Status.CONVERGED, fd.Status.DIVERGED]


def test_heavy_ball_contracts_at_its_known_rate() -> None:
    """With complex roots the error shrinks by sqrt(momentum) a step (Polyak 1964)."""
    s = fd.surface("0.5*x**2")
    ends = [
        abs(fd.descend(s, [[1.0]], fd.Momentum(lr=1.0, momentum=0.81), max_steps=n, gtol=None).x[0, 0])
        for n in range(100, 160)
    ]
    rate = (max(ends[30:]) / max(ends[:30])) ** (1 / 30)
    assert rate == pytest.approx(0.9, rel=1e-2)


def test_linesearch_never_climbs() -> None:
    s = fd.surfaces.styblinski_tang()
    x0 = fd.grid(s.window, (20, 20))
    values = [fd.descend(s, x0, fd.LineSearch(), max_steps=n, gtol=None).fun for n in range(30)]
    noise = 1e-10
    assert np.all(np.diff(values, axis=0) <= noise)


@pytest.mark.parametrize("name", ["sphere", "rastrigin", "himmelblau", "six_hump_camel", "styblinski_tang", "branin"])
def test_linesearch_converges(name: str) -> None:
    s = fd.surfaces.get(name)
    assert fd.descend(s, fd.grid(s.window, (30, 30)), fd.LineSearch()).success.all()


def test_linesearch_gets_on_at_kinks() -> None:
    """With armijo = 1/2 to the end, 40 % arrive; the rest makes ever shorter steps."""
    s = fd.surface("100*(y - x**2)**2 + (1 - x)**2 + abs(x) + abs(y)", window=(-2, 2))
    run = fd.descend(s, fd.uniform(s.window, 1000, seed=3), fd.LineSearch())
    assert run.success.mean() > 0.95
    assert np.all(run.success | (run.status == fd.Status.STALLED) | (run.nit == 10_000))


def test_linesearch_ends_where_it_does_not_move() -> None:
    run = fd.descend(fd.surface("10*abs(x) + abs(y)"), [[0.3, 1.7]], fd.LineSearch())
    assert run.status.tolist() == [fd.Status.STALLED]
    assert run.nit[0] < 5000


def test_a_rule_may_stall() -> None:
    @fd.optimizer
    def three_steps(x: Any, grad: Any, state: Any, t: Any) -> Any:
        return x - 0.1 * grad(x), {"stalled": t >= 3}

    run = fd.descend(fd.surface("x**2"), [[1.0]], three_steps())
    assert run.status.tolist() == [fd.Status.STALLED]
    assert run.nit.tolist() == [3]


def test_schedules_and_one_value_a_trajectory() -> None:
    s, x0 = fd.surfaces.himmelblau(), fd.grid(((-4, 4), (-4, 4)), (6, 5))
    constant = fd.descend(s, x0, fd.GD(lr=0.01), max_steps=30)
    for lr in (lambda t: 0.01, np.full((6, 5), 0.01), np.full((6, 1), 0.01), np.full((6, 5, 2), 0.01)):
        assert np.array_equal(fd.descend(s, x0, fd.GD(lr=lr), max_steps=30).x, constant.x)
    lrs = np.linspace(0.001, 0.01, 5)
    many = fd.descend(s, x0, fd.GD(lr=lrs), max_steps=30)
    for k, lr in enumerate(lrs):
        assert np.array_equal(many.x[:, k], fd.descend(s, x0[:, k], fd.GD(lr=lr), max_steps=30).x)
    halved = fd.descend(s, x0, fd.GD(lr=lambda t: 0.01 / (1 + t)), max_steps=1).x
    assert np.array_equal(halved, fd.descend(s, x0, fd.GD(lr=0.01), max_steps=1).x)


def test_own_rules() -> None:
    @fd.optimizer
    def heavy_ball(x: Any, grad: Any, state: Any, t: Any, *, lr: Any = 0.01, momentum: Any = 0.9) -> Any:
        """Mine."""
        v = momentum * state.v + grad(x)
        return x - lr * v, {"v": v}

    @fd.optimizer(init={"h": 0.5})
    def scalar_state(x: Any, grad: Any, state: Any, t: Any) -> Any:
        h = 0.9 * state.h
        return x - 0.001 * h * grad(x), {"h": h}

    s, x0 = fd.surfaces.himmelblau(), fd.grid(((-4, 4), (-4, 4)), (6, 5))
    own, ours = (fd.descend(s, x0, o, max_steps=50).x for o in (heavy_ball(lr=0.002), fd.Momentum(lr=0.002)))
    assert np.array_equal(own, ours)
    assert heavy_ball.__doc__ == "Mine."
    assert repr(heavy_ball()) == "heavy_ball(lr=0.01, momentum=0.9)"
    two = fd.descend(s, x0, scalar_state(), max_steps=2, gtol=None).x
    first = x0 - 0.001 * 0.45 * s.gradient(x0)
    np.testing.assert_allclose(two, first - 0.001 * 0.405 * s.gradient(first), rtol=1e-12)


@pytest.mark.parametrize("name", ["x", "moved", "previous_x", "gradient"])
def test_a_state_may_have_any_name(name: str) -> None:
    def rule(x: Any, grad: Any, state: Any, t: Any, *, lr: float = 0.1) -> Any:
        v = 0.5 * getattr(state, name) + grad(x)
        return x - lr * v, {name: v}

    s, x0 = fd.surfaces.sphere(), [[1.0, 2.0], [-3.0, 0.5]]
    wanted = fd.descend(s, x0, fd.Momentum(lr=0.1, momentum=0.5), xtol=1e-3)
    assert np.array_equal(fd.descend(s, x0, fd.optimizer(rule)(lr=0.1), xtol=1e-3).x, wanted.x)


def test_newton_by_hessian_products() -> None:
    @fd.optimizer
    def cauchy(x: Any, grad: Any, state: Any, t: Any) -> Any:
        g = grad(x)
        return x - np.dot(g, g) / np.dot(g, grad.hvp(x, g)) * g, {}

    s = fd.surface("0.5*x**2 + 5*y**2 + x*y")
    run = fd.descend(s, [[3.0, 1.0]], cauchy(), max_steps=200)
    assert run.success.all()
    np.testing.assert_allclose(run.x, 0, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: fd.descend(fd.surface("x**2"), [1.0], fd.GD()), TypeError, "lr"),
        (lambda: fd.GD(lr=0), ValueError, "GD: lr must be greater than 0; got 0"),
        (lambda: fd.GD(lr=-0.1), ValueError, "got -0.1"),
        (lambda: fd.GD(lr=float("nan")), ValueError, "finite"),
        (lambda: fd.GD(lr="0.1"), TypeError, "must be a number; got '0.1'"),
        (lambda: fd.GD(lr=np.array([0.1, -1.0])), ValueError, r"0 or greater everywhere; lr\[1\] is -1"),
        (lambda: fd.Adam(betas=(0.9, 1.0)), ValueError, r"betas\[1\] must be in \[0, 1\); got 1.0"),
        (lambda: fd.Adam(rate=0.1), TypeError, "rate"),
        (lambda: fd.Momentum(lr=0.1, momentum=-0.5), ValueError, "momentum must be 0 or greater"),
        (lambda: fd.GD(True), TypeError, "GD: lr must be a number, an array or a schedule; got True"),
        (lambda: fd.GD(lr=(0.1, 0.2)), TypeError, r"lr must be a number, an array or a schedule; got \(0.1, 0.2\)"),
        (lambda: fd.Adam(betas=0.9), TypeError, r"betas must be a tuple of 2 such as \(0.9, 0.999\); got 0.9"),
        (lambda: fd.Adam(amsgrad=1), TypeError, "amsgrad must be True or False; got 1"),
        (lambda: fd.SGD(lr=0.1, nesterov=True), ValueError, "nesterov needs a momentum, and dampening 0; got"),
        (lambda: fd.SGD(lr=0.1, momentum=0.9, dampening=0.1, nesterov=True), ValueError, "dampening=0.1"),
        (lambda: fd.Langevin(lr=0.1, temperature=-1.0), ValueError, "temperature must be 0 or greater; got -1"),
        (lambda: fd.optimizer(init=3)(None), TypeError, "init must map names of states to numbers or arrays; got 3"),
        (lambda: fd.optimizer(3), TypeError, "must be given a rule"),
        (lambda: fd.optimizer(lambda x, g: x), TypeError, r"\(x, grad, state, t, \*, ...\)"),
    ],
)
def test_bad_hyperparameters(make: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        make()


REFUSED: list[Any] = [
    (lambda x, grad, state, t: x - 0.01 * grad(x), None, fd.TraceError, "must return"),
    (lambda x, grad, state, t: (x - state.v, {}), None, fd.TraceError, r"reads state\.v but does not return it"),
    (lambda x, grad, state, t: (x * [1.0, 2.0][x[0]], {}), None, fd.TraceError, "cannot be an index"),
    (lambda x, grad, state, t: (x, {"v": np.append(state.v, x)}), None, TypeError, "shapes of the optimizer's state"),
    (
        lambda x, grad, state, t: (x, {"v": 1.0}),
        {"h": 1},
        ValueError,
        r"init names .h., but the rule reads no state\.h",
    ),
    (lambda x, grad, state, t: (x, {"h": state.h[0]}), {"h": np.eye(2)}, ValueError, r"has shape \(2, 2\), but the"),
    (lambda x, grad, state, t, *, clip_norm=1: (x, {}), None, TypeError, "every optimizer has clip_norm"),
]


@pytest.mark.parametrize(("rule", "init", "error", "text"), REFUSED)
def test_what_is_refused_where_a_rule_is_defined(rule: Any, init: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        fd.optimizer(init=init)(rule)


def test_rules_may_need_a_dimension_or_what_is_defined_later() -> None:
    turn = np.diag(np.arange(1.0, 8.0))
    by_matrix = fd.optimizer(lambda x, grad, state, t: (x - 0.1 * turn @ grad(x), {}))
    run = fd.descend(fd.surface(lambda x: 0.5 * np.sum(x * x), dim=7), np.ones(7), by_matrix(), max_steps=3, gtol=None)
    np.testing.assert_allclose(run.x, (1 - 0.1 * np.arange(1, 8)) ** 3, rtol=1e-13)
    fd.optimizer(lambda x, grad, state, t: (not_yet_there(x), {}))  # type: ignore[name-defined]  # noqa: F821


def test_states_are_numbers_vectors_and_matrices() -> None:
    """The BFGS method with steps of 1, whose matrix becomes the inverse of the Hessian on a quadratic."""

    @fd.optimizer(init={"H": np.eye(2)})
    def bfgs(x: Any, grad: Any, state: Any, t: Any) -> Any:
        g = grad(x)
        s, y = x - state.x, g - state.g
        is_good = (t > 0) & (s @ y > 1e-20)
        rho = 1 / np.where(is_good, s @ y, 1.0)
        V = np.eye(2) - rho * np.outer(s, y)
        H = np.where(is_good, V @ state.H @ V.T + rho * np.outer(s, s), state.H)
        return x - np.where(t == 0, 0.1, 1.0) * (H @ g), {"x": x, "g": g, "H": H, "n": state.n + 1}

    s = fd.surface("x**2 + 0.5*x*y + 2*y**2")
    run = fd.descend(s, fd.uniform(s.window, 50, seed=0), bfgs(), max_steps=60)
    assert run.success.all()
    assert run.nit.max() < 20


def test_rules_that_do_not_fit() -> None:
    s, x0 = fd.surfaces.himmelblau(), np.zeros((3, 2))

    @fd.optimizer
    def wrong_shape(x: Any, grad: Any, state: Any, t: Any) -> Any:
        return np.sum(x), {}

    with pytest.raises(fd.TraceError, match=r"shape \(\), not \(2,\)"):
        fd.descend(s, x0, wrong_shape())
    with pytest.raises(ValueError, match=r"lr must broadcast against \(3,\).*got shape \(4,\)"):
        fd.descend(s, x0, fd.GD(lr=np.full(4, 0.1)))
    with pytest.raises(ValueError, match=r"schedule\(3\) is"):
        fd.descend(s, x0, fd.GD(lr=lambda t: 0.1 - 0.05 * t), max_steps=10)


def test_newtons_method_on_the_cubic_roots_of_1() -> None:
    """Every start of a grid ends at a root; the mean of the steps at full size, 1000 x 1000, is 9.06."""
    s = fd.surface("(x**3 - 3*x*y**2 - 1)**2 + (3*x**2*y - y**3)**2", window=(-2, 2))

    @fd.optimizer
    def newton(x: Any, grad: Any, state: Any, t: Any) -> Any:
        a, b = x
        re, im = a * a - b * b, 2 * a * b
        f_re, f_im = a * re - b * im - 1, a * im + b * re
        size = 3 * (re * re + im * im)
        return x - np.stack([(f_re * re + f_im * im) / size, (f_im * re - f_re * im) / size]), {}

    run = fd.descend(s, fd.grid(s.window, (300, 300)), newton(), gtol=None, xtol=1e-14, escape_radius=None)
    assert np.all(run.status == fd.Status.STALLED)
    assert s(run.x).max() < 1e-28
    assert run.nit.mean() == pytest.approx(9.06, abs=0.02)


def test_rules_that_are_defined_anew_do_not_pile_up() -> None:
    s = fd.surface("x**2")
    for _ in range(70):
        rule = fd.optimizer(lambda x, grad, state, t: (x - 0.1 * grad(x), {}))
        fd.descend(s, [[1.0]], rule(), max_steps=1)
    assert len(s._formula.steps) == 64


def test_the_gradient_at_a_constant_point() -> None:
    """The same constant stands in f, where it is no variable."""
    c, v = np.array([1.0, 2.0]), np.array([[3.0, -1.0]])
    s = fd.surface(lambda x: np.sum(c * x**3), dim=2)

    def after_one_step(rule: Any) -> Any:
        return fd.descend(s, v, fd.optimizer(rule)(), max_steps=1, gtol=None, escape_radius=None).x

    def slope(x: Any, grad: Any, state: Any, t: Any) -> Any:
        return grad(c) + grad(2.0) + 0 * x, {}

    def curved(x: Any, grad: Any, state: Any, t: Any) -> Any:
        return grad.hvp(c, x), {}

    def value(x: Any, grad: Any, state: Any, t: Any) -> Any:
        return 0 * x + grad.fun(c), {}

    assert np.array_equal(after_one_step(slope), [s.gradient(c) + s.gradient([2.0, 2.0])])
    assert np.array_equal(after_one_step(curved), s.hvp([c], v))
    assert np.array_equal(after_one_step(value), [[s(c)] * 2])
