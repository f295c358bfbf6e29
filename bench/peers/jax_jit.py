"""Peer: the same work in JAX, one jitted function for a batch of tasks, on the CPU or a GPU.

  python3 jax_jit.py --data DIR [--device cpu] [--threads 1] [--tasks 64] [--repeats 5]

The function makes one task from its number and is vectorised with vmap. The batch is that of a few sizes with which a task
takes the least time. JAX has no limit on its threads: the process is held to as many cores. Keys are JAX's own choice,
Threefry: its other generator, "rbg", took four times as long on a CPU.
"""
from common import CLASSES, EXAMPLES, PIXELS, STD, run

WAYS = {"cpu": [(1,), (4,), (16,)], "gpu": [(64,), (256,), (1024,)]}


def make(jax, images, labels, device):
    import numpy

    jnp, random = jax.numpy, jax.random
    place = jax.devices(device)[0]
    data, data_labels = jax.device_put(images, place), jax.device_put(labels.astype("int32"), place)

    def one(data, data_labels, number):
        keys = random.split(random.key(number), 3)
        matrix = random.normal(keys[0], (PIXELS, PIXELS)) * STD
        indices = random.randint(keys[1], (EXAMPLES,), 0, len(data))
        # On a GPU products of float32 would otherwise be of rounded factors, which no other peer's are.
        projected = jnp.matmul(data[indices], matrix, precision="highest")
        targets = random.permutation(keys[2], CLASSES)[data_labels[indices]]
        previous = jax.nn.one_hot(targets[:-1], CLASSES, dtype=data.dtype)
        one_hot = jnp.concatenate([jnp.zeros((1, CLASSES), data.dtype), previous])
        return indices, matrix, jnp.concatenate([projected, one_hot], axis=1), targets

    many = jax.vmap(one, in_axes=(None, None, 0))

    def in_way(batch):
        def whole(data, data_labels, n):
            return many(data, data_labels, n * batch + jnp.arange(batch, dtype="uint32"))

        # What is not asked for is not made into a result: the matrix need not be stored but where it is checked.
        timed = jax.jit(lambda *arguments: whole(*arguments)[2:])
        probe = jax.jit(whole)

        def task(n):
            return jax.block_until_ready(timed(data, data_labels, numpy.uint32(n)))

        task.probe = lambda n: probe(data, data_labels, numpy.uint32(n))
        return task

    return in_way


run("jax", "jax", make, ways=WAYS)
