# attack: TensorFlow's tape
# expect: refused
import tensorflow as tf


def dY_dX(X):
    with tf.GradientTape() as tape:
        y = tf.tanh(X)
    return tape.jacobian(y, X)
