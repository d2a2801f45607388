#!/usr/bin/env python3
"""Train the network of data/models/mnist-cnn.yaml with Keras 3 on TensorFlow on the CPU.

bench/compare runs this program; the lines it prints are those of pytorch_seed.py.

What makes it fast: fit on NumPy arrays, callbacks that do not hold up the training, operations one
after the other with all threads inside each, relu behind the max pooling (see pytorch_seed.py), and
no XLA, whose CPU convolutions made an epoch more than twice as long.
"""

import argparse
import gzip
import json
import os
import statistics
import time
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import layers

INFER_BATCHES = (128, 256, 500, 1000, 2000, 10000)
INFER_REPEATS = 5


def report(**fields):
    """Print one JSON line at once."""
    print(json.dumps(fields), flush=True)


def read_split(folder, split):
    """The images as float [N,28,28,1] in 0..1, and the labels."""
    with gzip.open(folder / f"{split}-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28, 1)
    with gzip.open(folder / f"{split}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    return pixels.astype(np.float32) / 255, labels.astype(np.int32)


class Reporter(keras.callbacks.Callback):
    """Report the first step and the time and loss of each epoch."""

    async_safe = True       # lets Keras call on_train_batch_end while the next step runs

    def on_train_begin(self, logs=None):
        self.first = True

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        if self.first:
            report(first_step=True)
            self.first = False

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.perf_counter() - self.start
        report(epoch=epoch + 1, seconds=seconds, loss=float(logs["loss"]))


def build_network(lr):
    """The compiled network."""
    net = keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3), layers.MaxPooling2D(2), layers.ReLU(), layers.Flatten(),
        layers.Dense(128, activation="relu"), layers.Dense(10)])
    net.compile(optimizer=keras.optimizers.SGD(lr),
                loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                jit_compile=False)
    return net


def infer_speed(model, images):
    """Images per second by batch size, each the median of some passes after one to warm up."""
    speeds = {}
    for batch in INFER_BATCHES:
        model.predict(images, batch_size=batch, verbose=0)
        seconds = []
        for _ in range(INFER_REPEATS):
            start = time.perf_counter()
            model.predict(images, batch_size=batch, verbose=0)
            seconds.append(time.perf_counter() - start)
        speeds[batch] = len(images) / statistics.median(seconds)
    return speeds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--infer", action="store_true")
    args = parser.parse_args()

    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    report(version=f"{keras.__version__} on TensorFlow {tf.__version__}")
    net = build_network(args.lr)
    images, labels = read_split(args.data, "train")
    net.fit(images, labels, batch_size=args.batch, epochs=args.epochs, shuffle=True, verbose=0,
            callbacks=[Reporter()])

    images, labels = read_split(args.data, "t10k")
    classes = net.predict(images, batch_size=args.batch, verbose=0).argmax(1)
    report(accuracy=float((classes == labels).mean()))
    if args.infer:
        report(infer=infer_speed(net, images))


if __name__ == "__main__":
    main()
