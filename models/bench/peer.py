"""The networks of `models bench` in Python, as its yardstick: onnxruntime, numpy and OpenCV, straightforward and vectorised.

peer.py MANIFEST MODELS_FOLDER FRAME.bgr SET DETECTOR EMBEDDER THREADS FRAMES

Reads the manifest and the frame (1280 x 720 raw BGR) that the caller uses; prints one JSON object.
"""

import json
import os
import sys
import time
import tomllib

try:
    import cv2
    import numpy as np
    import onnxruntime
except ImportError as error:
    sys.exit(f"Python module {error.name!r} is missing: pip install onnxruntime opencv-python-headless numpy")

WIDTH, HEIGHT = 1280, 720
WARM_UP_FRAMES = 3


class Network:
    def __init__(self, description, folder, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        path = os.path.join(folder, description["file"]["name"])
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.input = description["input"]
        self.size = (self.input["width"], self.input["height"])
        self.mean = np.float32(self.input["mean"]).reshape(3, 1, 1)
        self.deviation = np.float32(self.input["deviation"]).reshape(3, 1, 1)

    def run(self, outputs, picture):
        planes = picture.transpose(2, 0, 1).astype(np.float32)
        if self.input["colour"] == "rgb":
            planes = planes[::-1]
        planes = (planes - self.mean) / self.deviation
        return self.session.run(outputs, {self.input["tensor"]: planes[None]})


def similarity(source, target):
    source, target = np.float64(source), np.float64(target)
    source_mean, target_mean = source.mean(0), target.mean(0)
    s, t = source - source_mean, target - target_mean
    norm = (s * s).sum()
    a, b = (s * t).sum() / norm, (s[:, 0] * t[:, 1] - s[:, 1] * t[:, 0]).sum() / norm
    turn = np.array([[a, -b], [b, a]])
    return np.hstack([turn, (target_mean - turn @ source_mean)[:, None]])


def align(frame, landmarks, alignment):
    points = alignment["points"]
    if "five" in points:
        matrix = similarity(landmarks, points["five"])
    else:
        mouth = (landmarks[3] + landmarks[4]) / 2
        matrix = similarity([landmarks[0], landmarks[1], mouth], points["eyes_and_mouth"])
    return cv2.warpAffine(frame, matrix, (alignment["width"], alignment["height"]))


class Detector:
    def __init__(self, description, folder, threads):
        self.description, self.network = description, Network(description, folder, threads)

    def detect(self, frame):
        width, height = self.network.size
        scale = min(width / frame.shape[1], height / frame.shape[0])
        small = cv2.resize(frame, (round(frame.shape[1] * scale), round(frame.shape[0] * scale)))
        picture = np.zeros((height, width, 3), np.uint8)
        picture[: small.shape[0], : small.shape[1]] = small
        outputs = self.network.run(self.description["outputs"], picture)
        decoding = self.description["decoding"]
        if "yunet" in decoding:
            boxes, points, scores = self.yunet(outputs, decoding["yunet"]["strides"])
        else:
            boxes, points, scores = self.retinaface(outputs, decoding["retinaface"])
        if len(scores) == 0:
            return []
        keep = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), self.description["score_min"], self.description["overlap_max"])
        faces = [(boxes[i] / scale, points[i] / scale) for i in np.array(keep).flatten()]
        return sorted(faces, key=lambda face: -face[0][2] * face[0][3])

    def yunet(self, outputs, strides):
        width = self.network.size[0]
        boxes, points, scores = [], [], []
        count = len(strides)
        for index, stride in enumerate(strides):
            cls, obj, bbox, kps = (outputs[kind * count + index][0] for kind in range(4))
            score = np.sqrt(np.clip(cls[:, 0], 0, 1) * np.clip(obj[:, 0], 0, 1))
            cells = np.flatnonzero(score >= self.description["score_min"])
            corner = np.stack([cells % (width // stride), cells // (width // stride)], 1)
            centre = (corner + bbox[cells, :2]) * stride
            size = np.exp(bbox[cells, 2:]) * stride
            boxes.append(np.hstack([centre - size / 2, size]))
            points.append((corner[:, None] + kps[cells].reshape(-1, 5, 2)) * stride)
            scores.append(score[cells])
        return np.concatenate(boxes), np.concatenate(points), np.concatenate(scores)

    def retinaface(self, outputs, decoding):
        width, height = self.network.size
        priors = []
        for stride, sides in zip(decoding["strides"], decoding["prior_px"]):
            rows, columns, side = np.meshgrid(np.arange(height // stride), np.arange(width // stride), sides, indexing="ij")
            priors.append(np.stack([(columns + 0.5) * stride, (rows + 0.5) * stride, side], -1).reshape(-1, 3))
        priors = np.concatenate(priors)
        loc, conf, landms = (output[0] for output in outputs)
        cells = np.flatnonzero(conf[:, 1] >= self.description["score_min"])
        prior, side = priors[cells], priors[cells, 2:]
        of_centre, of_size = decoding["variances"]
        centre = prior[:, :2] + of_centre * side * loc[cells, :2]
        size = side * np.exp(of_size * loc[cells, 2:])
        points = prior[:, None, :2] + of_centre * side[:, None] * landms[cells].reshape(-1, 5, 2)
        return np.hstack([centre - size / 2, size]), points, conf[cells, 1]


class Pipeline:
    def __init__(self, manifest, folder, wanted_set, detector, matcher, threads):
        def one(role, name):
            return next(entry for entry in manifest[role] if entry["name"] == name)

        described = manifest["set"][wanted_set]
        self.alignments = manifest["alignment"]
        self.detector = Detector(one("detector", detector), folder, threads)
        embedders = [one("embedder", part["name"]) for part in one("matcher", matcher)["embedders"]]
        self.embedders = [(entry, Network(entry, folder, threads)) for entry in embedders]
        pads = [one("pad", name) for name in described["pad"]]
        self.pads = [(entry, Network(entry, folder, threads)) for entry in pads]
        self.quality_network = None
        if "quality" in described:
            entry = one("quality", described["quality"])
            self.quality_network = (entry, Network(entry, folder, threads))

    def embed(self, frame, face):
        for entry, network in self.embedders:
            picture = align(frame, face[1], self.alignments[entry["alignment"]])
            vector = network.run([entry["output"]], picture)[0][0]
            vector / np.linalg.norm(vector)

    def presentation(self, frame, face):
        height, width = frame.shape[:2]
        x, y, box_width, box_height = face[0]
        for entry, network in self.pads:
            scale = min(entry["crop_scale"], (height - 1) / box_height, (width - 1) / box_width)
            crop_width, crop_height = box_width * scale, box_height * scale
            left = int(np.clip(x + box_width / 2 - crop_width / 2, 0, width - crop_width))
            top = int(np.clip(y + box_height / 2 - crop_height / 2, 0, height - crop_height))
            crop = frame[top : top + int(crop_height), left : left + int(crop_width)]
            logits = network.run([entry["output"]], cv2.resize(crop, network.size))[0][0]
            shares = np.exp(logits - logits.max())
            shares / shares.sum()

    def quality(self, frame, face):
        picture = align(frame, face[1], self.alignments["arcface_112"])
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        cv2.Laplacian(grey, cv2.CV_64F).std()
        (grey < 25).mean(), (grey > 247).mean(), grey[:, :56].mean(), grey[:, 56:].mean()
        if self.quality_network:
            entry, network = self.quality_network
            network.run([entry["output"]], align(frame, face[1], self.alignments[entry["alignment"]]))

    def whole(self, frame):
        face = self.detector.detect(frame)[0]
        self.embed(frame, face)
        self.presentation(frame, face)
        self.quality(frame, face)


def measured(frames, work):
    times = []
    for index in range(WARM_UP_FRAMES + frames):
        began = time.perf_counter()
        work()
        if index >= WARM_UP_FRAMES:
            times.append((time.perf_counter() - began) * 1000)
    times.sort()
    at = lambda percent: round(times[(len(times) - 1) * percent // 100], 2)
    return {"p50_ms": at(50), "p99_ms": at(99)}


def main():
    manifest_path, folder, pixels, wanted_set, detector, matcher, threads, frames = sys.argv[1:]
    threads, frames = int(threads), int(frames)
    cv2.setNumThreads(threads)
    began = time.perf_counter()
    with open(manifest_path, "rb") as file:
        manifest = tomllib.load(file)
    frame = np.fromfile(pixels, np.uint8).reshape(HEIGHT, WIDTH, 3)
    pipeline = Pipeline(manifest, folder, wanted_set, detector, matcher, threads)
    faces = pipeline.detector.detect(frame)
    if not faces:
        sys.exit("the peer finds no face in the frame")
    pipeline.whole(frame)
    start_up = (time.perf_counter() - began) * 1000
    stages = {
        "detect": measured(frames, lambda: pipeline.detector.detect(frame)),
        "align_and_embed": measured(frames, lambda: pipeline.embed(frame, faces[0])),
        "pad": measured(frames, lambda: pipeline.presentation(frame, faces[0])),
        "quality": measured(frames, lambda: pipeline.quality(frame, faces[0])),
    }
    used = time.process_time()
    whole = measured(frames, lambda: pipeline.whole(frame))
    cpu = round((time.process_time() - used) * 1000 / (WARM_UP_FRAMES + frames), 2)
    print(json.dumps({"stages": stages, "whole": whole, "cpu_ms": cpu, "start_up_ms": round(start_up, 2)}))


main()
