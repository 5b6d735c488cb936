#!/usr/bin/python3
"""Trains the bundled sample: a small convolutional network on scikit-learn's handwritten digits.

usage: /usr/bin/python3 train_digits.py [OUT_DIR]

Writes digits.onnx (PyTorch's exporter, opset 17), digits.inputs.npz (ten real digits of the held-out part, one of each
class), digits.labels.txt (a name a class) and digits.expected.txt (the true class of each of the ten), and prints the
accuracy on the held-out part. Needs Debian's python3-sklearn and python3-torch. Seeded, so a second run gives the same
network on the same machine.
"""
import os
import sys

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class Block(nn.Module):
    """Two 3×3 convolutions around which the input is added again."""

    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        y = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(x + self.norm2(self.conv2(y)))


class Digits(nn.Module):
    """Images [N, 1, 8, 8] with values 0 to 1, to scores [N, 10]."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 24, 3, padding=1), nn.ReLU())
        self.stage1 = Block(24)
        self.down = nn.Sequential(nn.Conv2d(24, 48, 3, stride=2, padding=1), nn.ReLU())
        self.stage2 = Block(48)
        self.head = nn.Linear(48, 10)

    def forward(self, x):
        x = self.stage2(self.down(self.stage1(self.stem(x))))
        return self.head(x.mean(dim=(2, 3)))


def train(model, images, labels, epochs=40, batch=64):
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
    steps = epochs * -(-len(images) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    for _ in range(epochs):
        for rows in torch.randperm(len(images)).split(batch):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images[rows]), labels[rows], label_smoothing=0.05).backward()
            optimizer.step()
            schedule.step()


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    torch.manual_seed(0)
    torch.set_num_threads(1)
    digits = load_digits()
    images = (digits.images[:, None] / 16).astype("float32")
    parts = train_test_split(images, digits.target, test_size=0.2, random_state=0, stratify=digits.target)
    train_x, test_x, train_y, test_y = (torch.from_numpy(np.ascontiguousarray(p)) for p in parts)
    model = Digits()
    train(model, train_x, train_y.long())
    model.eval()
    with torch.no_grad():
        right = (model(test_x).argmax(1) == test_y).float().mean().item()
    print(f"accuracy on {len(test_x)} held-out digits: {100 * right:.1f} %")
    chosen = [int(np.flatnonzero(test_y.numpy() == d)[0]) for d in range(10)]
    chosen = [chosen[d] for d in (7, 2, 0, 4, 9, 1, 5, 8, 3, 6)]
    torch.onnx.export(model, test_x[:1], f"{out}/digits.onnx", opset_version=17, input_names=["image"],
                      output_names=["scores"], dynamic_axes={"image": {0: "N"}, "scores": {0: "N"}})
    np.savez(f"{out}/digits.inputs.npz", image=test_x[chosen].numpy())
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    with open(f"{out}/digits.labels.txt", "w") as f:
        f.write("\n".join(names) + "\n")
    with open(f"{out}/digits.expected.txt", "w") as f:
        f.write("\n".join(names[int(test_y[i])] for i in chosen) + "\n")


main()
