"""Networks taught by programs: data from isolated play, training, export, and a score under the same rules.

Comes in: a system whose program is the teacher. Goes out: a student, which is a program too, of the class ``network``.
"""

from hlearn.students.score import Compared, compare
from hlearn.students.teaching import Lesson, Student, teach

__all__ = ["Compared", "Lesson", "Student", "compare", "teach"]
