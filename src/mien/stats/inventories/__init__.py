"""Traits rated one by one on a scale, in several phrasings, some of which ask for the opposite."""

from __future__ import annotations

from mien.stats.inventories.answers import HIGHEST, LOWEST, UNREAD, Answers, Phrasing
from mien.stats.inventories.inventory import Inventory, InventoryRow, inventory

__all__ = [
    "HIGHEST",
    "LOWEST",
    "UNREAD",
    "Answers",
    "Inventory",
    "InventoryRow",
    "Phrasing",
    "inventory",
]
