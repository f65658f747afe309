# SPDX-License-Identifier: MIT
"""Where tests keep what they write, and in which format."""

import os
import tempfile

FORMAT = os.environ.get("TILE_TEST_FORMAT", "tif")  # carries all spaces: another in a build without libtiff
MEDIA_TYPE = {"tif": "image/tiff", "npy": "application/octet-stream"}[FORMAT]


def make():
    """A new folder: below $TMPDIR, or in memory where one may write there. The caller removes it."""
    place = os.environ.get("TMPDIR") or "/dev/shm"
    return tempfile.mkdtemp(prefix="libtile-", dir=place if os.access(place, os.W_OK | os.X_OK) else None)
