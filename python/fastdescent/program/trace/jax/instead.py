"""What to write in place of a primitive that cannot be traced."""

from __future__ import annotations

_FFT = "write the transform as a product with its matrix"
_BITS = "write it with arithmetic and comparisons"
_FUNCTION = "write it with functions that can be traced, or as a function of NumPy's"
_INSTEAD = {
    "fft": _FFT,
    "lu": "use jnp.linalg.solve, inv, det or slogdet, or np.linalg's in a function of NumPy's",
    "qr": "use jnp.linalg.solve, or np.linalg's functions in a function of NumPy's",
    "geqrf": "use jnp.linalg.solve, or np.linalg's functions in a function of NumPy's",
    "random_bits": "draw from a constant key, or add noise by descend(noise=)",
    "random_wrap": "draw from a constant key, or add noise by descend(noise=)",
    "while": "use jax.lax.fori_loop with constant bounds, and jnp.where",
    "pure_callback": "write what the callback computes with jnp functions",
    "io_callback": "leave it out",
    "debug_callback": "leave it out",
    "debug_print": "leave it out",
    "nextafter": _BITS,
    "bitcast_convert_type": _BITS,
    "shift_left": _BITS,
    "shift_right_logical": _BITS,
    "shift_right_arithmetic": _BITS,
    "population_count": _BITS,
    "clz": _BITS,
    "lgamma": "use scipy.special's gammaln in a function of NumPy's, if it is traced",
}


def instead_of(name: str) -> str:
    return _INSTEAD.get(name, _FUNCTION)
