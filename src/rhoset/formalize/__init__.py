"""A theorem for one network: files for the proof assistant, and the checker extracted from its proofs.

`formalize` writes a file that `coqc` compiles beside the library in ``proofs/``; its last theorem states how many pairs
this network's integers get right. `verify` runs the executable that is extracted from the same library.
"""

from rhoset.arguments import page as _page
from rhoset.formalize.formalizing import Formalized, formalize
from rhoset.formalize.verified import executable, verify

__all__ = ["Formalized", "executable", "formalize", "verify"]

_page(globals())
