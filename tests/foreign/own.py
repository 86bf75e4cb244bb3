"""A layer of someone's own, registered as they would."""

import keras

kl = keras.layers


@keras.saving.register_keras_serializable(package="tests")
class Attention(kl.Layer):
    """Attention over space, with a layer of its own inside."""

    def build(self, shape):
        """Make the inner layer."""
        self.conv = kl.Conv2D(1, 3, padding="same", activation="sigmoid")
        self.conv.build((*shape[:-1], 2))
        self.built = True

    def call(self, x):
        """Weigh each place by its mean and maximum over the channels."""
        two = [keras.ops.mean(x, -1, keepdims=True), keras.ops.max(x, -1, keepdims=True)]
        return x * self.conv(keras.ops.concatenate(two, -1))
