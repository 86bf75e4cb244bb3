import pytest

from evidrift.base.errors import UserError
from evidrift.prepare.classes import check_names


def test_the_name_of_all_classes_together_is_no_name_of_one():
    check_names(["All", "alll", "normal"])
    with pytest.raises(UserError, match="A class is called all"):
        check_names(["all", "normal"])
