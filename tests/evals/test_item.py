"""Items are known by what they ask."""

from __future__ import annotations

from mien.evals.item import Item


def test_an_item_is_read_back_and_its_key_is_what_it_asks() -> None:
    content = {"says": "Guten Tag", "wrong": ["a", "b"]}
    item = Item(test="t", id="1", content=content)
    assert Item.read(item.record) == Item(test="t", id="1", content=content, cluster="1")
    assert Item.read(item.record).key == item.key
    turned = Item(test="t", id="1", content=dict(reversed(content.items())))
    assert turned.key == item.key
    for other in (
        Item(test="u", id="1", content=content),
        Item(test="t", id="2", content=content),
        Item(test="t", id="1", content=content, cluster="c"),
        Item(test="t", id="1", content={**content, "says": "Hallo"}),
    ):
        assert other.key != item.key
