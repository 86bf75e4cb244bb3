"""The import closure of a stage, found in a small project of its own."""

import pytest

from tools import closure


@pytest.fixture
def project(tmp_path, monkeypatch):
    files = {
        "stages/fit.py": "from evidrift.a import f\nimport numpy\nfrom importlib import import_module\n",
        "evidrift/a.py": "from evidrift import b\ndef f():\n    import evidrift.late\n",
        "evidrift/b.py": "import importlib\nm = importlib.import_module(f'evidrift.models.zoo.{n}')\n",
        "evidrift/late.py": "",
        "evidrift/unused.py": "",
        "evidrift/models/zoo/one.py": "import evidrift.shared\n",
        "evidrift/models/zoo/two.py": "",
        "evidrift/shared.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(closure, "ROOT", tmp_path)
    return tmp_path


EXPECTED = {
    "stages/fit.py",
    "evidrift/a.py",
    "evidrift/b.py",
    "evidrift/late.py",  # imported inside a function
    "evidrift/models/zoo/${item.arch}.py",  # by name: the item's file alone
    "evidrift/shared.py",  # through a file that is loaded by name
}


def test_it_holds_what_is_imported_directly_indirectly_late_and_by_name(project):
    assert closure.closure("fit") == EXPECTED


def test_written_into_the_pipeline_it_replaces_the_old_list_and_nothing_else(project):
    text = "stages:\n  fit:\n    deps:\n      - data\n{modules}\n    outs:\n      - x\n"
    before = text.format(modules="      - evidrift/gone.py\n      - stages/fit.py")
    after = text.format(modules="\n".join(f"      - {path}" for path in sorted(EXPECTED)))
    assert closure.with_closures(before) == after


def test_the_templates_that_a_module_reads_count(project, monkeypatch):
    monkeypatch.setattr(closure, "READ", {"evidrift/late.py": "evidrift/templates"})
    assert closure.closure("fit") == EXPECTED | {"evidrift/templates"}


def test_a_stage_that_loads_every_family_depends_on_their_folder(project):
    (project / "stages/check.py").write_text("m = import_module(f'evidrift.attribution.families.{n}')\n")
    family = project / "evidrift/attribution/families/cam.py"
    family.parent.mkdir(parents=True)
    family.write_text("import evidrift.shared\n")
    expected = {"stages/check.py", "evidrift/attribution/families", "evidrift/shared.py"}
    assert closure.closure("check") == expected
