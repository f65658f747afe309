# SPDX-License-Identifier: MIT
"""Where tests keep what they write."""

import os
import tempfile


def make():
    """A new folder: below $TMPDIR, or in memory where one may write there. The caller removes it."""
    place = os.environ.get("TMPDIR") or "/dev/shm"
    return tempfile.mkdtemp(prefix="libtile-", dir=place if os.access(place, os.W_OK | os.X_OK) else None)
