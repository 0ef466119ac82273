"""Weights for ``sd-server``, made up: a FLUX of one block of each kind, a CLIP of random numbers, a plain autoencoder.

stable-diffusion.cpp reads FLUX's width and depth off the weights, so a FLUX can be tiny; the sizes of CLIP-L are fixed
in the program, and it draws nothing without a text encoder. What is drawn is noise, but it is another noise for another
prompt and another seed. The autoencoder is made by hand: it makes a picture eight times smaller, and larger again, and
keeps the colours. So a test can see what became of a picture that was given.
"""

from __future__ import annotations

import array
import json
import math
import random
import struct
from collections.abc import Iterator
from pathlib import Path

Shape = tuple[int, ...]

_HIDDEN = 128
"""FLUX's width: that of one attention head, which the program fixes."""

_CONTEXT = 4096
_CLIP = 768
_LAYERS = 12
_CHANNELS = 64
"""Of the autoencoder, within."""

_Q2_K, _F32 = 10, 0
"""Types of GGUF (``ggml.h``)."""


def write_flux(path: Path) -> None:
    """Write a FLUX as safetensors."""
    chance = random.Random(7)
    tensors: dict[str, tuple[Shape, bytes]] = {}

    def linear(name: str, rows: int, columns: int) -> None:
        spread = math.sqrt(3 / columns)
        values = (chance.uniform(-spread, spread) for _ in range(rows * columns))
        tensors[f"{name}.weight"] = (rows, columns), _halves(values)
        tensors[f"{name}.bias"] = (rows,), _halves(0 for _ in range(rows))

    def norms(name: str) -> None:
        for kind in ("query_norm", "key_norm"):
            tensors[f"{name}.{kind}.scale"] = (_HIDDEN,), _halves(1 for _ in range(_HIDDEN))

    wide = _HIDDEN
    linear("img_in", wide, 64)
    linear("txt_in", wide, _CONTEXT)
    for name, columns in (("time_in", 256), ("vector_in", _CLIP)):
        linear(f"{name}.in_layer", wide, columns)
        linear(f"{name}.out_layer", wide, wide)
    for stream in ("img", "txt"):
        block = f"double_blocks.0.{stream}"
        linear(f"{block}_mod.lin", 6 * wide, wide)
        linear(f"{block}_attn.qkv", 3 * wide, wide)
        norms(f"{block}_attn.norm")
        linear(f"{block}_attn.proj", wide, wide)
        linear(f"{block}_mlp.0", 4 * wide, wide)
        linear(f"{block}_mlp.2", wide, 4 * wide)
    linear("single_blocks.0.linear1", 7 * wide, wide)
    linear("single_blocks.0.linear2", wide, 5 * wide)
    norms("single_blocks.0.norm")
    linear("single_blocks.0.modulation.lin", 3 * wide, wide)
    linear("final_layer.adaLN_modulation.1", 2 * wide, wide)
    linear("final_layer.linear", 64, wide)
    _write_safetensors(path, tensors)


def write_autoencoder(path: Path) -> None:
    """Write an autoencoder of the form of TAEF1 as safetensors.

    Of the latent's 16 channels, the first three are the picture's colours; residual blocks do nothing.
    """
    tensors: dict[str, tuple[Shape, bytes]] = {}

    def convolution(name: str, to: int, of: int, kernel: dict[tuple[int, int], float], *, bias: bool = True) -> None:
        values = array.array("f", bytes(4 * to * of * 9))
        for colour in range(3):
            for (row, column), value in kernel.items():
                values[(colour * of + colour) * 9 + row * 3 + column] = value
        tensors[f"{name}.weight"] = (to, of, 3, 3), _halves(iter(values))
        if bias:
            tensors[f"{name}.bias"] = (to,), _halves(0 for _ in range(to))

    def residual(name: str) -> None:
        for part in (0, 2, 4):
            convolution(f"{name}.conv.{part}", _CHANNELS, _CHANNELS, {})

    same = {(1, 1): 1.0}
    mean_of_four = {(row, column): 0.25 for row in (1, 2) for column in (1, 2)}
    convolution("encoder.layers.0", _CHANNELS, 3, same)
    residual("encoder.layers.1")
    for stage in range(3):
        at = 2 + 4 * stage
        convolution(f"encoder.layers.{at}", _CHANNELS, _CHANNELS, mean_of_four, bias=False)
        for block in range(1, 4):
            residual(f"encoder.layers.{at + block}")
    convolution("encoder.layers.14", 16, _CHANNELS, same)
    convolution("decoder.layers.0", _CHANNELS, 16, same)
    for stage in range(3):
        at = 2 + 5 * stage
        for block in range(3):
            residual(f"decoder.layers.{at + block}")
        convolution(f"decoder.layers.{at + 4}", _CHANNELS, _CHANNELS, same, bias=False)
    residual("decoder.layers.17")
    convolution("decoder.layers.18", 3, _CHANNELS, same)
    _write_safetensors(path, tensors)


def write_clip(path: Path) -> None:
    """Write a CLIP-L text encoder as GGUF: two bits for each of its 123 million weights."""
    chance = random.Random(3)
    tensors: list[tuple[str, Shape, int, bytes]] = []

    def random_bits(name: str, *shape: int) -> None:
        tensors.append((name, shape, _Q2_K, _two_bit_blocks(chance, math.prod(shape))))

    def numbers(name: str, *shape: int, value: float) -> None:
        tensors.append((name, shape, _F32, array.array("f", [value]).tobytes() * math.prod(shape)))

    random_bits("text_model.embeddings.token_embedding.weight", _CLIP, 49408)
    numbers("text_model.embeddings.position_embedding.weight", _CLIP, 77, value=0.01)
    for number in range(_LAYERS):
        layer = f"text_model.encoder.layers.{number}"
        for part in ("q", "k", "v", "out"):
            random_bits(f"{layer}.self_attn.{part}_proj.weight", _CLIP, _CLIP)
            numbers(f"{layer}.self_attn.{part}_proj.bias", _CLIP, value=0)
        for part in ("layer_norm1", "layer_norm2"):
            numbers(f"{layer}.{part}.weight", _CLIP, value=1)
            numbers(f"{layer}.{part}.bias", _CLIP, value=0)
        for part, across, down in (("fc1", _CLIP, 4 * _CLIP), ("fc2", 4 * _CLIP, _CLIP)):
            random_bits(f"{layer}.mlp.{part}.weight", across, down)
            numbers(f"{layer}.mlp.{part}.bias", down, value=0)
    numbers("text_model.final_layer_norm.weight", _CLIP, value=1)
    numbers("text_model.final_layer_norm.bias", _CLIP, value=0)
    _write_gguf(path, tensors)


def _halves(values: Iterator[float]) -> bytes:
    """Return numbers as IEEE 754 halves, the lower byte first."""
    numbers = list(values)
    return struct.pack(f"<{len(numbers)}e", *numbers)


def _two_bit_blocks(chance: random.Random, count: int) -> bytes:
    """Return so many weights as blocks ``q2_K`` (``ggml-common.h``): for 256 each, 16 bytes of scales, 64 of weights.

    Behind them are two factors, by which a weight is 0.012 times its two bits, less 0.018.
    """
    scales, factors = b"\x33" * 16, struct.pack("<2e", 0.004, 0.006)
    bits = chance.randbytes(count // 4)
    return b"".join(scales + bits[at : at + 64] + factors for at in range(0, len(bits), 64))


def _write_safetensors(path: Path, tensors: dict[str, tuple[Shape, bytes]]) -> None:
    """Write 16-bit tensors: a head as JSON behind its length, and the numbers behind it."""
    head: dict[str, object] = {}
    at = 0
    for name, (shape, data) in tensors.items():
        head[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.writelines(data for _, data in tensors.values())


def _write_gguf(path: Path, tensors: list[tuple[str, Shape, int, bytes]]) -> None:
    """Write tensors as GGUF 3: names, shapes, types and places, and the numbers behind them, in steps of 32 bytes."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), 0)
    at = 0
    for name, shape, kind, data in tensors:
        head += struct.pack("<Q", len(name)) + name.encode()
        head += struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, at)
        at += len(_padded(data))
    with path.open("wb") as file:
        file.write(_padded(head))
        file.writelines(_padded(data) for *_, data in tensors)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 32)
