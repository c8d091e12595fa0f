"""Sidecars in the shapes in which programs write them, and the tag that the tests put into them."""

from __future__ import annotations

from typing import Any

from whereshot.photo.sidecar import PlaceTag

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
OURS = {
    "dc:subject": ["China", "Beijing", "Great Wall of China"],
    "lr:hierarchicalSubject": ["Places|China|Beijing|Great Wall of China"],
    "digiKam:TagsList": ["Places/China/Beijing/Great Wall of China"],
}


def tag(**changes: Any) -> PlaceTag:
    """The Great Wall of China, or something else in some of its fields."""
    values: dict[str, Any] = {
        "landmark": "Great Wall of China",
        "landmark_id": "great_wall_of_china",
        "wikidata": "Q12501",
        "country": "China",
        "country_code": "CN",
        "region": "Hebei",
        "city": "Beijing",
        "latitude": 40.4319,
        "longitude": 116.5704,
        "radius_km": 5.0,
        "probability": 0.981,
        "bundle": "world@1",
        "date": "2026-11-26T18:00:00+00:00",
    }
    return PlaceTag(**(values | changes))


def packet(*properties: str, attributes: str = "", rdf: str = "rdf") -> bytes:
    """A sidecar with one description that holds these properties."""
    lines = "".join(f"   {text}\n" for text in properties)
    return f"""\
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="a test">
 <{rdf}:RDF xmlns:{rdf}="{RDF}">
  <{rdf}:Description {rdf}:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    xmlns:digiKam="http://www.digikam.org/ns/1.0/"
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
    xmlns:mediapro="http://ns.iview-multimedia.com/mediapro/1.0/"
    xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmlns:mine="http://example.org/mine/"{attributes}>
{lines}  </{rdf}:Description>
 </{rdf}:RDF>
</x:xmpmeta>
""".encode()


def bag(name: str, *values: str, kind: str = "Bag") -> str:
    """A property that is a list of texts."""
    inner = "".join(f"<rdf:li>{value}</rdf:li>" for value in values)
    return f"<{name}><rdf:{kind}>{inner}</rdf:{kind}></{name}>"


DARKTABLE = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="{RDF}">
  <rdf:Description rdf:about=""
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:darktable="http://darktable.sf.net/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
   exif:DateTimeOriginal="2024:03:02 10:11:12.000"
   xmp:Rating="3"
   xmpMM:DerivedFrom="IMG_1.CR2"
   darktable:import_timestamp="1709373072000000"
   darktable:xmp_version="5"
   darktable:raw_params="0"
   darktable:auto_presets_applied="1"
   darktable:iop_order_list="rawprepare,0,invert,0,temperature,0"
   darktable:history_end="2">
   <darktable:masks_history>
    <rdf:Seq/>
   </darktable:masks_history>
   <darktable:history>
    <rdf:Seq>
     <rdf:li
      darktable:num="0"
      darktable:operation="flip"
      darktable:enabled="1"
      darktable:params="ffffffff"
      darktable:multi_name=""
      darktable:blendop_params="gz12eJxjYGBgkGAAgRNODGiAEV0AJ2iwh+CRyscOAAdeGQQ="/>
     <rdf:li
      darktable:num="1"
      darktable:operation="exposure"
      darktable:enabled="1"
      darktable:params="00000000000080b90ad7a33c00004842000080c0"
      darktable:multi_name="brighter &amp; &quot;warmer&quot;"/>
    </rdf:Seq>
   </darktable:history>
   <dc:creator>
    <rdf:Seq>
     <rdf:li>Anna Example</rdf:li>
    </rdf:Seq>
   </dc:creator>
   <dc:subject>
    <rdf:Seq>
     <rdf:li>Anna</rdf:li>
     <rdf:li>holiday</rdf:li>
     <rdf:li>people</rdf:li>
    </rdf:Seq>
   </dc:subject>
   <lr:hierarchicalSubject>
    <rdf:Seq>
     <rdf:li>people|Anna</rdf:li>
     <rdf:li>holiday</rdf:li>
    </rdf:Seq>
   </lr:hierarchicalSubject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
""".encode()

LIGHTROOM = f"""\
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0-c000 1.000000, 0000/00/00-00:00:00">
 <rdf:RDF xmlns:rdf="{RDF}">
  <rdf:Description rdf:about=""
    xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
    xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
   tiff:Orientation="1"
   xmp:CreatorTool="Adobe Photoshop Lightroom Classic 13.2 (Macintosh)"
   xmp:ModifyDate="2024-03-02T10:11:12+01:00"
   xmp:Rating="4"
   xmpMM:DocumentID="xmp.did:6f0b3c4e"
   crs:Version="16.2"
   crs:Exposure2012="+0.35"
   crs:HasSettings="True">
   <dc:subject>
    <rdf:Bag>
     <rdf:li>Anna</rdf:li>
     <rdf:li>Familie</rdf:li>
    </rdf:Bag>
   </dc:subject>
   <dc:description>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">Anna on the wall</rdf:li>
    </rdf:Alt>
   </dc:description>
   <lr:hierarchicalSubject>
    <rdf:Bag>
     <rdf:li>Familie|Anna</rdf:li>
    </rdf:Bag>
   </lr:hierarchicalSubject>
   <Iptc4xmpCore:CreatorContactInfo
    Iptc4xmpCore:CiAdrCity="Berlin"
    Iptc4xmpCore:CiEmailWork="anna@example.org"/>
   <Iptc4xmpExt:LocationShown>
    <rdf:Bag>
     <rdf:li
      Iptc4xmpExt:Sublocation="Mutianyu"
      Iptc4xmpExt:City=""
      Iptc4xmpExt:CountryName="China"
      Iptc4xmpExt:CountryCode="CHN"/>
    </rdf:Bag>
   </Iptc4xmpExt:LocationShown>
   <xmpMM:History>
    <rdf:Seq>
     <rdf:li
      stEvt:action="saved"
      stEvt:when="2024-03-02T10:11:12+01:00"
      stEvt:changed="/metadata"/>
    </rdf:Seq>
   </xmpMM:History>
   <crs:ToneCurvePV2012>
    <rdf:Seq>
     <rdf:li>0, 0</rdf:li>
     <rdf:li>255, 255</rdf:li>
    </rdf:Seq>
   </crs:ToneCurvePV2012>
   <crs:Look>
    <rdf:Description
     crs:Name="Adobe Color"
     crs:Amount="1">
    <crs:Group>
     <rdf:Alt>
      <rdf:li xml:lang="x-default">Profiles</rdf:li>
     </rdf:Alt>
    </crs:Group>
    </rdf:Description>
   </crs:Look>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
""".encode()

PADDED = f"""\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<!-- kept by hand -->
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <r:RDF xmlns:r="{RDF}">
  <r:Description r:about="uuid:12345678"
    xmlns:dc="http://purl.org/dc/elements/1.1/">
   <dc:subject><r:Bag><r:li><![CDATA[salt & pepper]]></r:li></r:Bag></dc:subject>
  </r:Description>
  <!-- the second description -->
  <r:Description r:about="uuid:12345678" xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    lr:privateRTKInfo="a &gt; b"/>
 </r:RDF>
</x:xmpmeta>
{" " * 100}
<?xpacket end="w"?>""".replace("\n", "\r\n").encode()

SHAPES = {"darktable": DARKTABLE, "Lightroom": LIGHTROOM, "padded": PADDED}
