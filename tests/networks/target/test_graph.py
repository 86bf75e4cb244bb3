import keras

from evidrift.networks.target.graph import articulations, consumers, trace
from tests.attribution.small import small_classifier


def names_passed_by_every_path(model):
    steps = trace(model)
    return [steps[at].name for at in articulations(steps)]


def test_articulations_are_the_steps_outside_of_every_branch():
    inputs = keras.Input((8, 8, 3), name="image")
    a = keras.layers.ReLU(name="a")(inputs)
    left = keras.layers.ReLU(name="left")(a)
    right = keras.layers.ReLU(name="right")(keras.layers.ReLU(name="right_before")(a))
    joined = keras.layers.Concatenate(name="joined")([left, right])
    model = keras.Model(inputs, keras.layers.ReLU(name="end")(joined))
    assert names_passed_by_every_path(model) == ["image", "a", "joined", "end"]


def test_articulations_agree_with_removing_each_step_and_searching_for_a_path():
    steps = trace(small_classifier())

    def reachable_without(removed):
        reached = {0} - {removed}
        for at, step in enumerate(steps):
            if at != removed and reached & set(step.inputs):
                reached.add(at)
        return len(steps) - 1 in reached

    assert articulations(steps) == [at for at in range(len(steps)) if not reachable_without(at)]


def test_a_step_with_several_outputs_is_no_tensor_that_every_path_passes():
    inputs = keras.Input((8, 8, 4), name="image")
    left, right = keras.ops.split(keras.layers.ReLU(name="a")(inputs), 2, axis=-1)
    model = keras.Model(inputs, keras.layers.Add(name="b")([left, keras.layers.ReLU(name="c")(right)]))
    assert names_passed_by_every_path(model) == ["image", "a", "b"]


def test_consumers_are_the_steps_that_take_an_output_each_once():
    inputs = keras.Input((8, 8, 4), name="image")
    a = keras.layers.ReLU(name="a")(inputs)
    twice = keras.layers.Add(name="twice")([a, a])
    model = keras.Model(inputs, keras.layers.Multiply(name="end")([a, twice]))
    steps = trace(model)
    assert [[steps[at].name for at in positions] for positions in consumers(steps)] == [
        ["a"],
        ["twice", "end"],
        ["end"],
        [],
    ]


def test_calls_of_shared_layers_in_other_models_do_not_enter():
    model = small_classifier()
    before = [step.name for step in trace(model)]
    other = keras.Input((16, 16, 3))
    model(other)
    keras.Model(other, model.get_layer("stem")(other))
    keras.Model(model.get_layer("before").output, model.get_layer("pool").output)
    assert [step.name for step in trace(model)] == before


def test_a_tensor_that_does_not_depend_on_the_image_is_no_path():
    inputs = keras.Input((8, 8, 3), name="image")
    constant = keras.Input((8, 8, 3), name="constant")
    a = keras.layers.ReLU(name="a")(inputs)
    b = keras.layers.Add(name="b")([a, keras.layers.ReLU(name="of_constant")(constant)])
    steps = trace(keras.Model([inputs, constant], keras.layers.ReLU(name="c")(b)))
    assert [step.name for step in steps] == ["image", "a", "b", "c"]
    assert articulations(steps) == [0, 1, 2, 3]
