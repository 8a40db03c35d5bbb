"""ONNX Runtime through its C interface, since Debian packages none for Python: the same library that the InferenceWorker runs.

The library is the one that a build of the InferenceWorker puts beside it. Places of functions in its table never change
(onnxruntime_c_api.h: "new functions are only added at the end").
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int, c_int64, c_size_t, c_void_p
from pathlib import Path

import numpy as np

LIBRARY = Path(__file__).resolve().parents[2] / "InferenceWorker/bin/Release/net10.0/runtimes/linux-x64/native/libonnxruntime.so"

_API_VERSION = 17
_ERROR_MESSAGE, _CREATE_ENV, _CREATE_SESSION, _RUN, _CREATE_OPTIONS, _INTRA_THREADS = 2, 3, 7, 9, 10, 24
_OUTPUT_COUNT, _INPUT_NAME, _OUTPUT_NAME, _TENSOR, _DATA = 31, 36, 37, 49, 51
_RANK, _DIMENSIONS, _SHAPE, _CPU_MEMORY, _ALLOCATOR = 61, 62, 65, 69, 78
_RELEASE_SESSION, _RELEASE_VALUE, _RELEASE_SHAPE, _RELEASE_OPTIONS = 95, 96, 99, 100
_FLOAT = 1
_WARNING = 2


class _Base(ctypes.Structure):
    _fields_ = [("get_api", ctypes.CFUNCTYPE(POINTER(c_void_p), ctypes.c_uint32)), ("version", c_void_p)]


class Session:
    """One network on the CPU with one float32 input: `run(x)` gives its outputs by name."""

    _table: POINTER(c_void_p) | None = None
    _environment = c_void_p()
    _memory = c_void_p()

    def __init__(self, path: Path, threads: int = 1) -> None:
        """Raises RuntimeError with the library's message when it refuses the file."""
        self._open_library()
        options = c_void_p()
        self._call(_CREATE_OPTIONS, byref(options))
        self._call(_INTRA_THREADS, options, c_int(threads))
        self._session = c_void_p()
        self._call(_CREATE_SESSION, self._environment, c_char_p(str(path).encode()), options, byref(self._session))
        self._release(_RELEASE_OPTIONS, options)
        count = c_size_t()
        self._call(_OUTPUT_COUNT, self._session, byref(count))
        self._input = self._name(_INPUT_NAME, 0)
        self.outputs = [self._name(_OUTPUT_NAME, i).decode() for i in range(count.value)]

    def run(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Raises RuntimeError when the network does not take this shape."""
        x = np.ascontiguousarray(x, np.float32)
        shape = (c_int64 * x.ndim)(*x.shape)
        given = c_void_p()
        self._call(_TENSOR, self._memory, x.ctypes.data_as(c_void_p), c_size_t(x.nbytes), shape, c_size_t(x.ndim), c_int(_FLOAT), byref(given))
        names = (c_char_p * len(self.outputs))(*(name.encode() for name in self.outputs))
        values = (c_void_p * len(self.outputs))()
        try:
            self._call(_RUN, self._session, c_void_p(), (c_char_p * 1)(self._input), (c_void_p * 1)(given), c_size_t(1), names, c_size_t(len(values)), values)
            return {name: self._array(c_void_p(value)) for name, value in zip(self.outputs, values)}
        finally:
            for value in (given.value, *values):
                if value:
                    self._release(_RELEASE_VALUE, c_void_p(value))

    def close(self) -> None:
        """Frees the network."""
        if self._session:
            self._release(_RELEASE_SESSION, self._session)
            self._session = c_void_p()

    def _array(self, value: c_void_p) -> np.ndarray:
        about, rank, data = c_void_p(), c_size_t(), c_void_p()
        self._call(_SHAPE, value, byref(about))
        self._call(_RANK, about, byref(rank))
        shape = (c_int64 * rank.value)()
        self._call(_DIMENSIONS, about, shape, rank)
        self._release(_RELEASE_SHAPE, about)
        self._call(_DATA, value, byref(data))
        count = int(np.prod(shape[:], dtype=np.int64))
        return np.ctypeslib.as_array(ctypes.cast(data, POINTER(ctypes.c_float)), (count,)).reshape(shape[:]).copy()

    def _name(self, function: int, index: int) -> bytes:
        allocator, name = c_void_p(), c_char_p()
        self._call(_ALLOCATOR, byref(allocator))
        self._call(function, self._session, c_size_t(index), allocator, byref(name))
        return name.value  # a few bytes of the library's, kept until the process ends

    @classmethod
    def _open_library(cls) -> None:
        if cls._table is not None:
            return
        base = ctypes.CDLL(str(LIBRARY)).OrtGetApiBase
        base.restype = POINTER(_Base)
        cls._table = base().contents.get_api(_API_VERSION)
        cls._call(_CREATE_ENV, c_int(_WARNING), c_char_p(b"training"), byref(cls._environment))
        cls._call(_CPU_MEMORY, c_int(1), c_int(0), byref(cls._memory))

    @classmethod
    def _call(cls, function: int, *arguments) -> None:
        status = ctypes.CFUNCTYPE(c_void_p, *(_kind(a) for a in arguments))(cls._table[function])(*arguments)
        if status:
            raise RuntimeError(ctypes.CFUNCTYPE(c_char_p, c_void_p)(cls._table[_ERROR_MESSAGE])(status).decode())

    @classmethod
    def _release(cls, function: int, thing: c_void_p) -> None:
        ctypes.CFUNCTYPE(None, c_void_p)(cls._table[function])(thing)


def _kind(argument):
    return type(argument) if isinstance(argument, (c_int, c_size_t, c_char_p, c_void_p)) else c_void_p
