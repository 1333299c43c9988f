# attack: the function itself is what jax makes of another
# expect: refused
import jax
import jax.numpy as jnp

dY_dX = jax.jit(jax.jacfwd(jnp.tanh))
