# attack: jax
# expect: refused
import jax
import jax.numpy as jnp
from jax import grad, jacfwd


def dY_dX(X):
    return jacfwd(jnp.tanh)(X)
