from evidrift.attribution.networks import Networks
from tests.attribution.small import prepare, small_classifier, small_pixels


def test_one_network_serves_all_who_ask_for_the_same_layers_and_score():
    networks = Networks(small_classifier(), prepare)
    network = networks.at(["penultimate"], "centred")
    assert networks.at(("penultimate",), "centred") is network
    others = [networks.at(["penultimate", "last"], "centred"), networks.at(["penultimate"], "raw")]
    assert network not in others
    assert [layer.label for layer in others[0].layers] == ["penultimate", "last"]


def test_it_has_the_weights_that_the_classifier_is_given_later():
    networks = Networks(small_classifier(), prepare)
    network = networks.at(["last"], "centred")
    before = network.logits(network.inputs(small_pixels()))
    *trunk, kernel, bias = networks.classifier.get_weights()
    networks.classifier.set_weights([*trunk, kernel, bias + 1])
    assert abs(network.logits(network.inputs(small_pixels())) - before - 1).max() < 1e-5
