"""Looking architectures up by name, without TensorFlow."""

import subprocess
import sys

import pytest

from evidrift.base.errors import UserError
from evidrift.networks.catalogue import check, find, names

ALL = [
    "densenet121",
    "densenet201",
    "densenet_mini",
    "inception_mini",
    "inceptionv3",
    "mobilenet",
    "mobilenetv2",
    "resnet50v2",
    "resnetv2_mini",
]


def test_the_zoo_holds_the_studys_networks_their_miniatures_and_three_more():
    assert set(ALL) <= set(names())


def test_a_misspelt_architecture_is_refused_with_the_nearest_name():
    with pytest.raises(UserError, match=r"densnet201 is not an architecture\. Did you mean densenet201\?"):
        find("densnet201")


def test_a_name_like_none_of_them_is_answered_with_all_names():
    with pytest.raises(UserError, match=r"There are: convnext_tiny, .*resnetv2_mini"):
        find("zzz")


def test_too_small_an_image_is_refused():
    with pytest.raises(UserError, match=r"prepare.size is 64, but inceptionv3 needs at least 75 px"):
        check("inceptionv3", 64, {})


def test_an_unknown_option_is_refused_with_those_that_there_are():
    with pytest.raises(UserError, match=r"options.alfa is not an option of mobilenetv2; it takes alpha"):
        check("mobilenetv2", 224, {"alfa": 0.35})
    with pytest.raises(UserError, match=r"options.alpha is not an option of densenet121; it takes none"):
        check("densenet121", 224, {"alpha": 0.35})


def test_imagenet_weights_that_do_not_exist_are_refused():
    with pytest.raises(UserError, match=r"there are no ImageNet weights of resnetv2_mini"):
        check("resnetv2_mini", 224, {}, "imagenet")
    with pytest.raises(UserError, match=r"options.alpha is 0.4, but .* 0.35, 0.5, 0.75, 1.0, 1.3, 1.4 only"):
        check("mobilenetv2", 224, {"alpha": 0.4}, "imagenet")
    check("mobilenetv2", 224, {"alpha": 0.4}, "none")
    for options in ({}, {"alpha": 1}, {"alpha": 0.35}):
        check("mobilenetv2", 224, options, "imagenet")


def test_checking_every_architecture_loads_no_tensorflow():
    code = (
        "import sys\n"
        "from evidrift.networks.catalogue import check, names\n"
        "for name in names(): check(name, 224, {})\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
