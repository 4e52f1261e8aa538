# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same worlds as for the integration tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from worlds import directory, server, world  # noqa: E402,F401
