#!/usr/bin/env python3
"""Trains the three networks of the synthetic set and writes them as ONNX (opset 17, float32).

    train.py DATA_FOLDER... --out models/synthetic-set [--only detector|embedder|pad]

DATA_FOLDERs are written by `synthetic-dataset`. Everything is seeded; two cores take about ten minutes.
"""

import argparse
import pathlib
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

DETECT_H, DETECT_W, STRIDE = 240, 320, 16


def conv(inputs, outputs, stride=1, groups=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.body = nn.Sequential(conv(channels, channels), conv(channels, channels))

    def forward(self, x):
        return x + self.body(x)


class Detector(nn.Module):
    """YuNet's outputs at one stride: cls, obj (sigmoid inside), bbox, kps."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            conv(3, 12, 2), conv(12, 24, 2), conv(24, 40, 2), conv(40, 56, 2),
            # The receptive field must cover a whole face.
            nn.Conv2d(56, 56, 7, 1, 3, groups=56), conv(56, 56), nn.Conv2d(56, 56, 7, 1, 3, groups=56), conv(56, 56),
        )
        self.head = nn.Conv2d(56, 16, 1)

    def forward(self, x):
        y = self.head(self.body(x / 127.5 - 1.0)).permute(0, 2, 3, 1).flatten(1, 2)
        return torch.sigmoid(y[..., 0:1]), torch.sigmoid(y[..., 1:2]), y[..., 2:6], y[..., 6:16]


class Embedder(nn.Module):
    def __init__(self, dim=64):
        super().__init__()
        self.body = nn.Sequential(
            conv(3, 24, 2), conv(24, 48, 2), conv(48, 72, 2), Residual(72), conv(72, 96, 2),
            nn.Conv2d(96, 96, 7, groups=96), nn.Flatten(),
        )
        self.out = nn.Sequential(nn.Linear(96, dim), nn.BatchNorm1d(dim))

    def forward(self, x):
        return self.out(self.body(x / 127.5 - 1.0))


class Pad(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            conv(3, 16, 2), conv(16, 32, 2), conv(32, 48, 2), conv(48, 64, 2),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 3),
        )

    def forward(self, x):
        return self.body(x / 127.5 - 1.0)


def load(folders, name, shape, label_type, label_shape=(), per_folder_offset=None):
    pixels, labels, offset = [], [], 0
    for folder in folders:
        pixels.append(np.fromfile(f"{folder}/{name}.u8", np.uint8).reshape(-1, *shape))
        label = np.fromfile(f"{folder}/{name}.{'f32' if label_type == np.float32 else 'i32'}", label_type)
        label = label.reshape(-1, *label_shape)
        if per_folder_offset:
            label, offset = label + offset, offset + label.max() + 1
        labels.append(label)
    return np.concatenate(pixels), np.concatenate(labels)


def batches(count, size, generator):
    order = generator.permutation(count)
    for start in range(0, count - size + 1, size):
        yield np.sort(order[start:start + size])


def tensor(pixels):
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float()


def fit(name, model, epochs, count, batch, rate, loss_of, extra=()):
    generator = np.random.default_rng(7)
    parameters = list(model.parameters()) + list(extra)
    optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=1e-4)
    steps = epochs * (count // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps + 1, pct_start=0.15)
    model.train()
    started = time.monotonic()
    for epoch in range(epochs):
        total, number = 0.0, 0
        for index in batches(count, batch, generator):
            loss = loss_of(index, generator)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total, number = total + loss.item(), number + 1
        print(f"{name}: epoch {epoch + 1}/{epochs} loss {total / number:.4f} "
              f"({time.monotonic() - started:.0f} s)", flush=True)
    model.eval()
    return model


def export(model, shape, path, outputs):
    torch.onnx.export(model, torch.zeros(1, *shape), path, input_names=["input"], output_names=outputs,
                      opset_version=17, dynamo=False)
    size = sum(p.numel() for p in model.parameters())
    print(f"{path}: {size} parameters", flush=True)


def detector(folders, out, epochs):
    pixels, labels = load(folders, "detect", (DETECT_H, DETECT_W, 3), np.float32, (14,))
    rows, cols = DETECT_H // STRIDE, DETECT_W // STRIDE
    grid_y, grid_x = np.meshgrid(np.arange(rows), np.arange(cols), indexing="ij")
    grid = np.stack([grid_x, grid_y], -1).reshape(-1, 2).astype(np.float32)
    model = Detector()

    def targets(label, flip):
        box, points = label[:, :4].copy(), label[:, 4:].reshape(-1, 5, 2).copy()
        face = box[:, 2] > 0
        if flip:
            box[:, 0] = DETECT_W - box[:, 0] - box[:, 2]
            points[..., 0] = DETECT_W - points[..., 0]
            points = points[:, [1, 0, 2, 4, 3]]
        centre = box[:, :2] + box[:, 2:] / 2
        near = np.abs(grid[None] * STRIDE - centre[:, None]) / np.maximum(box[:, None, 2:], 1)
        positive = face[:, None] & (near.max(-1) < 0.16)
        near_enough = face[:, None] & (near.max(-1) < 0.28)
        offset = centre[:, None] / STRIDE - grid[None]
        size = np.broadcast_to(np.log(np.maximum(box[:, None, 2:], 1) / STRIDE), offset.shape)
        kps = points[:, None] / STRIDE - grid[None, :, None]
        return [torch.from_numpy(np.ascontiguousarray(a)) for a in (
            positive, near_enough & ~positive, np.concatenate([offset, size], -1), kps.reshape(len(label), -1, 10))]

    def loss_of(index, generator):
        flip = generator.random() < 0.5
        image = pixels[index]
        if flip:
            # The portraits' letterbox moves to the left; harmless.
            image = image[:, :, ::-1].copy()
        positive, ignore, box, kps = targets(labels[index], flip)
        cls, obj, box_out, kps_out = model(tensor(image))
        weight = (~ignore).float()
        goal = positive.float()
        found = max(goal.sum().item(), 1.0)
        bce = sum(((F.binary_cross_entropy(p[..., 0], goal, reduction="none") * weight
                    * (1 + 4 * goal)).sum() / found) for p in (cls, obj))
        box_loss = F.smooth_l1_loss(box_out[positive], box[positive], beta=0.2)
        kps_loss = F.smooth_l1_loss(kps_out[positive], kps[positive], beta=0.1)
        return bce + 2 * box_loss + 6 * kps_loss

    fit("detector", model, epochs, len(pixels), 16, 4e-3, loss_of)
    export(model, (3, DETECT_H, DETECT_W), out / "detector.onnx", ["cls_16", "obj_16", "bbox_16", "kps_16"])


def embedder(folders, out, epochs):
    pixels, labels = load(folders, "embed", (112, 112, 3), np.int32, per_folder_offset=True)
    labels = torch.from_numpy(labels.astype(np.int64))
    model = Embedder()
    centres = nn.Parameter(torch.randn(int(labels.max()) + 1, 64) * 0.1)

    def loss_of(index, generator):
        image = tensor(pixels[index])
        # Exposure and contrast of unknown cameras.
        gain = torch.from_numpy(generator.uniform(0.75, 1.25, (len(index), 1, 1, 1)).astype(np.float32))
        lift = torch.from_numpy(generator.uniform(-18, 18, (len(index), 1, 1, 1)).astype(np.float32))
        image = (image * gain + lift).clamp(0, 255)
        cosine = F.normalize(model(image)) @ F.normalize(centres).T
        label = labels[index]
        # CosFace: the right class must win by a margin.
        cosine = cosine - 0.25 * F.one_hot(label, cosine.shape[1])
        return F.cross_entropy(24.0 * cosine, label)

    fit("embedder", model, epochs, len(pixels), 64, 6e-3, loss_of, [centres])
    export(model, (3, 112, 112), out / "embedder.onnx", ["embedding"])


def pad(folders, out, epochs):
    pixels, labels = load(folders, "pad", (80, 80, 3), np.int32)
    labels = torch.from_numpy(labels.astype(np.int64))
    model = Pad()

    def loss_of(index, generator):
        image = pixels[index]
        if generator.random() < 0.5:
            image = image[:, :, ::-1].copy()
        return F.cross_entropy(model(tensor(image)), labels[index], label_smoothing=0.02)

    fit("pad", model, epochs, len(pixels), 64, 4e-3, loss_of)
    export(model, (3, 80, 80), out / "pad.onnx", ["output"])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("data", nargs="+", type=pathlib.Path)
    arguments.add_argument("--out", type=pathlib.Path, required=True)
    arguments.add_argument("--only", choices=["detector", "embedder", "pad"])
    arguments.add_argument("--threads", type=int, default=2)
    chosen = arguments.parse_args()
    torch.set_num_threads(chosen.threads)
    chosen.out.mkdir(parents=True, exist_ok=True)
    for name, train, epochs in (("pad", pad, 4), ("detector", detector, 6), ("embedder", embedder, 10)):
        if chosen.only in (None, name):
            torch.manual_seed(11)
            train(chosen.data, chosen.out, epochs)


if __name__ == "__main__":
    main()
