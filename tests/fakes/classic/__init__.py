# SPDX-License-Identifier: LGPL-2.1-or-later
"""The stand-in of the school system that exists ("classic"): see tests/README.md."""
