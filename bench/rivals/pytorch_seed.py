#!/usr/bin/env python3
"""Train the network of data/models/mnist-cnn.yaml with PyTorch on the CPU, as fast as it goes.

bench/compare runs this program; it prints one JSON object a line:

    {"version": ...}                                    once
    {"first_step": true}                                after the first step of training
    {"epoch": 1, "seconds": ..., "loss": ...}           after each epoch
    {"accuracy": ...}                                   on the test images, at the end
    {"infer": {"128": images per second, ...}}          by batch size, with --infer

What makes it fast: the images stay in memory as float and each batch is picked with one index
operation, denormals are flushed to zero, no value is read back within an epoch, the SGD update is
fused, and relu works in place behind the max pooling instead of before it.  As relu is monotonic
that gives the same values and gradients, with a quarter of the elements.
"""

import argparse
import gzip
import json
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

INFER_BATCHES = (128, 256, 500, 1000, 2000, 10000)
INFER_REPEATS = 5


def report(**fields):
    """Print one JSON line at once."""
    print(json.dumps(fields), flush=True)


def read_split(folder, split, form):
    """The images as float [N,1,28,28] in 0..1, laid out as form wants, and the labels."""
    with gzip.open(folder / f"{split}-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    with gzip.open(folder / f"{split}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8).astype(np.int64)
    images = torch.from_numpy(pixels.astype(np.float32) / 255)
    if form == "channels-last":
        # With one channel both layouts count as contiguous; the strides have to be set by hand.
        images = images.as_strided(images.shape, (784, 1, 28, 1))
    return images, torch.from_numpy(labels)


def build_network(form):
    """The network, its weights laid out as form wants."""
    net = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.MaxPool2d(2), nn.ReLU(inplace=True), nn.Flatten(),
        nn.Linear(5408, 128), nn.ReLU(inplace=True), nn.Linear(128, 10))
    return net.to(memory_format=torch.channels_last) if form == "channels-last" else net


def train(net, form, images, labels, args):
    """Train args.epochs epochs, reshuffled each, the short last batch kept."""
    def batch_loss(x, y):
        return nn.functional.cross_entropy(net(x), y)

    if form == "compile":
        batch_loss = torch.compile(batch_loss, dynamic=False)
    optimizer = torch.optim.SGD(net.parameters(), lr=args.lr, fused=True)
    for epoch in range(1, args.epochs + 1):
        start = time.perf_counter()
        total = torch.zeros(())
        for step, index in enumerate(torch.randperm(len(images)).split(args.batch)):
            optimizer.zero_grad()
            loss = batch_loss(images[index], labels[index])
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(index)
            if epoch == 1 and step == 0:
                report(first_step=True)
        seconds = time.perf_counter() - start
        report(epoch=epoch, seconds=seconds, loss=total.item() / len(images))


@torch.inference_mode()
def classify(model, images, batch):
    """The class of every image, batch images at a time."""
    return torch.cat([model(x).argmax(1) for x in images.split(batch)])


def infer_speed(model, images):
    """Images per second by batch size, each the median of some passes after one to warm up."""
    speeds = {}
    for batch in INFER_BATCHES:
        classify(model, images, batch)
        seconds = []
        for _ in range(INFER_REPEATS):
            start = time.perf_counter()
            classify(model, images, batch)
            seconds.append(time.perf_counter() - start)
        speeds[batch] = len(images) / statistics.median(seconds)
    return speeds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--form", choices=("eager", "channels-last", "compile"), default="eager")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--infer", action="store_true")
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    report(version=torch.__version__)
    net = build_network(args.form)
    train(net, args.form, *read_split(args.data, "train", args.form), args)

    net.eval()
    images, labels = read_split(args.data, "t10k", args.form)
    model = torch.compile(net, dynamic=False) if args.form == "compile" and args.infer else net
    report(accuracy=(classify(model, images, args.batch) == labels).float().mean().item())
    if args.infer:
        report(infer=infer_speed(model, images))


if __name__ == "__main__":
    main()
