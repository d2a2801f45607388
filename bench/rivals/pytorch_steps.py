#!/usr/bin/env python3
"""Time training steps of a network with PyTorch on the CPU, on random images.

bench/compare --networks runs this program; it prints one JSON object:

    {"version": ..., "params": ..., "ms": [milliseconds of each timed step]}

The images are of one batch and stay in memory in the channels-last layout, the fastest for convolutions
on a CPU; denormals are flushed to zero and the optimizer is fused. The loss is not read back.
"""

import argparse
import json
import time

import torch
from torch import nn


def conv_bn(inputs, outputs, kernel=3, stride=1):
    return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(outputs)]


class Block(nn.Module):
    """Two convolutions beside the identity, or beside a strided 1x1 convolution."""

    def __init__(self, inputs, outputs):
        super().__init__()
        stride = 1 if inputs == outputs else 2
        self.main = nn.Sequential(*conv_bn(inputs, outputs, stride=stride), nn.ReLU(inplace=True),
                                  *conv_bn(outputs, outputs))
        self.shortcut = nn.Sequential(*(conv_bn(inputs, outputs, 1, 2) if stride == 2 else []))

    def forward(self, x):
        return nn.functional.relu(self.main(x) + self.shortcut(x), inplace=True)


def resnet20():
    widths = [16, 16, 16, 16, 32, 32, 32, 64, 64, 64]
    blocks = [Block(a, b) for a, b in zip(widths, widths[1:])]
    return nn.Sequential(*conv_bn(3, 16), nn.ReLU(inplace=True), *blocks, nn.AdaptiveAvgPool2d(1),
                         nn.Flatten(), nn.Linear(64, 10))


def vgg_cifar():
    layers, inputs = [], 3
    for width, drop in ((64, 0.2), (128, 0.3), (256, 0.4)):
        for _ in range(2):
            layers += [*conv_bn(inputs, width), nn.ReLU(inplace=True)]
            inputs = width
        layers += [nn.MaxPool2d(2), nn.Dropout(drop)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(4096, 256, bias=False), nn.BatchNorm1d(256),
                         nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(256, 10))


def vgg():
    layers, inputs = [], 3
    for width, count in ((64, 2), (128, 2), (256, 3)):
        for _ in range(count):
            layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU(inplace=True)]
            inputs = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(4096, 512), nn.ReLU(inplace=True),
                         nn.Linear(512, 10))


NETWORKS = {"resnet20": resnet20, "vgg-cifar": vgg_cifar, "vgg": vgg}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    net = NETWORKS[args.network]().to(memory_format=torch.channels_last)
    x = torch.rand(args.batch, 3, 32, 32).contiguous(memory_format=torch.channels_last)
    y = torch.randint(0, 10, (args.batch,))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, fused=True)
    times = []
    for step in range(args.steps + 2):
        start = time.perf_counter()
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
        if step >= 2:
            times.append(1e3 * (time.perf_counter() - start))
    print(json.dumps({"version": torch.__version__, "ms": times,
                      "params": sum(p.numel() for p in net.parameters())}))


if __name__ == "__main__":
    main()
