# SPDX-License-Identifier: MIT
"""A Python function with libtile from the layer: a region of a JPEG or PNG, converted.

Event: {"image": base64 of the file, "region": [x, y, width, height], "to": "lab"}. Response: {"width", "height",
"space", "channels", "pixels": base64 of 8-bit samples, row by row, channels interleaved}.
"""
import base64
import ctypes
from ctypes import POINTER, byref, c_char, c_char_p, c_int, c_size_t, c_ssize_t, c_uint, c_uint32, c_void_p

tile = ctypes.CDLL("/opt/lib/libtile.so.0")


# The structures of tile.h, as far as they are used here.
class Error(ctypes.Structure):
    _fields_ = [("status", c_int), ("remedies", c_uint), ("message", c_char * 500)]


class Format(ctypes.Structure):
    _fields_ = [("space", c_int), ("sample", c_int), ("alpha", c_int), ("order", c_int), ("layout", c_int),
                ("reserved", c_uint32 * 3)]


class Image(ctypes.Structure):
    _fields_ = [("format", Format), ("width", c_uint32), ("height", c_uint32), ("plane", c_void_p * 5),
                ("stride", c_ssize_t)]


class Rect(ctypes.Structure):
    _fields_ = [("x", c_uint32), ("y", c_uint32), ("width", c_uint32), ("height", c_uint32)]


class Info(ctypes.Structure):  # begins so
    _fields_ = [("codec", c_int), ("width", c_uint32), ("height", c_uint32), ("orientation", c_int), ("bits", c_int),
                ("format", Format)]


def declare(name, result, *arguments):
    function = getattr(tile, name)
    function.restype, function.argtypes = result, arguments


declare("tile_space_from_name", c_int, c_char_p)
declare("tile_space_channels", c_int, c_int)
declare("tile_source_open_memory", c_int, POINTER(c_void_p), c_char_p, c_size_t, c_void_p, POINTER(Error))
declare("tile_source_close", None, c_void_p)
declare("tile_source_info", POINTER(Info), c_void_p)
declare("tile_image_alloc", c_int, POINTER(Image), Format, c_uint32, c_uint32, c_void_p, POINTER(Error))
declare("tile_image_free", None, POINTER(Image), c_void_p)
declare("tile_source_read", c_int, c_void_p, Rect, POINTER(Image), POINTER(Error))
declare("tile_converter_new", c_int, POINTER(c_void_p), Format, Format, c_void_p, POINTER(Error))
declare("tile_converter_free", None, c_void_p)
declare("tile_convert", c_int, c_void_p, POINTER(Image), POINTER(Image), POINTER(Error))


def call(name, *arguments):
    error = Error()
    if getattr(tile, name)(*arguments, byref(error)) != 0:
        raise ValueError(error.message.decode())


def handler(event, context):
    data = base64.b64decode(event["image"])
    rect = Rect(*event["region"])
    wanted = Format(space=tile.tile_space_from_name(event["to"].encode()), sample=1)  # TILE_U8
    source, converter, pixels, converted = c_void_p(), c_void_p(), Image(), Image()
    try:
        call("tile_source_open_memory", byref(source), data, len(data), None)
        format = tile.tile_source_info(source).contents.format
        call("tile_image_alloc", byref(pixels), format, rect.width, rect.height, None)
        call("tile_source_read", source, rect, byref(pixels))
        call("tile_converter_new", byref(converter), format, wanted, None)
        call("tile_image_alloc", byref(converted), wanted, rect.width, rect.height, None)
        call("tile_convert", converter, byref(pixels), byref(converted))
        samples = ctypes.string_at(converted.plane[0], converted.stride * rect.height)
    finally:
        tile.tile_image_free(byref(converted), None)
        tile.tile_converter_free(converter)
        tile.tile_image_free(byref(pixels), None)
        tile.tile_source_close(source)
    return {"width": rect.width, "height": rect.height, "space": event["to"],
            "channels": tile.tile_space_channels(wanted.space), "pixels": base64.b64encode(samples).decode()}
