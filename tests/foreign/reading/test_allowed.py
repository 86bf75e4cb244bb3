"""What a file names is judged by what Keras would find there, and nothing of it is called."""

import sys

import keras
import pytest
from keras.src import api_export

import evidrift.networks.start_tensorflow  # noqa: F401 - deterministic kernels
from evidrift.base.errors import UserError
from evidrift.foreign.files import load_model_file
from evidrift.foreign.reading import allowed
from evidrift.foreign.reading.loading import load
from tests.places import ROOT
from tools.formats import no_models
from tools.formats.models import PAGE, all_kinds, outcome
from tools.formats.no_models import changed, layer
from tools.marked import read_between

FILES = ROOT / "tests" / "foreign" / "reading" / "files"


@pytest.mark.parametrize("name", no_models.HOSTILE)
def test_a_file_that_would_do_harm_is_refused_before_keras_sees_it(name, tmp_path, monkeypatch):
    made = no_models.HOSTILE[name](tmp_path)
    monkeypatch.setattr(keras.saving, "deserialize_keras_object", lambda *args, **kwargs: pytest.fail(name))
    before = keras.config.floatx()
    with pytest.raises(UserError) as error:
        load(made.path)
    assert str(made.path) in str(error.value)
    assert keras.config.floatx() == before


def allowed_classes():
    """Every class of Keras that a file may hold, public or not."""
    public = [*api_export.REGISTERED_NAMES_TO_OBJS.values()]
    modules = (found for name, found in list(sys.modules.items()) if name.startswith("keras.src."))
    found = {
        each
        for each in [*public, *(part for each in modules for part in vars(each).values())]
        if allowed._is_allowed(each)
    }
    return sorted(found, key=lambda each: (each.__module__, each.__name__))


def test_what_a_file_may_name_is_a_list_that_a_later_keras_does_not_lengthen_unseen():
    """A class that appears here is new in Keras: look what it can open, call or run, and then add it."""
    names = [f"{each.__module__.removeprefix('keras.src.')}.{each.__name__}" for each in allowed_classes()]
    assert names == (FILES / "allowed.txt").read_text().split()
    assert len(names) > 300


def test_a_module_is_not_imported_for_being_named(tmp_path):
    path = changed(
        tmp_path / "named.keras",
        lambda config: layer(config).update(module="keras.src.utils.torch_utils_x", class_name="Anything"),
    )
    with pytest.raises(UserError, match="no layer of Keras"):
        load(path)
    assert "keras.src.utils.torch_utils_x" not in sys.modules


def test_a_layer_that_only_a_later_keras_has_is_named_with_the_version_that_saved_it(tmp_path):
    path = changed(
        tmp_path / "later.keras",
        lambda config: layer(config).update(class_name="Telepathy", module="keras.layers"),
    )
    with pytest.raises(UserError) as error:
        load(path)
    assert "(Telepathy), which is no layer of Keras" in str(error.value)
    assert f"It was saved by Keras {keras.__version__}." in str(error.value)


def test_what_keras_says_of_a_file_is_one_whole_sentence(tmp_path):
    path = changed(tmp_path / "odd.keras", lambda config: layer(config, 2)["config"].update(filters=-3))
    with pytest.raises(UserError) as error:
        load(path)
    told = str(error.value)
    assert f"odd.keras was saved by Keras {keras.__version__} and cannot be read by Keras" in told
    assert told.endswith("save it again, model.save('name.keras').")
    assert all(character.isprintable() for character in told)


def test_a_description_that_is_nested_without_end_is_an_error_of_its_file(tmp_path):
    def nest(config):
        inner = layer(config, 2)["config"]["kernel_size"]
        for _ in range(400):
            inner = [{"deep": inner}]
        layer(config, 2)["config"]["kernel_size"] = inner

    with pytest.raises(UserError, match=r"deep\.keras"):
        load(changed(tmp_path / "deep.keras", nest))


def test_how_a_model_was_compiled_is_not_judged(tmp_path):
    def own(config):
        config["compile_config"] = {
            "loss": {
                "module": "theirs",
                "class_name": "Focal",
                "config": {},
                "registered_name": "theirs>Focal",
            },
            "metrics": [
                {"module": "builtins", "class_name": "function", "config": "f2", "registered_name": "f2"}
            ],
        }

    model = load(changed(tmp_path / "own.keras", own)).model
    assert not model.compiled


@pytest.mark.parametrize("name", no_models.OTHERWISE)
def test_a_file_that_is_called_otherwise_is_read_or_named(name, tmp_path):
    made = no_models.OTHERWISE[name](tmp_path)
    if made.outputs.size and name.startswith((".", "HDF5", "a model")):
        assert load_model_file(made.path).n_classes == len(made.outputs)
        return
    with pytest.raises(UserError) as error:
        load_model_file(made.path)
    assert str(made.path) in str(error.value)


def test_the_page_lists_every_kind_of_the_script_and_no_other():
    lines = read_between(ROOT / PAGE, "models").splitlines()
    rows = [line.split(" | ")[0].removeprefix("| ") for line in lines if line.startswith("| ")]
    assert [row for row in rows if row != "kind"] == [kind.name for kind in all_kinds()]


@pytest.mark.parametrize(
    "name",
    ["backbone nested in a Sequential, .h5", "own regulariser", "clip behind the softmax", "rectangular"],
)
def test_kinds_of_the_page_have_the_outcome_that_it_gives(name):
    kind = next(kind for kind in all_kinds() if kind.name == name)
    read, text = outcome(kind)
    line = f"| {kind.name} | {kind.made_with} | {'read' if read else 'refused'} | {text} |"
    assert line in (ROOT / PAGE).read_text(encoding="utf-8")
