# SPDX-License-Identifier: LGPL-2.1-or-later
"""Worlds for one test each."""

from worlds import directory, world  # noqa: F401
