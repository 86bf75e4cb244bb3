"""Films of one patient are not independent: patients count once."""

import numpy as np


def means(values: np.ndarray, patient: np.ndarray) -> np.ndarray:
    """Patients' means of films' values, in the order of the patients' numbers; patients count once.

    Args:
        values: (films,).
        patient: of each film, a number.
    """
    films = np.bincount(patient)
    return np.bincount(patient, values)[films > 0] / films[films > 0]
