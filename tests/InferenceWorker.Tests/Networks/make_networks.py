#!/usr/bin/python3
"""Writes the tiny networks of these tests, and prints the reference values that PreprocessingTests, ModelSessionTests and TextureViewTests hold.

Needs python3-onnx, python3-numpy, python3-pil, python3-opencv. Run: python3 make_networks.py
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
SIZE = 16


def weights():
    """One weight a number of the input: a different one everywhere, so that any pixel in the wrong place shows."""
    return (np.sin(0.37 * np.arange(3 * SIZE * SIZE) + 0.1) * 0.05).astype(np.float32)


def save(name, nodes, constants, outputs, shape):
    graph = helper.make_graph(
        nodes, name,
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="make_networks.py")
    model.ir_version = 7
    onnx.checker.check_model(model)
    onnx.save(model, os.path.join(HERE, name + ".onnx"))


def node(kind, inputs, output, **attributes):
    return helper.make_node(kind, inputs, [output], **attributes)


def idle_round():
    """The body of a loop that changes nothing."""
    return helper.make_graph(
        [node("Identity", ["go"], "go_on"), node("Identity", ["value"], "same")], "round",
        [helper.make_tensor_value_info("round_number", TensorProto.INT64, []), helper.make_tensor_value_info("go", TensorProto.BOOL, []),
         helper.make_tensor_value_info("value", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("go_on", TensorProto.BOOL, []), helper.make_tensor_value_info("same", TensorProto.FLOAT, None)])


def networks():
    nchw, nhwc = ["n", 3, SIZE, SIZE], ["n", SIZE, SIZE, 3]
    flatten = node("Flatten", ["input"], "flat", axis=1)
    weighted = [flatten, node("MatMul", ["flat", "w"], "score")]
    w = {"w": weights()[:, None]}
    save("weighted_nchw", weighted, w, [("score", ["n", 1])], nchw)
    save("weighted_nhwc", weighted, w, [("score", ["n", 1])], nhwc)
    save("weighted_fixed_batch", weighted, w, [("score", [4, 1])], [4, 3, SIZE, SIZE])
    save("two_classes", [flatten, node("MatMul", ["flat", "w"], "score")],
         {"w": np.stack([-weights() / 2, weights() / 2], 1)}, [("score", ["n", 2])], nchw)
    save("probability", [*weighted[:1], node("MatMul", ["flat", "w"], "logit"), node("Sigmoid", ["logit"], "p"),
                         node("Squeeze", ["p", "axes"], "score")], {**w, "axes": np.array([1])}, [("score", ["n"])], nchw)
    save("with_cam", [node("ReduceMean", ["input"], "cam", axes=[1], keepdims=1), *weighted], w,
         [("cam", ["n", 1, SIZE, SIZE]), ("score", ["n", 1])], nchw)
    mean = node("ReduceMean", ["input"], "mean", axes=[1, 2, 3], keepdims=0)
    # The index leaves the table for a crop brighter than grey: the run fails.
    save("throws_when_bright", [mean, node("Mul", ["mean", "two"], "twice"), node("Cast", ["twice"], "index", to=TensorProto.INT64),
                                node("Gather", ["table", "index"], "score")],
         {"two": np.float32(2), "table": np.zeros(1, np.float32)}, [("score", ["n"])], nchw)
    save("nan_when_bright", [mean, node("Sub", ["half", "mean"], "left"), node("Sqrt", ["left"], "score")],
         {"half": np.float32(0.5)}, [("score", ["n"])], nchw)
    # Brighter than grey, it counts to a number that nobody lives to see.
    save("loops_when_bright", [mean, node("ReduceMax", ["mean"], "brightest", keepdims=0), node("Mul", ["brightest", "two"], "twice"),
                               node("Cast", ["twice"], "index", to=TensorProto.INT64), node("Mul", ["index", "ages"], "rounds"),
                               helper.make_node("Loop", ["rounds", "", "mean"], ["score"], body=idle_round())],
         {"two": np.float32(2), "ages": np.int64(10**15)}, [("score", ["n"])], nchw)
    # Each place of a sequence has a weight of its own, so that a crop in the wrong place shows.
    save("sequence_places", [node("ReduceMean", ["input"], "means", axes=[2, 3, 4], keepdims=0), node("MatMul", ["means", "w"], "score")],
         {"w": np.array([[0.001], [0.01], [0.1], [1]], np.float32)}, [("score", ["n", 1])], ["n", 4, 3, SIZE, SIZE])


def crop(seed):
    """The same picture as TestCrops.Pattern."""
    y, x, c = np.meshgrid(np.arange(256), np.arange(256), np.arange(3), indexing="ij")
    return ((((x * (2 - c) + y * c) >> 1) + ((x * y) >> 5) % 32 + 16 * seed) & 255).astype(np.uint8)


def prepare(image, size, margin, mean, std, bgr=False):
    side = 256 * margin / 1.6
    lo = (256 - side) / 2
    planes = [np.asarray(Image.fromarray(image[..., c].astype(np.float32), "F").resize((size, size), Image.BILINEAR, box=(lo, lo, lo + side, lo + side)))
              for c in range(3)]
    x = np.stack(planes[::-1] if bgr else planes) / 255.0
    return (x - np.array(mean)[:, None, None]) / np.array(std)[:, None, None]


def references():
    w = weights().astype(np.float64)
    imagenet = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    half = ([0.5] * 3, [0.5] * 3)
    for margin, (mean, std), bgr in [(1.6, half, False), (1.3, imagenet, False), (1.3, imagenet, True), (0.77, imagenet, False)]:
        x = prepare(crop(0), SIZE, margin, mean, std, bgr)
        print(f"margin {margin} mean {mean[0]} bgr {bgr}: corner {[round(float(v), 5) for v in x[:, 0, 0]]} "
              f"middle {[round(float(v), 5) for v in x[:, 8, 8]]} end {[round(float(v), 5) for v in x[:, 15, 15]]} "
              f"logit nchw {float((x.ravel() * w).sum()):.5f} nhwc {float((x.transpose(1, 2, 0).ravel() * w).sum()):.5f} "
              f"mirrored {float((x[:, :, ::-1].ravel() * w).sum()):.5f}")
    # Enlarging: the window of margin 0.77 has 123.2 pixels.
    x = prepare(crop(0), 224, 0.77, *half)
    print("224:", [round(float(v), 5) for v in (x[0, 0, 0], x[1, 100, 37], x[2, 223, 223])])


FACES = {
    "frontal": (112, [(42, 44), (70, 44), (56, 58), (56, 74), (28, 50), (84, 50)]),
    "turned and tilted": (96, [(30, 40), (52, 31), (52, 48), (54, 64), (20, 50), (78, 36)]),
    "smaller than a patch": (12, [(4, 4), (8, 4), (6, 6), (6, 8), (2, 5), (10, 5)]),
    "larger than its square": (128, [(-10, -20), (130, -12), (60, 60), (58, 140), (-80, 0), (210, 10)]),
    "all in one point": (64, [(32, 32)] * 6),
}


def texture_references():
    """By the code that the nets are trained with."""
    sys.path.insert(0, os.path.join(HERE, "../../../training"))
    from texture import patches

    w, mean, std = weights().astype(np.float64), np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    for name, (side, points) in FACES.items():
        picture, logits, corners = np.ascontiguousarray(crop(0)[:side, :side]), [], []
        for place in patches.scored_places(np.float32(points), side, SIZE):
            x = (patches.cut(picture, place, SIZE) / 255.0 - mean) / std
            corners.append(patches.corner(place, SIZE, max(side, SIZE)))
            logits.append(float((x.transpose(2, 0, 1).ravel() * w).sum()))
        print(f"{name}: {corners} logit {np.mean(logits):.5f}")


if __name__ == "__main__":
    networks()
    references()
    texture_references()
