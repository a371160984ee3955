"""XMP packets and IPTC blocks, sound and damaged → what people wrote."""

from __future__ import annotations

import pytest

from lookalike.image.captions import Caption, from_iptc, from_xmp
from tests.pictures import iptc, xmp


def test_a_packet_says_it_in_lists_and_in_attributes() -> None:
    packet = xmp(
        '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Rose</rdf:li></rdf:Alt></dc:title>'
        "<dc:description><rdf:Alt><rdf:li>In the\n garden</rdf:li></rdf:Alt></dc:description>"
        "<dc:creator><rdf:Seq><rdf:li>Ada</rdf:li><rdf:li>Bo</rdf:li></rdf:Seq></dc:creator>"
        "<dc:rights>All of them</dc:rights>"
        "<dc:subject><rdf:Bag><rdf:li>red</rdf:li><rdf:li>flower 🌹</rdf:li><rdf:li/></rdf:Bag>"
        "</dc:subject>",
        'xmp:Rating="4"',
    )
    assert from_xmp(packet) == Caption(
        title="Rose",
        description="In the garden",
        artist="Ada, Bo",
        copyright="All of them",
        keywords=("red", "flower 🌹"),
        rating=4,
    )


def test_a_packet_may_be_in_utf_16_and_padded() -> None:
    text = xmp("<dc:title>Rose</dc:title>").decode().replace("UTF-8", "UTF-16")
    assert from_xmp(text.encode("utf-16") + b"\0\0").title == "Rose"


@pytest.mark.parametrize("rating", ["", "many", "1e999", "nan"])
def test_a_rating_that_is_no_number_is_none(rating: str) -> None:
    assert from_xmp(xmp("", f'xmp:Rating="{rating}"')).rating is None


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\xff\xfe\0",
        b"\x80\x81",
        b"<rdf:RDF>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
        xmp("<dc:title>cut")[:-60],
        xmp(f"<dc:subject>{'<rdf:li>' * 40}{'</rdf:li>' * 40}</dc:subject>"),
    ],
)
def test_a_damaged_packet_is_refused(packet: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_xmp(packet)


def test_a_block_says_it_in_data_sets() -> None:
    block = iptc((5, b"Rose"), (25, b"red"), (25, "grün".encode("latin-1")), (25, b" "))
    block += iptc((80, b"Ada"), (116, b"Hers"), (120, "Im Garten 🌹".encode()))
    assert from_iptc(block) == Caption(
        title="Rose",
        description="Im Garten 🌹",
        artist="Ada",
        copyright="Hers",
        keywords=("red", "grün"),
    )


def test_a_block_of_other_records_says_nothing() -> None:
    assert from_iptc(b"\x1c\x01\x5a\0\x03\x1b%G") == Caption()
    assert from_iptc(b"something else") == Caption()


@pytest.mark.parametrize("keep", [3, 6, 8])
def test_a_block_that_is_cut_short_is_refused(keep: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_iptc(iptc((5, b"Rose"))[:keep])
